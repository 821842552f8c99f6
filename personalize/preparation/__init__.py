"""The preparation of a deployment: token effects, feature space, MDP, prior and design, cached by content.

::

    parts.py       the vocabulary, the networks and the settings of a deployment
    prepare.py     the data that all sessions share
    effects.py     the effect of each token on pictures, measured or read from a cache
    calibration.py the drawn prompts from which the foresight is fitted
    text_cache.py  a cache of text embeddings on disk
    population.py  a prior from earlier sessions, if the operator switches it on
"""
