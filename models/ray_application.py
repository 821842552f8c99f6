"""What a cluster's own configuration deploys: `import_path: models.ray_application:pictures` (Ray Serve).

An app process uses such an application with the setting `render_application`, and deploys none itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from models.errors import ModelError
from models.ray_deployment import Plan, application
from models.resolve import find_model

if TYPE_CHECKING:
    from ray.serve import Application


@dataclass(frozen=True)
class Arguments:
    """The `args` of the application in the configuration.

    Attributes:
        model: name in the catalogue, folder or repository, as the setting `model`.
        clip: as the setting `clip`.
        gpus: share of a GPU for each replica; 0 draws on CPUs.
        threads: CPU threads of a replica.
        least: fewest replicas.
        most: most replicas.
        checked: whether the model's own safety checker is used.
        compiled: backend of torch.compile, or "".
    """

    model: str = "mini"
    clip: str = ""
    gpus: float = 0.0
    threads: int = 1
    least: int = 1
    most: int = 1
    checked: bool = True
    compiled: str = ""


def pictures(args: dict[str, Any]) -> Application:
    """The application of the given `Arguments`.

    Raises:
        ModelError: a name is unknown, or the model cannot be used.
    """
    known = [item.name for item in fields(Arguments)]
    for name in args:
        if name not in known:
            raise ModelError(
                f"Expected args out of {', '.join(known)}, found {name}. Correct the configuration."
            )
    given = Arguments(**args)
    plan = Plan(
        find_model(given.model, given.clip),
        threads=given.threads,
        least=given.least,
        most=given.most,
        compiled=given.compiled,
        checked=given.checked,
    )
    return application(plan, given.gpus, given.most)
