"""Text embeddings are computed once, also after an interruption, and again for another embedder or text."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from personalize.errors import StoreError
from personalize.preparation.text_cache import AT_ONCE, embed_kept
from tests.fakes import FakeEmbedder

TEXTS = [f"a fox, token {number}" for number in range(3 * AT_ONCE + 7)]


class Counting(FakeEmbedder):
    """Counts the embedded texts, and raises KeyboardInterrupt after `patience` texts."""

    embedded = 0
    patience = 10**9

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        if self.embedded + len(texts) > self.patience:
            raise KeyboardInterrupt
        self.embedded += len(texts)
        return super().embed_texts(texts)


def test_the_second_time_nothing_is_computed_and_rows_are_those_of_the_texts(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    rows = embed_kept(TEXTS, first, tmp_path)
    assert first.embedded == len(TEXTS) and rows.dtype == torch.float64
    torch.testing.assert_close(rows, FakeEmbedder().embed_texts(TEXTS), atol=1e-6, rtol=0)
    reports: list[tuple[int, int]] = []
    again = embed_kept(TEXTS[::-1], second, tmp_path, lambda *step: reports.append(step))
    assert second.embedded == 0 and reports == []
    assert torch.equal(again, rows.flip(0))


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    impatient, patient = Counting(), Counting()
    impatient.patience = 2 * AT_ONCE
    with pytest.raises(KeyboardInterrupt):
        embed_kept(TEXTS, impatient, tmp_path)
    reports: list[tuple[int, int]] = []
    rows = embed_kept(TEXTS, patient, tmp_path, lambda *step: reports.append(step))
    assert patient.embedded == AT_ONCE + 7
    assert reports == [(0, AT_ONCE + 7), (AT_ONCE, AT_ONCE + 7), (AT_ONCE + 7, AT_ONCE + 7)]
    assert torch.equal(rows, embed_kept(TEXTS, Counting(), tmp_path / "fresh"))


def test_new_texts_and_other_weights_are_computed_and_repeats_once(tmp_path: Path) -> None:
    embedder = Counting()
    embed_kept(TEXTS[:10], embedder, tmp_path)
    embed_kept([*TEXTS[:12], TEXTS[0], TEXTS[11]], embedder, tmp_path)
    assert embedder.embedded == 12
    other = Counting(name="other-weights")
    embed_kept(TEXTS[:10], other, tmp_path)
    assert other.embedded == 10
    assert embed_kept([], embedder, tmp_path).shape == (0, embedder.dimension)


@pytest.mark.parametrize("damage", ["cut", "garbage", "other", "nan"])
def test_a_damaged_part_is_made_again(tmp_path: Path, damage: str) -> None:
    import numpy

    rows = embed_kept(TEXTS[:600], Counting(), tmp_path)
    part = max(tmp_path.rglob("*.npz"), key=lambda file: file.stat().st_size)
    if damage == "cut":
        part.write_bytes(part.read_bytes()[:100])
    elif damage == "garbage":
        part.write_bytes(b"no archive")
    else:
        with numpy.load(part) as arrays:
            digests, values = arrays["digests"], arrays["rows"]
        values = values[:, :3] if damage == "other" else numpy.full_like(values, numpy.nan)
        numpy.savez(part, digests=digests, rows=values)
    embedder = Counting()
    assert torch.equal(embed_kept(TEXTS[:600], embedder, tmp_path), rows)
    assert embedder.embedded == AT_ONCE


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="Expected to keep"):
        embed_kept(TEXTS[:2], FakeEmbedder(), tmp_path / "cache")
