"""The experiments there are, in the order of the page."""

from personalize.experiments.evidence import (
    approximation,
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
        theme_judge,
        diversity,
        dynamics,
    )
}
