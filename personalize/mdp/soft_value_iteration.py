r"""Soft value iteration: the measure on paths that is proportional to exp(sum of logits).

Mirror ascent moves within this family. Adding eta times a reward to the logits multiplies the probability of
every path by exp(eta times its reward). Without successor rules, the measure is one softmax for each slot.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from personalize.mdp.prompt_mdp import PromptMDP


@dataclass(frozen=True, eq=False)
class MarkovMeasure:
    """A measure on paths in which the next token depends only on the group of the previous token.

    Attributes:
        tokens: Float[H, S], probability of each token at each step; rows sum to one.
        flows: Float[H - 1, C, C], probability of group c at step h and group c' at step h + 1.
    """

    tokens: Tensor
    flows: Tensor


def soft_visitation(mdp: PromptMDP, logits: Tensor) -> MarkovMeasure:
    r"""The measure p(path) proportional to exp(sum_h logits[h, path_h]) on the paths of `mdp`.

    .. math:: V_h(c) = \log \sum_{s' \text{ may follow } c} \exp(\ell_{h+1}(s') + V_{h+1}(c(s')))

    Args:
        mdp: H slots of S tokens.
        logits: Float[H, S], finite for every allowed token.
    """
    logits = logits.masked_fill(~mdp.allowed, -torch.inf)
    H, C, groups = mdp.horizon, len(mdp.follows), mdp.groups
    if mdp.successors is None:
        return MarkovMeasure(logits.softmax(dim=1), logits.new_ones(H - 1, 1, 1))
    after = logits.new_zeros(C)
    totals: list[Tensor] = []
    of_group: list[Tensor] = []
    for step in reversed(range(H)):
        totals.insert(0, logits[step] + after[groups])
        of_group.insert(0, _group_logsumexp(totals[0], groups, C))
        after = of_group[0].expand(C, C).masked_fill(~mdp.follows, -torch.inf).logsumexp(dim=1)
    mass = of_group[0].softmax(dim=0)
    tokens, flows = [], []
    for step in range(H):
        within = (totals[step] - of_group[step][groups]).exp().nan_to_num(0.0)
        tokens.append(within * mass[groups])
        if step + 1 < H:
            onward = of_group[step + 1].expand(C, C).masked_fill(~mdp.follows, -torch.inf)
            flows.append(mass[:, None] * onward.softmax(dim=1).nan_to_num(0.0))
            mass = flows[-1].sum(dim=0)
    return MarkovMeasure(torch.stack(tokens), torch.stack(flows) if flows else logits.new_empty(0, C, C))


def _group_logsumexp(values: Tensor, groups: Tensor, C: int) -> Tensor:
    """Float[C]: the log-sum-exp of the values of each group; -inf for an empty group."""
    top = values.new_full((C,), -torch.inf).scatter_reduce(0, groups, values, "amax")
    base = torch.where(torch.isfinite(top), top, 0.0)
    return base + values.new_zeros(C).index_add(0, groups, (values - base[groups]).exp()).log()
