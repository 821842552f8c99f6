"""The evaluation of models: its figures on cases with known answers; the command on the shipped models."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.__main__ import main
from models.composer.compose import SLOTS
from models.composer.dataset import ComposedPictures
from models.composer.scenes import is_kept_back
from models.errors import ModelError
from models.evaluation.autoencoder import edge_energy
from models.evaluation.blind import MEDIUM, captions, count_named, random_rows, read_answers
from models.evaluation.classifier import Classifier, bent, classify, correct, train_classifier
from models.evaluation.grid import labelled
from models.evaluation.measures import frechet_distance, share, taste_rank_correlation
from models.evaluation.sheets import _folded
from models.evaluation.side_by_side import count_preferred, lay_out_pairs, sides
from models.evaluation.tokens import listed_tokens
from models.evaluation.variety import PROMPTS, share_of_seeds, variety_rows
from models.loop import Budget
from tests.models.shapes import SUBJECTS, drawn_shapes


def test_the_frechet_distance_of_normals_is_the_known_one() -> None:
    generator = torch.Generator().manual_seed(0)
    one = torch.randn(20_000, 4, generator=generator)
    moved = torch.randn(20_000, 4, generator=generator) * 2.0 + 3.0
    # |mu|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) = 4 * 9 + 4 * (1 + 4 - 2 * 2)
    assert frechet_distance(one, moved) == pytest.approx(40.0, rel=0.03)
    assert frechet_distance(one[:10_000], one[10_000:]) < 0.01


def test_rank_correlation_is_one_for_equal_effects_and_none_for_unrelated_ones() -> None:
    generator = torch.Generator().manual_seed(1)
    effects = torch.randn(40, 24, generator=generator, dtype=torch.float64)
    other = torch.randn(40, 24, generator=generator, dtype=torch.float64)
    assert taste_rank_correlation(2.0 * effects, effects) == pytest.approx(1.0)
    assert taste_rank_correlation(-effects, effects) == pytest.approx(-1.0)
    assert abs(taste_rank_correlation(other, effects)) < 0.2


def test_a_share_says_how_sure_it_is() -> None:
    assert share(torch.tensor([True, True, True, False])) == {"share": 0.75, "error": 0.217, "of": 4}
    assert share(torch.zeros(0, dtype=torch.bool))["of"] == 0
    assert json.loads(json.dumps(share(torch.zeros(0)), allow_nan=False)) == {
        "share": None,
        "error": None,
        "of": 0,
    }


def test_tokens_are_counted_only_where_a_scene_has_them() -> None:
    scenes = np.zeros((3, 1 + len(SLOTS)), np.int16)
    scenes[:, 0], scenes[1, 1] = (0, 1, 1), 2
    scores = [torch.zeros(3, 2), *(torch.zeros(3, len(tokens)) for tokens in SLOTS.values())]
    scores[0][:, 1] = 1.0
    scores[1][:, 2] = 1.0
    right = correct(scores, scenes)
    assert right[0].tolist() == [False, True, True]
    assert right[1].tolist() == [True]
    assert [len(part) for part in right[2:]] == [0] * (len(SLOTS) - 1)


def test_the_classifier_learns_what_can_be_seen_and_resumes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scenes = np.zeros((600, 1 + len(SLOTS)), np.int16)
    scenes[:, 0] = rng.integers(2, size=600)
    pictures = rng.integers(0, 60, (600, 32, 32, 3)).astype(np.uint8)
    pictures[scenes[:, 0] == 1, 8:24, 8:24] += 150
    data = ComposedPictures(pictures, scenes, ("a dark thing", "a bright thing"))

    def right(net: Classifier) -> float:
        found = correct(classify(net.eval(), pictures[-100:])[1], scenes[-100:])[0]
        net.train()
        return float(found.float().mean())

    def learned(net: Classifier, steps: int) -> bool:
        return steps % 10 == 0 and right(net) > 0.95

    net = train_classifier(data, 100, Budget(0, steps=500), tmp_path, batch=32, stop=learned)
    assert right(net) > 0.95
    steps = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"]
    assert 0 < steps < 500
    again = train_classifier(data, 100, Budget(0, steps=steps), tmp_path, batch=32)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["steps"] == steps and right(again) > 0.95


def test_moved_pictures_show_the_same_elsewhere_in_other_sizes() -> None:
    pictures = torch.full((200, 3, 32, 32), -1.0)
    pictures[:, :, 12:20, 12:20] = 1.0
    out = bent(pictures, np.random.default_rng(0), moved=200)
    assert out.shape == pictures.shape
    assert float(out.min()) >= -1.0 and float(out.max()) <= 1.0
    bright = (out[:, 0] > 0).float()
    size = bright.sum(dim=(1, 2))
    seen = size > 0
    assert float(seen.float().mean()) > 0.95
    assert float(size[seen].min()) < 40 < 64 < float(size[seen].max())
    column = (bright * torch.arange(32)).sum(dim=(1, 2))[seen] / size[seen]
    assert float(column.min()) < 10 and float(column.max()) > 21
    assert torch.equal(bent(pictures, np.random.default_rng(0), moved=200), out)


def test_bent_pictures_stay_where_they_are() -> None:
    pictures = torch.full((200, 3, 32, 32), -1.0)
    pictures[:, :, 12:20, 12:20] = 1.0
    bright = (bent(pictures, np.random.default_rng(0))[:, 0] > 0).float()
    size = bright.sum(dim=(1, 2))
    column = (bright * torch.arange(32)).sum(dim=(1, 2)) / size
    assert float((column - 15.5).abs().max()) < 8
    assert float((column - 15.5).abs().mean()) < 2
    assert 0.8 * 64 < float(size.mean()) < 1.2 * 64
    assert not torch.equal(bright[0], bright[1])


def test_a_checkpoint_of_another_classifier_is_a_clear_error(tmp_path: Path) -> None:
    scenes = np.zeros((40, 1 + len(SLOTS)), np.int16)
    data = ComposedPictures(np.zeros((40, 32, 32, 3), np.uint8), scenes, ("a fox", "an owl"))
    train_classifier(data, 10, Budget(0, steps=1), tmp_path, batch=8)
    other = ComposedPictures(data.pictures, scenes, ("a fox", "an owl", "a cat"))
    with pytest.raises(ValueError, match=r"checkpoint\.pt.*[Rr]emove"):
        train_classifier(other, 10, Budget(0, steps=1), tmp_path, batch=8)


def test_features_do_not_depend_on_what_else_is_looked_at() -> None:
    net = Classifier(3).eval()
    pictures = np.random.default_rng(0).integers(0, 255, (5, 64, 64, 3)).astype(np.uint8)
    together, alone = classify(net, pictures)[0], classify(net, pictures[2:3])[0]
    torch.testing.assert_close(together[2:3], alone)


def test_every_token_is_drawn_unless_fewer_are_asked_for() -> None:
    assert [token for _, _, token in listed_tokens()] == [t for words in SLOTS.values() for t in words[1:]]
    two = [(slot, number) for slot, number, _ in listed_tokens(2)]
    assert two == [(slot, number) for slot in range(len(SLOTS)) for number in (1, 2)]


def test_missing_pictures_and_unknown_models_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "mini", "--build", str(tmp_path)]) == 2
    assert "python -m models.composer" in capsys.readouterr().err
    assert main(["evaluate", "no-such-model", "--build", str(tmp_path)]) == 2
    assert main(["list"]) == 0
    assert "mini" in capsys.readouterr().out


def test_labels_are_folded_between_words() -> None:
    assert _folded("short") == "short"
    assert (
        _folded("a cup of coffee, watercolor, starry night") == "a cup of coffee,\nwatercolor, starry night"
    )


def test_pictures_are_laid_out_without_labels_and_what_was_named_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subjects = tuple(SUBJECTS)
    rows = random_rows(len(subjects), 3, seed=5)
    assert all(is_kept_back(row) and row[MEDIUM] and np.count_nonzero(row[1:]) == 2 for row in rows)
    flags = ["--build", str(tmp_path), "--count", "3", "--seed", "5"]
    assert main(["blind", "mini", *flags]) == 0
    (file,) = capsys.readouterr().out.split()
    with Image.open(file) as sheet:
        assert sheet.height > 192 and len(set(sheet.convert("L").tobytes())) > 50
    assert {"drawn-1.png", "lists.txt"} == {path.name for path in (tmp_path / "blind").iterdir()}
    named = [(subjects[row[0]], SLOTS["medium"][row[MEDIUM]]) for row in rows]
    other = next(subject for subject in subjects if subject != named[1][0])
    answers = tmp_path / "answers.txt"
    answers.write_text(f"1: {named[0][0]} | {named[0][1]}\n\n2: {other.upper()} | {named[1][1]}\n")
    assert main(["blind", "mini", *flags, "--answers", str(answers)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "subject 1, medium 2, both 1 of 3"
    assert captions(rows, subjects)[1] in said[1] and other in said[1] and said[2].startswith("3: ")
    assert count_named({n: pair for n, pair in enumerate(named, 1)}, rows, subjects).both == 3


@pytest.mark.parametrize("line", ["4: a fox | watercolor", "a fox, watercolor", "1: a wombat | watercolor"])
def test_an_answer_that_cannot_be_counted_is_said(tmp_path: Path, line: str) -> None:
    file = tmp_path / "answers.txt"
    file.write_text(f"2: a fox | watercolor\n{line}\n")
    with pytest.raises(ModelError, match=r"answers\.txt line 2: expected"):
        read_answers(file, ("a fox",), 3)


def test_answers_that_are_not_there_and_no_pictures_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["blind", "mini", "--answers", str(tmp_path / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
    assert main(["blind", "mini", "--count", "0"]) == 2
    assert "--count" in capsys.readouterr().err


def test_a_grid_has_each_picture_above_its_label() -> None:
    pictures = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (10, 120, 240)])
    sheet = np.asarray(labelled(pictures, ["1", "2", "3"], 2, shown_px=16, label_px=12, font_px=9, gap_px=4))
    assert sheet.shape == (2 * 28, 2 * 20, 3)
    assert [int(sheet[top + 8, left + 8, 0]) for top, left in ((0, 0), (0, 20), (28, 0))] == [10, 120, 240]
    assert (sheet[28:, 20:] == 255).all()  # no fourth
    assert all((sheet[top + 16 : top + 28, left : left + 16] < 255).any() for top, left in ((0, 0), (28, 0)))
    with pytest.raises(ValueError, match="zip"):
        labelled(pictures, ["1", "2"], 2, shown_px=16, label_px=12, font_px=9)


def test_variance_between_seeds_is_told_from_that_between_prompts() -> None:
    rng = torch.Generator().manual_seed(0)
    prompts = torch.randn(5, 200, 1, 8, generator=rng)
    seeds = torch.randn(5, 200, 3, 8, generator=rng)
    assert share_of_seeds(prompts.expand(5, 200, 3, 8)) == pytest.approx(0, abs=1e-9)
    assert share_of_seeds(prompts + seeds) == pytest.approx(0.5, abs=0.05)
    assert share_of_seeds(prompts + 3 * seeds) == pytest.approx(0.9, abs=0.03)
    rows = variety_rows([4, 7])
    assert rows[:, 0].tolist() == [4] * PROMPTS + [7] * PROMPTS and rows[:, 1:].any()


def test_a_blurred_picture_has_less_energy_on_its_edges() -> None:
    sharp = torch.as_tensor(drawn_shapes(4, 64)[..., :3]).permute(0, 3, 1, 2).float() / 127.5 - 1
    soft = torch.nn.functional.avg_pool2d(sharp, 5, 1, 2, count_include_pad=False)
    assert 0 < edge_energy(soft) < 0.5 * edge_energy(sharp)


def test_pairs_are_laid_out_without_names_and_choices_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["mini", "--against", "mini", "--build", str(tmp_path), "--count", "12", "--seed", "4"]
    assert main(["pairs", *flags]) == 0
    files = [Path(line) for line in capsys.readouterr().out.split()]
    assert [file.name for file in files] == ["pairs-1.png", "pairs-2.png"]
    with Image.open(files[0]) as sheet:
        assert sheet.width == 4 * (256 + 6) and len(set(sheet.convert("L").tobytes())) > 50
    left = sides(12, 4)
    assert left.any() and not left.all()
    answers = tmp_path / "answers.txt"
    answers.write_text("\n".join(f"{n + 1}: {'left' if left[n] else 'right'}" for n in range(9)) + "\n10: ")
    with pytest.raises(ModelError, match=r"answers\.txt line 10: expected"):
        count_preferred(answers, 12, 4)
    answers.write_text(answers.read_text() + ("right" if left[9] else "left"))
    found = count_preferred(answers, 12, 4)
    assert (found.new, found.old, found.of) == (9, 1, 12) and found.chance == pytest.approx(11 / 1024)
    assert main(["pairs", *flags, "--answers", str(answers)]) == 0
    assert "preferred in 9 pairs" in capsys.readouterr().out


def test_each_model_is_on_the_side_that_the_seed_says(tmp_path: Path) -> None:
    new, old = (np.full((12, 8, 8, 3), value, np.uint8) for value in (250, 5))
    (first, _) = lay_out_pairs(new, old, ["a fox"] * 12, 4, tmp_path)
    sheet = np.asarray(Image.open(first))
    for n, on_left in enumerate(sides(12, 4)[:10]):
        top, start = n // 2 * (256 + 22), n % 2 * 2 * (256 + 6)
        assert (sheet[top + 100, start + 100, 0] > 200) == on_left
        assert (sheet[top + 100, start + 262 + 100, 0] > 200) != on_left
