"""How the full vocabulary was made: ``python -m personalize.vocabulary.building``. The app never needs it.

Lists written by hand (`assets/words`, read by `curated`) say what belongs to each slot, by itself, as
patterns, or as picked words of an open list (`lists`). `acceptable` refuses what is offensive, about bodies,
violence or drugs, or rare; `build` removes doubles and writes `assets/vocabulary/full`. The open lists are
packages of the npm registry, fetched once into `.build`; only the words that were picked are kept.
"""
