"""Drawing and seeing on Ray Serve: as `models.diffusion` and `models.clip`, without networks in this process.

The deployment has a name that says its model and settings. The first app process starts it, and other
processes on the cluster use it. Pictures come back with their embeddings, which `RayEmbedder` hands out.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from PIL import Image
from torch import Tensor

from models.errors import ModelError
from models.jobs import AnyJob, Job
from models.ray_calls import Calls
from models.ray_cluster import Cluster
from models.ray_deployment import Plan, ReplicaCount, deployed
from models.ray_replica import Drawn, Facts, Step, mark

REMEMBERED = 4096
"""Embeddings of pictures that were drawn and not yet asked for."""

MEASURED = 4096
"""Prompts whose room is remembered."""


class Connection:
    """One process's connection to the deployment of a plan; its renderer and its embedder share it.

    Attributes:
        cluster: where the deployment is.
        calls: requests to the replicas.
        facts: names and sizes, as a replica says.
        count: replicas that draw now.
        plan: what runs there.
    """

    def __init__(self, cluster: Cluster, plan: Plan) -> None:
        """Start the deployment or find it, and wait for a replica.

        Raises:
            ModelError: no replica started.
        """
        self.cluster, self.plan = cluster, plan
        self.calls = Calls(deployed(plan, cluster.resources))
        self.facts: Facts = self.calls.ask("facts")
        self._check_model()
        self.count = ReplicaCount(plan.name)
        self._rows: OrderedDict[bytes, Tensor] = OrderedDict()
        self._lock = threading.Lock()

    def _check_model(self) -> None:
        """Whether the replicas draw with the model of the plan; others may have deployed them.

        Raises:
            ModelError: they do not.
        """
        model, drawn = self.plan.model, self.facts.renderer
        wanted = f"{model.name}-{model.fingerprint}-{model.steps}x{model.guidance:g}"
        if drawn != wanted and not drawn.startswith(f"{wanted}-"):
            raise ModelError(
                f"Expected the application {self.plan.name} to draw with {wanted}, found {drawn}. Give the "
                "application and the app the same model."
            )
        if self.facts.embedder != (wanted := f"clip-{model.clip_fingerprint}"):
            raise ModelError(
                f"Expected the application {self.plan.name} to see with {wanted}, found "
                f"{self.facts.embedder}. Give the application and the app the same CLIP."
            )

    def remember(self, drawn: Drawn) -> None:
        """Keep the embeddings that came with pictures."""
        with self._lock:
            self._rows |= zip(drawn.marks, torch.from_numpy(drawn.rows.copy()), strict=True)
            while len(self._rows) > REMEMBERED:
                self._rows.popitem(last=False)

    def recall(self, marks: Sequence[bytes]) -> dict[bytes, Tensor]:
        """The embeddings that are known, by mark."""
        with self._lock:
            return {name: self._rows[name] for name in marks if name in self._rows}

    def close(self) -> None:
        """End what waits, and leave the cluster."""
        self.calls.close()
        self.count.close()
        self.cluster.close()


class RayRenderer:
    """A text-to-image pipeline on the replicas of a cluster. Safe to call from any thread.

    Attributes:
        name: see `DiffusersRenderer`; the same name and the same pictures.
        picture_px: side of the pictures, in pixels.
        batch: most pictures of one request.
        connection: to the replicas.
    """

    def __init__(self, connection: Connection) -> None:
        """Draw by a connection."""
        self.connection = connection
        self.name, self.picture_px = connection.facts.renderer, connection.facts.picture_px
        self.batch = connection.facts.batch
        self._room = lru_cache(MEASURED)(lambda prompt: int(connection.calls.ask("room", prompt)))

    @property
    def capacity(self) -> int:
        """Requests worth sending at once: one for each replica, and one that waits.

        The one that waits keeps the replicas busy, and shows Ray Serve that one more replica would be of use.
        """
        return self.connection.count.now + 1

    def room(self, prompt: str) -> int:
        """Word pieces that still fit after a prompt; negative if the model would not read its end."""
        return self._room(prompt)

    def warm_up(self, prompt: str = "", on_step: Callable[[int, int], None] | None = None) -> bytes:
        """A first picture, so that errors appear at once."""
        return self._render([Job(prompt, 0)], on_step)[0]

    def render(
        self, jobs: Sequence[AnyJob], on_step: Callable[[int, int], None] | None = None
    ) -> list[bytes]:
        """PNG bytes of every job, in order; drawn again if a replica is lost.

        Args:
            jobs: prompts, negative prompts and seeds.
            on_step: see `DiffusersRenderer.render`. While no replica has begun, it is called with 0 now and
                then, so that a request that waits can be stopped too.

        Raises:
            ModelError: a prompt is too long, the pipeline failed, the replicas are busy, or none answers.
        """
        return self._render([Job.of(job) for job in jobs], on_step)

    def close(self) -> None:
        """End what is drawn, and leave the cluster."""
        self.connection.close()

    def _render(self, jobs: list[Job], on_step: Callable[[int, int], None] | None) -> list[bytes]:
        pictures: list[bytes] = []

        def on_answer(answer: Step | Drawn | None) -> None:
            if isinstance(answer, Drawn):
                self.connection.remember(answer)
                pictures[:] = answer.pictures
            elif on_step is not None:
                on_step(*((0, 1) if answer is None else (answer.done, answer.whole)))

        self.connection.calls.follow("draw", (jobs,), on_answer)
        return pictures


class RayEmbedder:
    """A CLIP on the replicas of a cluster. Pictures that were drawn there have been embedded there.

    Attributes:
        name: see `OpenClipEmbedder`.
        dimension: D.
        connection: to the replicas.
    """

    def __init__(self, connection: Connection) -> None:
        """See by a connection."""
        self.connection = connection
        self.name, self.dimension = connection.facts.embedder, connection.facts.dimension

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """Float64[N, D], unit rows.

        Raises:
            ModelError: the replicas are busy, or none answers.
        """
        if not texts:
            return torch.zeros(0, self.dimension, dtype=torch.float64)
        return torch.from_numpy(self.connection.calls.ask("embed_texts", list(texts)).copy())

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """Float64[N, D], unit rows; a replica is asked only for pictures that were drawn elsewhere.

        Raises:
            ModelError: as `embed_texts`.
        """
        if not pictures:
            return torch.zeros(0, self.dimension, dtype=torch.float64)
        marks = [mark(picture) for picture in pictures]
        found = self.connection.recall(marks)
        strange = {name: picture for name, picture in zip(marks, pictures, strict=True) if name not in found}
        if strange:
            contents = [_png(picture) for picture in strange.values()]
            rows = self.connection.calls.ask("embed_pictures", contents)
            found |= zip(strange, torch.from_numpy(rows.copy()), strict=True)
        return torch.stack([found[name] for name in marks])


def _png(picture: Image.Image) -> bytes:
    with io.BytesIO() as file:
        picture.convert("RGB").save(file, "png", compress_level=1)
        return file.getvalue()
