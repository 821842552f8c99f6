"""The words of style: read from files, extended by a person's own styles, chosen by the settings.

::

    vocabulary.py  tokens by slot; a path of tokens and a subject make a prompt
    styles.py      style files of other programs, as one more slot
    loading.py     which vocabulary a model and the settings call for
    building/      makes the full vocabulary from word lists (a developer's tool)
"""
