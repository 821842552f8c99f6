"""Identical policies, the baseline for a design with K different ones."""

from personalize.mdp.policy import Policies


def identical_policies(policies: Policies) -> Policies:
    """K copies of the mean mixture: same surrogate information, exact information 1 - 1/K of it."""
    return Policies(policies.paths, policies.mean_weights.expand(policies.options, -1))
