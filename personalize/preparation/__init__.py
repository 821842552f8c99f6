"""Once per deployment: token effects, feature space, MDP, prior and design, all cached by content.

::

    parts.py       vocabulary, networks and settings of a deployment
    prepare.py     everything a session needs and no person changes
    effects.py     what each token does to pictures, measured or read from a cache
    text_cache.py  embeddings of texts on disk
    population.py  a prior learned from earlier sessions, where the operator asks for one
"""
