"""The evidence: the paper's experiments redone, in the order of the page.

Each module has the settings, numbers, figures and page of one experiment. An experiment computes a tree of
numbers. Its figures, its page and its findings are made from the numbers alone, so they can be made again
without a run.
"""

from personalize.experiments.evidence import (
    approximation,
    cost,
    criteria,
    diversity,
    dynamics,
    features,
    pictures,
    scaling,
    synthetic,
    theme_judge,
)
from personalize.experiments.record import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    module.EXPERIMENT.name: module.EXPERIMENT
    for module in (
        synthetic,
        approximation,
        scaling,
        criteria,
        features,
        pictures,
        cost,
        theme_judge,
        diversity,
        dynamics,
    )
}
