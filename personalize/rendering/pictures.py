"""Pictures of sessions: drawn once, kept, seen once, and drawn again when the disk lost one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.errors import PersonalizeError, RenderError, StoreError
from personalize.mdp.features import FeatureSpace
from personalize.progress import OnStep, ProgressSlice
from personalize.rendering.png import open_picture
from personalize.rendering.protocols import Embedder, Renderer
from personalize.rendering.queue import Check, RenderQueue
from personalize.session.record import PictureRecord
from personalize.session.store import Store

TURN = 4
"""Pictures that are drawn in one turn; then others have theirs."""


NOBODY = "nobody"
"""Whose turn it is when pictures are drawn for whoever comes."""


class Pictures:
    """What the networks make and see, through a store that remembers both."""

    def __init__(self, store: Store, renderer: Renderer, embedder: Embedder, space: FeatureSpace) -> None:
        """Join the parts; nothing is drawn yet."""
        self._store, self._renderer, self._embedder, self._space = store, renderer, embedder, space
        self.queue = RenderQueue()

    def render(
        self,
        token: str | None,
        records: Sequence[PictureRecord],
        on_step: OnStep | None = None,
        *,
        ahead: bool = False,
    ) -> list[str]:
        """Hashes of the pictures of these records; those that exist are not drawn again.

        The session `token` owns all of them, also those that no page shows, so that deleting it deletes them.
        They are drawn a few at a turn, and each turn's pictures are kept before the next.

        Args:
            token: of the session; None when they are for nobody yet.
            records: what to draw.
            on_step: progress of all; whatever it raises stops the drawing.
            ahead: whether nobody waits for them yet.

        Raises:
            RenderError: the renderer failed.
            CancelledError: they were ahead, and something else was wanted first.
        """
        found = {record: self._store.find_picture(record) for record in records}
        wanted = [record for record, picture in found.items() if picture is None]
        for start in range(0, len(wanted), TURN):
            part = wanted[start : start + TURN]
            portion = ProgressSlice(on_step, start / len(wanted), (start + len(part)) / len(wanted))
            for record, content in zip(
                part, self._rendered(part, portion, token or NOBODY, ahead), strict=True
            ):
                found[record] = self._store.save_picture(record, content)
        pictures = [picture for record in records if (picture := found[record]) is not None]
        if token is not None:
            self._store.own(token, pictures)
        return pictures

    def features(self, pictures: Sequence[str]) -> Tensor:
        """Float[N, d] of pictures by hash; what the embedder saw is remembered."""
        name = self._embedder.name
        seen = {picture: self._store.embedding(name, picture) for picture in pictures}
        unseen = [picture for picture, embedding in seen.items() if embedding is None]
        if unseen:
            opened = [open_picture(self.content(picture)) for picture in unseen]
            for picture, embedding in zip(unseen, self._embedder.embed_pictures(opened), strict=True):
                self._store.keep_embedding(name, picture, embedding)
                seen[picture] = embedding
        rows = [embedding for picture in pictures if (embedding := seen[picture]) is not None]
        return self._space.project(torch.stack(rows).to(torch.float64))

    def content(self, picture: str) -> bytes:
        """The PNG; one that was damaged on disk is drawn again.

        Raises:
            StoreError: it is damaged, and another model drew it.
            RenderError: the renderer failed.
        """
        try:
            return self._store.read_picture(picture)
        except StoreError:
            record = self._store.record_of(picture)
            if record.renderer != self._renderer.name:
                raise  # another model would draw another picture in the place of the one that was judged
            content = self._rendered([record], ProgressSlice(None, 0.0, 1.0), picture, False)[0]
            self._store.restore_picture(picture, content)
            return content

    def _rendered(
        self, records: Sequence[PictureRecord], on_step: ProgressSlice, turn: str, ahead: bool
    ) -> list[bytes]:
        def work(check: Check) -> list[bytes]:
            def step(done: int, total: int) -> None:
                check()
                on_step(done, total)

            return self._renderer.render(records, step)

        try:
            return self.queue.run(turn, work, ahead=ahead, check=on_step.still)
        except PersonalizeError:
            raise
        except Exception as error:
            raise RenderError(str(error) or f"The renderer failed ({type(error).__name__}).") from error
