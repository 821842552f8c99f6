"""The evidence: the paper's experiments redone, each a module with settings, numbers, figures and a page.

An experiment computes a tree of numbers; its figures, its page and its findings are made from the numbers
alone, so they can be drawn and said again without running anything. `lineup` lists them, `writing` writes
them down, `frame` says what an experiment is.
"""
