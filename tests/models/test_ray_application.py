"""The arguments of the application that a cluster's own configuration deploys, without a cluster."""

import pytest

from models import ModelError
from models.ray_application import pictures


def test_an_argument_that_there_is_not_is_named() -> None:
    with pytest.raises(ModelError, match=r"args out of model, clip, .*, found modell\. Correct"):
        pictures({"modell": "mini"})


def test_a_model_that_there_is_not_is_named() -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        pictures({"model": "no-such-model"})


def test_an_application_has_the_bounds_and_the_share_of_its_arguments() -> None:
    found = pictures({"model": "mini", "gpus": 0.5, "threads": 2, "least": 2, "most": 5})
    deployment = found._bound_deployment
    config = deployment._deployment_config
    assert deployment.name == "pictures"
    assert (config.autoscaling_config.min_replicas, config.autoscaling_config.max_replicas) == (2, 5)
    wanted = deployment._replica_config.ray_actor_options
    assert (wanted["num_cpus"], wanted["num_gpus"]) == (2, 0.5)
