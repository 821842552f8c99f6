"""Pictures of sessions: drawn once by the render queue, kept with their embeddings, drawn again when lost."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from personalize.errors import StoreError
from personalize.mdp.features import FeatureSpace
from personalize.progress import OnStep
from personalize.rendering.jobs import Purpose, RenderJob
from personalize.rendering.png import open_picture
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rendering.queue import RenderQueue
from personalize.session.record import PictureRecord
from personalize.session.store import Store

REMEMBERED = 4096
"""Embeddings kept in memory; a float32 CLIP embedding of 768 numbers takes 3 KiB."""


class Pictures:
    """What the networks make of records, through a store that remembers it."""

    def __init__(
        self,
        store: Store,
        renderer: Renderer,
        embedder: Embedder,
        space: FeatureSpace,
        *,
        stall_s: float = 0.0,
    ) -> None:
        """Join the parts; nothing is drawn yet.

        Args:
            store: keeps pictures and embeddings.
            renderer: draws.
            embedder: embeds.
            space: from embeddings to features.
            stall_s: see `RenderQueue`.
        """
        self._store, self._renderer, self._embedder, self._space = store, renderer, embedder, space
        self._embeddings: OrderedDict[str, Tensor] = OrderedDict()
        self._lock = Lock()
        self.queue = RenderQueue(
            lambda records, on_step: renderer.render(records, on_step),
            self._keep,
            most=lambda: getattr(renderer, "batch", 4),
            capacity=lambda: getattr(renderer, "capacity", 1),
            stall_s=stall_s,
            leases=store.leases,
            own=store.own,
        )

    def request(
        self,
        session: str | None,
        purpose: Purpose,
        records: Sequence[PictureRecord],
        finish: Callable[[list[str]], Any] = lambda pictures: pictures,
        known: Mapping[PictureRecord, str] | None = None,
    ) -> RenderJob:
        """The job that draws these pictures; those that exist are not drawn again.

        The session owns all of them, also those that no page shows, so that deleting it deletes them.

        Args:
            session: token; None when they are for everybody.
            purpose: how urgent they are.
            records: what to draw.
            finish: see `RenderQueue.submit`.
            known: pictures that exist, if the caller just asked the store for them.
        """

        def owned(pictures: list[str]) -> Any:
            if session is not None and found:
                self._store.own(session, pictures)
            return finish(pictures)

        there = self._store.find_pictures(records) if known is None else known
        found = {record: there[record] for record in records if record in there}
        return self.queue.submit(session, purpose, records, owned, found)

    def render(
        self,
        session: str | None,
        records: Sequence[PictureRecord],
        on_step: OnStep | None = None,
        *,
        purpose: Purpose = Purpose.PICTURES,
    ) -> list[str]:
        """Hashes of the pictures of records, which are drawn now where they do not exist.

        Raises:
            RenderError: the renderer failed or stalled.
            CancelledError: the job was cancelled.
        """
        pictures: list[str] = self.request(session, purpose, records).result(on_step)
        return pictures

    def features(self, pictures: Sequence[str]) -> Tensor:
        """Float[N, d] of pictures by hash."""
        found = self._recalled(pictures)
        missing = [picture for picture in dict.fromkeys(pictures) if picture not in found]
        if missing:
            found |= self._store.embeddings(self._embedder.name, missing)
        unseen = [picture for picture in missing if picture not in found]
        if unseen:
            found |= self._embed({picture: self.content(picture) for picture in unseen})
        self._remember({picture: found[picture] for picture in missing})
        rows = torch.stack([found[picture] for picture in pictures])
        return self._space.project(rows.to(torch.float64))

    def prefetch(self, pictures: Sequence[str]) -> None:
        """Read the embeddings of pictures into memory, in one query."""
        known = self._recalled(pictures)
        missing = [picture for picture in pictures if picture not in known]
        if missing:
            self._remember(self._store.embeddings(self._embedder.name, missing))

    def content(self, picture: str) -> bytes:
        """The PNG of a picture; one that was damaged on disk is drawn again.

        Raises:
            StoreError: it is damaged, and another model drew it.
            RenderError: the renderer failed.
            CancelledError: the app ends.
        """
        try:
            return self._store.read_picture(picture)
        except StoreError:
            record = self._store.record_of(picture)
            if record.renderer != self._renderer.name:
                raise  # another model would draw another picture in the place of the one that was judged
            drawn = self.queue.redraw(record, lambda content: self._store.restore_picture(picture, content))
            return self._store.read_picture(picture) if drawn is None else drawn

    def _keep(
        self, pictures: Sequence[tuple[PictureRecord, bytes, Sequence[str | None]]]
    ) -> list[str | None]:
        saved = self._store.save_pictures(pictures)
        contents = {
            picture: content
            for picture, (_, content, _) in zip(saved, pictures, strict=True)
            if picture is not None
        }
        self._remember(self._embed(contents))
        return saved

    def _embed(self, contents: dict[str, bytes]) -> dict[str, Tensor]:
        """Embeddings of PNGs by hash, which the store keeps."""
        if not contents:
            return {}
        rows = self._embedder.embed_pictures([open_picture(content) for content in contents.values()])
        embeddings = dict(zip(contents, rows, strict=True))
        self._store.keep_embeddings(self._embedder.name, embeddings)
        return embeddings

    def _recalled(self, pictures: Sequence[str]) -> dict[str, Tensor]:
        with self._lock:
            found = {
                picture: self._embeddings[picture] for picture in pictures if picture in self._embeddings
            }
            for picture in found:
                self._embeddings.move_to_end(picture)
            return found

    def _remember(self, embeddings: dict[str, Tensor]) -> None:
        with self._lock:
            self._embeddings |= embeddings
            while len(self._embeddings) > REMEMBERED:
                self._embeddings.popitem(last=False)
