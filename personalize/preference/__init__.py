"""The choice model: comparisons, the multinomial logit, the estimate of a taste, and simulated people.

::

    comparison.py      answered questions as features and indices
    picks.py           from answers with marks to plain picks
    logit.py           choice probabilities, log-likelihood, gradient and Fisher information
    estimate.py        the posterior of a taste, averaged over a grid of priors
    known_share.py     the share of a taste that is known
    population.py      a prior learned from earlier people
    intervals.py       the confidence interval of a share
    simulated_user.py  people with a known taste

The design and the estimate share one function: `logit.choice_information` is minus the Hessian of the
log-likelihood that the estimate maximises.
"""
