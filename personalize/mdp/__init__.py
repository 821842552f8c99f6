"""Prompt MDPs: features of tokens, paths of tokens, linear oracles and policies.

A prompt is a path through the slots of a vocabulary, with one token in each slot.

::

    features.py              the effect of each token on pictures, as its feature vector
    prompt_mdp.py            tokens, features and the rules between neighbouring slots
    tabular_mdp.py           the general case: states, actions and random transitions
    value_iteration.py       the linear oracle: the path of most reward
    soft_value_iteration.py  the path measure that is exponential in a reward
    decomposition.py         a measure as a mixture of few paths
    foresight.py             the features of a picture, from the tokens of its prompt
    policy.py                mixtures of paths, their visitation measures and samples from them

Letters: K options (policies), H horizon = slots, S tokens, d feature dimension, N rows.
"""
