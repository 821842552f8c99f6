"""Builds the full vocabulary: ``python -m personalize.vocabulary.building``. The app does not need it.

::

    curated.py     lists written by hand in assets/words: tokens, patterns, or picks from an open list
    lists.py       open lists: concepts of WordNet and names of colors
    acceptable.py  the filter: no offensive or rare words, no bodies, violence or drugs
    build.py       removes duplicates and writes assets/vocabulary/full

The open lists are npm packages, downloaded once into `.build`. The vocabulary contains only the words that
the hand-written lists pick from them.
"""
