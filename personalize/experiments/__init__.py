"""Experiments: each module measures one thing and writes numbers."""
