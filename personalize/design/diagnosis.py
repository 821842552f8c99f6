"""What is wrong with a design or with the answers to it, each in one sentence with what to do about it.

The failures that the paper names, and two of our own: information that is nearly singular, slots without
diversity, a solver that makes no progress, regularisation that drowns the answers, and picks so decided that
the design's assumption of equally likely options does not hold.
"""

import torch
from torch import Tensor

from personalize.design.result import DesignResult, DesignStatus
from personalize.preference.logit import choice_information, choice_probabilities

NO_PROGRESS = 0.5
"""A gap that is still above this share of what it was half way has not moved."""

DECIDED = 0.6
"""Share of the planned information below which the picks are too decided for the plan."""


def design_warnings(result: DesignResult) -> tuple[str, ...]:
    """Sentences about a solved design; none when nothing is wrong."""
    found = list(result.diagnostics.warnings())
    if result.status in (DesignStatus.ITERATION_LIMIT, DesignStatus.STALLED):
        gaps = [gap for _, _, gap in result.history]
        moved = len(gaps) < 2 or min(gaps[len(gaps) // 2 :]) < NO_PROGRESS * min(gaps[: len(gaps) // 2 + 1])
        how = "and it was still falling: allow more iterations" if moved else "and it had stopped falling: "
        how += "" if moved else "use fewer dimensions or more regularisation"
        found.append(
            f"The solver stopped at a relative gap of {result.relative_gap:.1e} after {result.iterations} "
            f"steps ({result.status.value}), {how}."
        )
    return tuple(found)


def decided_share(theta: Tensor, questions: Tensor) -> float:
    """The information of questions Float[N, K, d] under a taste, over what equally likely picks would tell.

    1 for a person without preferences; near 0 for one whose picks are foreseen in all of these questions. Of
    traces, so it is the mean over all directions.
    """
    K = questions.shape[1]
    even = torch.full(questions.shape[:2], 1.0 / K, dtype=questions.dtype, device=questions.device)
    told = float(choice_information(questions, choice_probabilities(theta, questions)).trace())
    planned = float(choice_information(questions, even).trace())
    return told / planned if planned > 0.0 else 1.0
