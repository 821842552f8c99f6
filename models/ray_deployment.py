"""What Ray Serve runs: how many replicas, with what share of a machine, and how many requests may wait."""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.catalog import Model
from models.errors import ModelError
from models.fingerprint import fingerprint_of

if TYPE_CHECKING:
    from ray.serve import Application
    from ray.serve.handle import DeploymentHandle

_LOG = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]

FREE_SHARE = 0.9
"""Share of a GPU's memory that replicas may fill; the rest is for what the driver keeps."""

REPLICAS_A_GPU = 4
"""Most replicas on one GPU; more of them wait for each other."""

SMALL_REQUESTS = 2
"""Texts to embed and lengths to measure that a replica takes while it draws."""

TOGETHER_ON_A_GPU = 2
"""Requests that a GPU draws as one batch, of up to four pictures each."""

LOOK_WAIT_S = 10.0
"""Longest wait for a look at the replicas to end, in seconds."""

QUEUED_A_REPLICA = 8
"""Requests that wait in one app process for each replica; more are refused with a sentence."""

RUNS = {"RUNNING", "DEPLOYING", "UNHEALTHY"}
"""States in which an application has replicas, or will have them."""


@dataclass(frozen=True)
class Plan:
    """How the pictures are drawn on a cluster.

    Attributes:
        model: what to load.
        memory_gb: memory of a GPU that the model needs, about; 0 where the catalogue does not say.
        threads: CPU threads of a replica.
        least: fewest replicas.
        most: most replicas; 0 for as many as the cluster has room for.
        compiled: see `DiffusersRenderer`.
        checked: see `DiffusersRenderer`.
        queued: requests that wait in one app process; 0: `QUEUED_A_REPLICA` for each.
        idle_s: seconds without work after which a replica ends.
        application: name of an application that somebody else deploys; '': this app deploys its own.
    """

    model: Model
    memory_gb: float = 0.0
    threads: int = 1
    least: int = 1
    most: int = 0
    compiled: str = ""
    checked: bool = True
    queued: int = 0
    idle_s: float = 120.0
    application: str = ""

    @property
    def name(self) -> str:
        """Of the application: processes with the same plan share it."""
        if self.application:
            return self.application
        parts = [self.model.name, str(self.model), self.compiled, str(self.checked), str(self.threads)]
        return f"palate-{fingerprint_of(*parts)}"


def gpu_share(memory_gb: float, gpu_gb: float) -> float:
    """The share of a GPU for one replica, 1/n for n replicas on it.

    Args:
        memory_gb: memory of the model; 0 if nobody knows.
        gpu_gb: memory of the GPU.
    """
    if memory_gb <= 0:
        return 1.0
    return 1.0 / max(1, min(REPLICAS_A_GPU, math.floor(FREE_SHARE * gpu_gb / memory_gb)))


def deployed(plan: Plan, resources: dict[str, float]) -> DeploymentHandle:
    """A handle of the deployment, which is started unless it runs already.

    Args:
        plan: what to run.
        resources: of the cluster, by Ray's names.

    Raises:
        ModelError: no replica started, or somebody else deploys and has not.
    """
    from ray import serve

    if plan.application:
        return found(plan.application)
    if is_running(plan):
        return serve.get_app_handle(plan.name)
    gpus, cores = resources.get("GPU", 0.0), resources.get("CPU", 0.0)
    share = gpu_share(plan.memory_gb, _gpu_gb()) if gpus else 0.0
    most = plan.most or max(plan.least, math.floor(gpus / share if gpus else cores / plan.threads))
    try:
        serve.start(proxy_location="Disabled", logging_config={"log_level": "ERROR"})
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        return serve.run(application(plan, share, most), name=plan.name, route_prefix=None)
    except Exception as error:  # noqa: BLE001 - Ray raises many types
        raise ModelError(
            f"Expected replicas of {plan.model.title} on Ray, found that none started "
            f"({type(error).__name__}: {_last_line(error)}). Look at the nodes of the cluster."
        ) from error


def application(plan: Plan, share: float, most: int) -> Application:
    """What Ray Serve runs.

    Args:
        plan: what to run.
        share: of a GPU for each replica; 0 for CPUs.
        most: most replicas.
    """
    from ray import serve

    from models.ray_replica import PictureReplica

    together = TOGETHER_ON_A_GPU if share else 1
    deployment = serve.deployment(PictureReplica).options(
        name="pictures",
        max_ongoing_requests=2 * together + SMALL_REQUESTS,
        max_queued_requests=plan.queued or QUEUED_A_REPLICA * most,
        autoscaling_config={
            "min_replicas": plan.least,
            "max_replicas": most,
            "target_ongoing_requests": float(together),
            "upscale_delay_s": 2.0,
            "downscale_delay_s": plan.idle_s,
            "metrics_interval_s": 1.0,
            "look_back_period_s": 3.0,
        },
        ray_actor_options={
            "num_cpus": plan.threads,
            "num_gpus": share,
            "runtime_env": {"env_vars": _environment(plan.threads)},
        },
        health_check_period_s=5.0,
        graceful_shutdown_timeout_s=30.0,
        logging_config={"log_level": "ERROR", "enable_access_log": False},
    )
    return deployment.bind(plan.model, plan.threads, plan.compiled, plan.checked, together)


def found(name: str) -> DeploymentHandle:
    """A handle of an application that somebody else has deployed.

    Raises:
        ModelError: the cluster has no such application.
    """
    from ray import serve

    if _state(name) not in RUNS:
        raise ModelError(
            f"Expected the application {name} on the Ray cluster, found none. Deploy it, or leave "
            "--render-application out."
        )
    return serve.get_app_handle(name)


def is_running(plan: Plan) -> bool:
    """Whether the deployment has been started, by this process or another one."""
    return _state(plan.name) in RUNS


def replicas(name: str) -> int:
    """Replicas of an application that draw now."""
    from ray import serve

    application = serve.status().applications.get(name)
    if application is None or "pictures" not in application.deployments:
        return 0
    return int(application.deployments["pictures"].replica_states.get("RUNNING", 0))


class ReplicaCount:
    """How many replicas draw, looked up in a thread of its own so that nobody waits for the answer."""

    def __init__(self, name: str, look_s: float = 1.0) -> None:
        """Look every `look_s` seconds at the application of that name."""
        self._name, self._look_s = name, look_s
        self._ended = threading.Event()
        self.now = max(1, replicas(name))
        self._thread = threading.Thread(target=self._work, name="ray-replicas", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more: a look after the cluster has ended would start another one."""
        self._ended.set()
        self._thread.join(LOOK_WAIT_S)

    def _work(self) -> None:
        while not self._ended.wait(self._look_s):
            try:
                self.now = replicas(self._name)
            except Exception:  # noqa: BLE001 - the controller may be starting again
                _LOG.debug("the replicas could not be counted", exc_info=True)


def _state(name: str) -> str:
    from ray import serve

    try:
        application = serve.status().applications.get(name)
    except Exception:  # noqa: BLE001 - Serve has not been started
        return ""
    return "" if application is None else str(getattr(application.status, "value", application.status))


def _environment(threads: int) -> dict[str, str]:
    """Of a replica: its threads, no network, and where this package is."""
    return {
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
    }


def _gpu_gb() -> float:
    """Memory of a GPU of the cluster, in GB."""
    import ray

    def ask() -> float:
        import torch

        return float(torch.cuda.get_device_properties(0).total_memory) / 1e9

    asked = ray.remote(num_cpus=0, num_gpus=0.01)(ask)
    answer: Any = ray.get(asked.remote(), timeout=120.0)
    return float(answer)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else ""
