"""How the mini models were made: drawings, composed pictures, captions, training, contact sheets.

Run as ``python -m models.training STEP`` (``--help`` lists the steps). Every step resumes, reads
``models/training/config.toml`` and writes below ``.build/``; only ``export`` writes into ``models/mini``.
Nothing here is imported when the app runs.
"""
