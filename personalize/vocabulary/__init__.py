"""Vocabularies of style words: read from files, chosen by the settings, extended by style files.

::

    vocabulary.py      tokens in slots; a path of tokens and a subject make a prompt
    styles.py          style files of other programs, as one more slot
    loading.py         the choice of a vocabulary by the settings and the model
    known_subjects.py  the only subjects that a small model has learned
    nearest_words.py   which of some names are nearest to a text, by its words
    building/          builds the full vocabulary from word lists (a developer's tool)
"""
