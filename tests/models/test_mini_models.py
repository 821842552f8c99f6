"""The shipped Stable Diffusion and CLIP, through the stock code of diffusers and open_clip."""

import io
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
import torch
from PIL import Image

from models import ModelError, load_embedder, load_renderer
from models.clip import OpenClipEmbedder
from models.diffusion import DiffusersRenderer
from models.resolve import find_model


@dataclass(frozen=True)
class Job:
    prompt: str
    seed: int
    negative_prompt: str = ""


@pytest.fixture(scope="module")
def renderer() -> DiffusersRenderer:
    found = load_renderer("mini")
    assert isinstance(found, DiffusersRenderer)
    return found


@pytest.fixture(scope="module")
def embedder() -> OpenClipEmbedder:
    return load_embedder("mini")


def opened(contents: Sequence[bytes]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(content)).convert("RGB") for content in contents]


def pixels(content: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(opened([content])[0].tobytes()), dtype=torch.uint8).float()


def test_the_same_record_is_the_same_picture(renderer: DiffusersRenderer) -> None:
    job = Job("a fox, watercolor", 3)
    assert renderer.render([job]) == renderer.render([job])


def test_a_picture_does_not_depend_on_its_batch(renderer: DiffusersRenderer) -> None:
    jobs = [Job("a fox, watercolor", 3), Job("a castle", 4), Job("an owl, night", 5)]
    (alone,), together = renderer.render(jobs[:1]), renderer.render(jobs)
    assert (pixels(alone) - pixels(together[0])).abs().max() <= 4  # rounding of another batch layout


def test_prompt_and_seed_matter(renderer: DiffusersRenderer) -> None:
    a, b, c = renderer.render([Job("a fox", 3), Job("a castle, starry night", 3), Job("a fox", 4)])
    assert (pixels(a) - pixels(b)).abs().mean() > 20
    assert (pixels(a) - pixels(c)).abs().mean() > 1


def test_pictures_are_of_the_size_that_is_promised(renderer: DiffusersRenderer) -> None:
    (picture,) = opened(renderer.render([Job("a fox", 3)]))
    assert picture.size == (renderer.picture_px, renderer.picture_px)


def test_a_side_without_latents_is_refused() -> None:
    with pytest.raises(ModelError, match="multiple of 16 .* found 200. Set --picture-px 192"):
        DiffusersRenderer(replace(find_model("mini"), picture_px=200))
    smaller = DiffusersRenderer(replace(find_model("mini"), picture_px=192))
    assert opened(smaller.render([Job("a fox", 3)]))[0].size == (192, 192)


def test_a_picture_says_how_it_was_made(renderer: DiffusersRenderer) -> None:
    (content,) = renderer.render([Job("a fox, watercolor", 3)])
    text = Image.open(io.BytesIO(content)).text  # type: ignore[attr-defined]
    assert text["parameters"].startswith("a fox, watercolor\nSteps: ") and "Seed: 3" in text["parameters"]
    record = json.loads(text["palate"])
    assert (
        record["prompt"] == "a fox, watercolor" and record["seed"] == 3 and record["model"] == renderer.name
    )


def test_steps_are_told_to_the_end(renderer: DiffusersRenderer) -> None:
    told: list[tuple[int, int]] = []
    renderer.render([Job("a fox", seed) for seed in range(9)], lambda done, of: told.append((done, of)))
    done, whole = [done for done, _ in told], {of for _, of in told}
    assert done == sorted(set(done)) and whole == {done[-1]} and len(done) == whole.pop() // 9 * 2


def test_an_error_in_on_step_stops_before_the_next_step(renderer: DiffusersRenderer) -> None:
    told: list[int] = []

    def stop(done: int, of: int) -> None:
        told.append(done)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        renderer.render([Job("a fox", 1)], stop)
    assert told == [1]
    assert renderer.render([Job("a fox", 1)])


def test_calls_from_many_threads_take_turns(renderer: DiffusersRenderer) -> None:
    alone = renderer.render([Job("a fox", 1)])[0]
    results: dict[int, bytes] = {}
    steps: list[tuple[int, threading.Thread]] = []

    def draw(number: int) -> None:
        def on_step(done: int, of: int) -> None:
            steps.append((number, threading.current_thread()))

        results[number] = renderer.render([Job("a fox", 1)], on_step)[0]

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(results.values()) == {alone} and len(results) == 3
    turns = [number for n, (number, _) in enumerate(steps) if not n or steps[n - 1][0] != number]
    assert sorted(turns) == [0, 1, 2]  # no call takes a step between those of another
    assert all(thread is threads[number] for number, thread in steps)


def test_a_closed_renderer_stops_at_its_next_step_and_begins_nothing() -> None:
    own, told = load_renderer("mini"), list[int]()

    def end(done: int, of: int) -> None:
        told.append(done)
        own.close()

    for _ in range(2):
        with pytest.raises(ModelError, match="is ending"):
            own.render([Job("a fox", 1)], end)
    assert told == [1]


def test_a_prompt_whose_end_would_not_be_read_is_refused(renderer: DiffusersRenderer) -> None:
    long = "a fox, " + "very " * 100 + "small"
    assert renderer.room(long) < 0 <= renderer.room("a fox, watercolor")
    with pytest.raises(ModelError, match="word pieces"):
        renderer.render([Job(long, 1)])


def test_embeddings_are_unit_rows_of_one_space(
    embedder: OpenClipEmbedder, renderer: DiffusersRenderer
) -> None:
    pictures = embedder.embed_pictures(opened(renderer.render([Job("a fox", 1), Job("a castle", 1)])))
    texts = embedder.embed_texts(["a fox", "a castle", "an owl"])
    assert pictures.shape == (2, embedder.dimension) and texts.shape == (3, embedder.dimension)
    for rows in (pictures, texts):
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows), dtype=torch.float64))
    assert embedder.embed_pictures([]).shape == (0, embedder.dimension)


def test_batches_do_not_change_embeddings(embedder: OpenClipEmbedder) -> None:
    texts = [f"a fox number {number}" for number in range(40)]
    torch.testing.assert_close(
        embedder.embed_texts(texts),
        torch.cat([embedder.embed_texts([text]) for text in texts]),
        atol=1e-5,
        rtol=1e-4,
    )


STYLES = ("black and white", "vivid colors", "emerald green", "starry night", "polka dots", "sunset sky")


def test_the_models_agree_about_what_words_look_like(
    embedder: OpenClipEmbedder, renderer: DiffusersRenderer
) -> None:
    """Drawn by one and read by the other, most pictures are nearest to the words they were drawn from."""
    subjects = ("a cat", "a house", "a tulip")
    jobs = [Job(f"{subject}, {style}", 10) for style in STYLES for subject in subjects]
    seen = embedder.embed_pictures(opened(renderer.render(jobs)))
    nearest = (seen @ embedder.embed_texts(STYLES).T).argmax(dim=1)
    wanted = torch.arange(len(STYLES)).repeat_interleave(len(subjects))
    assert float((nearest == wanted).double().mean()) >= 0.7  # chance is 0.17


def test_black_and_white_has_no_colour_and_night_is_dark(renderer: DiffusersRenderer) -> None:
    gray, plain, night = (pixels(c).reshape(-1, 3) for c in renderer.render(
        [Job("a parrot, black and white", 2), Job("a parrot", 2), Job("a parrot, starry night", 2)]
    ))  # fmt: skip

    def colour(picture: torch.Tensor) -> float:
        return float((picture.max(dim=1).values - picture.min(dim=1).values).mean())

    assert colour(gray) < 0.5 * colour(plain)
    assert float(night.mean()) < 0.8 * float(plain.mean())
