"""The share of a taste that is known."""

from torch import Tensor

from personalize.preference.estimate import TasteEstimate


def known_share(estimate: TasteEstimate, features: Tensor) -> float:
    r"""Share of the variance of utilities over prompts that is known, 0..1.

    .. math:: V / (V + \mathrm{tr}(C \Sigma_x)), \quad V = \mathrm{Var}_x(\hat\theta^\top x)

    This is the reliability of the estimate: the share of signal in the variance of utility differences
    between random prompts. It depends on the posterior only, not on the number of answers.

    Args:
        estimate: the posterior of the taste.
        features: Float[N, d]. Features of random prompts.
    """
    centred = features - features.mean(dim=0)
    signal = float(estimate.utility(centred).square().mean())
    noise = float(estimate.standard_error(centred).square().mean())
    return signal / (signal + noise) if signal + noise > 0.0 else 0.0
