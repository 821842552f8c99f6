"""What a renderer is asked for: the job that it reads, and the job that this package makes itself."""

from dataclasses import dataclass
from typing import Protocol


class AnyJob(Protocol):
    """The fields of a job that a renderer reads."""

    @property
    def prompt(self) -> str:
        """The complete prompt."""

    @property
    def negative_prompt(self) -> str:
        """Content to avoid, or ''."""

    @property
    def seed(self) -> int:
        """Seed of the noise, 0 to 2**63 - 1."""


@dataclass(frozen=True)
class Job:
    """One picture to draw, as `AnyJob` says."""

    prompt: str
    seed: int
    negative_prompt: str = ""

    @classmethod
    def of(cls, job: AnyJob) -> "Job":
        """The same job, as a value of its own."""
        return cls(job.prompt, job.seed, job.negative_prompt)
