"""Arms of the learning benchmark: a strategy, and what is different about the people or the estimate in it.

An arm is written `strategy+change+change`: `adaptive`, `random+best-worst`, `adaptive+lapse=0.1`,
`adaptive+prior=ridge`. So everything that is compared runs in one command on the same people.
"""

from dataclasses import dataclass, replace

from personalize.errors import SettingsError
from personalize.experiments.linear_people import TOLD
from personalize.rounds.strategies import STRATEGIES

PLANNED = "adaptive-planned"
"""As adaptive, but planned several questions ahead of the answers."""

FEEDBACK = (*TOLD, "ranking")
"""What an answer tells: as in TOLD, or the full order."""

PRIORS: dict[str, tuple[float, ...]] = {
    "evidence": (0.5, 0.0, 1.0),
    "features": (1.0,),
    "root": (0.5,),
    "ridge": (0.0,),
}
"""The gammas that the estimate averages over (see `TastePrior`). The first gamma plans the static designs. It
is the same for "evidence" as in the app."""


@dataclass(frozen=True)
class LearningArm:
    """One line of the comparison.

    Attributes:
        strategy: of STRATEGIES, or PLANNED.
        feedback: name in FEEDBACK.
        lapse: share of slips.
        prior: name in PRIORS; "evidence" averages over the others by evidence.
    """

    strategy: str
    feedback: str = "best"
    lapse: float = 0.0
    prior: str = "evidence"

    def __post_init__(self) -> None:
        """Refuse what is unknown.

        Raises:
            SettingsError: an unknown strategy, kind of answer or prior, or a lapse outside [0, 1).
        """
        for what, value, names in (
            ("strategies", self.strategy, (*STRATEGIES, PLANNED)),
            ("feedback", self.feedback, FEEDBACK),
            ("prior", self.prior, tuple(PRIORS)),
        ):
            if value not in names:
                raise SettingsError(
                    f"Expected {what} out of {', '.join(names)}, found '{value}'. Choose from these."
                )
        if not 0.0 <= self.lapse < 1.0:
            raise SettingsError(f"Expected a lapse from 0 to below 1, found {self.lapse}. Use 0.1 for slips.")

    @classmethod
    def of(cls, text: str, usual: "LearningArm") -> "LearningArm":
        """The arm that `strategy+change+...` names; what it does not say is as in `usual`.

        Raises:
            SettingsError: a change that is none, or a value that is unknown.
        """
        strategy, *changes = (part.strip() for part in text.split("+"))
        arm = replace(usual, strategy=strategy)
        for change in changes:
            name, _, value = change.partition("=")
            if change in FEEDBACK:
                arm = replace(arm, feedback=change)
            elif name == "prior" and value:
                arm = replace(arm, prior=value)
            elif name == "lapse" and _is_number(value):
                arm = replace(arm, lapse=float(value))
            else:
                raise SettingsError(
                    f"Expected a strategy and changes such as 'adaptive+best-worst', 'random+lapse=0.1' or "
                    f"'adaptive+prior=ridge', found '{text}'. Leave out '{change}'."
                )
        return arm

    def plainer(self, usual: "LearningArm") -> "LearningArm":
        """The arm to compare this one with: the same strategy without its change."""
        if self.strategy == PLANNED:
            return replace(self, strategy="adaptive")
        return replace(usual, strategy=self.strategy)

    def __str__(self) -> str:
        """As it is written; what is usual of an arm is left out."""
        said = [self.strategy]
        said += [self.feedback] if self.feedback != "best" else []
        said += [f"lapse={self.lapse:g}"] if self.lapse else []
        said += [f"prior={self.prior}"] if self.prior != "evidence" else []
        return "+".join(said)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
