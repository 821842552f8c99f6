"""How good a model is: an independent judge, numbers, contact sheets. See `python -m models evaluate`."""
