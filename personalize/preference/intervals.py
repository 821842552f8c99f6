"""The confidence interval of a share: Wilson's, at one level for the whole app."""

from scipy.stats import binomtest

CONFIDENCE = 0.95


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's 95% interval (Wilson 1927) of the share hits / trials; 0 and 1 without trials."""
    if not trials:
        return 0.0, 1.0
    found = binomtest(hits, trials).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)
