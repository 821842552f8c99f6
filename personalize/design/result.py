"""The result of a design: policies, information matrices, the solver's status, and its file."""

import json
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from zipfile import BadZipFile

import numpy
import torch
from torch import Tensor

from personalize.errors import ShapeError, StoreError
from personalize.files import write_whole
from personalize.mdp.policy import Policies

_DAMAGED = (BadZipFile, ShapeError)


class DesignStatus(Enum):
    """Reason for the solver's stop; every exit sets one."""

    OPTIMAL = "the certified gap is as small as was asked for"
    ITERATION_LIMIT = "the iterations were used up; the gap says how far the optimum can be"
    STALLED = "no step raises the value any more, though the gap is larger than asked for"
    SINGULAR = "the information is singular: some direction is never asked about and not regularised"
    INTERRUPTED = "it was interrupted; this is the best design until then"


@dataclass(frozen=True)
class SolverStep:
    """One iteration of a solver, as its callback receives it.

    Attributes:
        iteration: number of steps so far.
        value: value of the criterion.
        gap: certified gap; the optimum is at most `value + gap`.
        support: number of paths or tokens in use.
        seconds: wall time since the start.
    """

    iteration: int
    value: float
    gap: float
    support: int
    seconds: float


@dataclass(frozen=True)
class Diagnostics:
    """Figures that help to explain a poor design.

    Attributes:
        effective_rank: exp of the entropy of the eigenvalues of the data's information; at most d.
        smallest_eigenvalue: smallest eigenvalue of the surrogate information, regularisation included.
        condition: largest eigenvalue over the smallest.
        regularised_share: share of the regularisation in the trace of the information, 0..1.
        tokens_in_use: for each slot, exp of the entropy of its tokens' probabilities.
        paths: number of distinct prompts of the policies.
    """

    effective_rank: float
    smallest_eigenvalue: float
    condition: float
    regularised_share: float
    tokens_in_use: tuple[float, ...]
    paths: int

    @classmethod
    def of(cls, information: Tensor, regularisation: Tensor, visitation: Tensor, paths: int) -> "Diagnostics":
        """From the surrogate information and regularisation Float[d, d], and the visitation Float[H, S]."""
        data = torch.linalg.eigvalsh(information - regularisation).clamp(min=0.0)
        values = torch.linalg.eigvalsh(information)
        smallest = float(values[0])
        total = float(information.trace())
        return cls(
            effective_rank=float(_entropy(data / data.sum()).exp()) if float(data.sum()) > 0.0 else 0.0,
            smallest_eigenvalue=smallest,
            condition=float(values[-1]) / smallest if smallest > 0.0 else float("inf"),
            regularised_share=float(regularisation.trace()) / total if total > 0.0 else 1.0,
            tokens_in_use=tuple(float(_entropy(row).exp()) for row in visitation),
            paths=paths,
        )

    def warnings(self) -> tuple[str, ...]:
        """One sentence about each problem; empty if there is none."""
        found = []
        if self.condition > 1e12:
            found.append(
                f"The information is nearly singular (condition {self.condition:.1e}): use fewer dimensions "
                "or more regularisation."
            )
        lacking = [str(slot + 1) for slot, tokens in enumerate(self.tokens_in_use) if tokens < 1.5]
        if lacking:
            found.append(f"Slot {', '.join(lacking)} uses hardly more than one token: widen its vocabulary.")
        if self.regularised_share > 0.99:
            found.append(
                f"The regularisation is {self.regularised_share:.1%} of the information: the answers could "
                "hardly change what is believed; lower it or plan more rounds."
            )
        return tuple(found)


def _entropy(probabilities: Tensor) -> Tensor:
    return -torch.xlogy(probabilities, probabilities).sum()


@dataclass(frozen=True, eq=False)
class DesignResult:
    """K policies, and the information that their answers are expected to give.

    Attributes:
        policies: K mixtures of paths.
        surrogate_information: Float[d, d], the matrix that `value` is the criterion of.
        exact_information: Float[d, d], information of K independent draws with one answer for each slot.
        picture_information: Float[d, d], information of K independent draws with one answer a round, about
            whole pictures. Without successor rules the slots are shuffled among the options, and this
            matrix equals the exact one.
        metric: Float[d, d], the criterion's gradient. It weighs the spread of options when questions are
            rounded.
        value: the criterion of the surrogate information.
        gap: certified gap of the returned policies; no design's value exceeds `value + gap`.
        realised_ratio: trace of the exact information over that of the surrogate, without regularisation;
            1 - 1/K for identical policies.
        rounded_ratio: the same ratio for questions rounded to distinct prompts (`static_question`), about
            whole pictures, by sampling. It may exceed 1, because rounding prefers options that are far apart.
        iterations: number of steps of all solvers.
        seconds: wall time.
        status: reason for the solver's stop.
        history: (iteration, value, gap) of every step.
        diagnostics: figures that help to explain a poor design.
        criterion: letter of the criterion.
        rounds: number of answers that the design is planned for.
    """

    policies: Policies
    surrogate_information: Tensor
    exact_information: Tensor
    picture_information: Tensor
    metric: Tensor
    value: float
    gap: float
    realised_ratio: float
    rounded_ratio: float
    iterations: int
    seconds: float
    status: DesignStatus
    history: tuple[tuple[int, float, float], ...]
    diagnostics: Diagnostics
    criterion: str
    rounds: float

    @property
    def information(self) -> Tensor:
        """The surrogate information, which `value` is computed from."""
        return self.surrogate_information

    @property
    def relative_gap(self) -> float:
        """The gap divided by |value|."""
        return self.gap / abs(self.value) if self.value else float("inf")

    def save(self, path: Path) -> None:
        """Write the design to one file (.npz), whole or not at all.

        Raises:
            StoreError: the file cannot be written.
        """
        arrays = {
            "paths": self.policies.paths,
            "weights": self.policies.weights,
            "surrogate": self.surrogate_information,
            "exact": self.exact_information,
            "picture": self.picture_information,
            "metric": self.metric,
            "history": torch.tensor(self.history, dtype=torch.float64).reshape(-1, 3),
        }
        facts = {
            item.name: getattr(self, item.name) for item in fields(self) if item.type in (float, int, str)
        }
        facts |= {"status": self.status.name, "diagnostics": asdict(self.diagnostics)}
        stored = {name: array.detach().cpu().numpy() for name, array in arrays.items()}
        stored["facts"] = numpy.array(json.dumps(facts))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda stream: numpy.savez(stream, allow_pickle=False, **stored))
        except OSError as error:
            raise StoreError(
                f"Expected to write the design to {path}, found: {error}. Check the folder and its space."
            ) from error

    @classmethod
    def load(cls, path: Path) -> "DesignResult":
        """The design that was saved at `path`.

        Raises:
            StoreError: the file is missing or damaged.
        """
        try:
            with path.open("rb") as stream, numpy.load(stream, allow_pickle=False) as file:
                facts = json.loads(str(file["facts"]))
                tensors = {name: torch.from_numpy(file[name]) for name in file.files if name != "facts"}
            diagnostics = facts.pop("diagnostics")
            diagnostics["tokens_in_use"] = tuple(diagnostics["tokens_in_use"])
            history = tuple((int(n), value, gap) for n, value, gap in tensors["history"].tolist())
            return cls(
                policies=Policies(tensors["paths"], tensors["weights"]),
                surrogate_information=tensors["surrogate"],
                exact_information=tensors["exact"],
                picture_information=tensors["picture"],
                metric=tensors["metric"],
                history=history,
                diagnostics=Diagnostics(**diagnostics),
                status=DesignStatus[facts.pop("status")],
                **facts,
            )
        except (OSError, EOFError, AttributeError, LookupError, TypeError, ValueError, *_DAMAGED) as error:
            raise StoreError(
                f"Expected a saved design at {path}, found: {error!r}. Delete it; it will be solved again."
            ) from error
