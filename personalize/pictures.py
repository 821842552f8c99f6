"""Pictures of sessions: drawn once, kept, seen once, and drawn again when the disk lost one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from personalize.errors import PersonalizeError, RenderError, StoreError
from personalize.mdp.features import FeatureSpace
from personalize.rendering import Embedder, OnStep, Renderer, open_picture
from personalize.session.record import PictureRecord
from personalize.session.store import Store


class Pictures:
    """What the networks make and see, through a store that remembers both."""

    def __init__(self, store: Store, renderer: Renderer, embedder: Embedder, space: FeatureSpace) -> None:
        """Join the parts; nothing is drawn yet."""
        self._store, self._renderer, self._embedder, self._space = store, renderer, embedder, space

    def draw(self, token: str, records: Sequence[PictureRecord], on_step: OnStep | None = None) -> list[str]:
        """Hashes of the pictures of these records; those that exist are not drawn again.

        The session `token` owns all of them, also those that no page shows, so that deleting it deletes them.

        Raises:
            RenderError: the renderer failed.
        """
        found = {record: self._store.find_picture(record) for record in records}
        wanted = [record for record, picture in found.items() if picture is None]
        if wanted:
            for record, content in zip(wanted, self._rendered(wanted, on_step), strict=True):
                found[record] = self._store.save_picture(record, content)
        pictures = [picture for record in records if (picture := found[record]) is not None]
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
            content = self._rendered([record], None)[0]
            self._store.restore_picture(picture, content)
            return content

    def _rendered(self, records: Sequence[PictureRecord], on_step: OnStep | None) -> list[bytes]:
        try:
            return self._renderer.render(records, on_step)
        except PersonalizeError:
            raise
        except Exception as error:
            raise RenderError(str(error) or f"The renderer failed ({type(error).__name__}).") from error
