"""The program that paints the training pictures: subjects in every medium, light, background and mood.

`recipes` and `figures` turn a subject into drawings, `skies` and `lands` paint landscapes, and `compose`
paints one scene. `scenes` draws scenes at random, and `dataset` writes and reads the pictures
(`python -m models.composer`). The package needs neither the networks nor `models.training`. Composing the
data set needs the drawings, which are fetched with npm, and the package resvg-py.
"""
