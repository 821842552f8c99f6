"""Warnings about a design or about the answers to it: one sentence each, with a remedy.

The warnings cover the failures that the paper names, and two more. The information is nearly singular, a slot
has no diversity, the solver makes no progress, or the regularisation dominates the answers. Last, the picks
are too predictable: the design assumes that all options are equally likely.
"""

import torch
from torch import Tensor

from personalize.design.result import DesignResult, DesignStatus
from personalize.preference.logit import choice_information, choice_probabilities

NO_PROGRESS = 0.5
"""The solver makes no progress if the gap of the second half is above this share of the first half's."""

DECIDED = 0.6
"""Smallest share of the planned information for which the design's assumption holds."""


def design_warnings(result: DesignResult) -> tuple[str, ...]:
    """Warnings about a solved design; empty if the design is sound."""
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
    """Information of questions Float[N, K, d] under a taste, as a share of that of equally likely picks.

    The share is a ratio of traces, so it averages over all directions. It is 1 for a person without
    preferences, and near 0 for a person whose picks are predictable in all of these questions.
    """
    K = questions.shape[1]
    even = torch.full(questions.shape[:2], 1.0 / K, dtype=questions.dtype, device=questions.device)
    actual = float(choice_information(questions, choice_probabilities(theta, questions)).trace())
    planned = float(choice_information(questions, even).trace())
    return actual / planned if planned > 0.0 else 1.0
