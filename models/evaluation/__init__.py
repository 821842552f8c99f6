"""How good a model is: an independent classifier, numbers and contact sheets (`python -m models evaluate`).

A rater can also name pictures without labels (`python -m models blind`). The package needs the composer and
not the training, so both commands work in the Docker image.
"""
