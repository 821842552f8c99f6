"""The training of the mini models: tokenizer, CLIP, autoencoder, text plan, reader, denoiser, and export.

Run it as ``python -m models.training STEP`` (``--help`` lists the steps). Every step resumes, reads
``models/training/config.toml`` and writes below ``.build/``; only ``export`` writes into ``models/mini``. The
training pictures come from ``models.composer``. The app and the evaluation do not import this package, and
the Docker image does not contain it.
"""
