"""Every experiment runs at a tiny size, writes what it must, and its claims can fail."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from personalize.errors import SettingsError
from personalize.experiments import command
from personalize.experiments.evidence import EXPERIMENTS
from personalize.experiments.evidence.cost import seconds_a_mark_may_take
from personalize.experiments.evidence.synthetic import ADAPTIVE
from personalize.experiments.record import (
    SCHEMA,
    fingerprint,
    perform,
    read,
    redraw,
    silent,
    syntax_of,
    write,
)
from personalize.experiments.seen_sessions import ARMS, KINDS, POOL, POOL_WORST, RANDOM, simulated
from personalize.preparation.parts import Parts
from personalize.settings import Settings
from personalize.taste.readiness import FEWEST_ANSWERS
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

TINY: dict[str, dict[str, Any]] = {
    "synthetic": {"people": 3, "at": [1, 4, 12], "bound_people": 8, "gap_steps": 30, "steps": 20},
    "approximation": {"at": [2, 4], "oracles": [0.4, 0.75, 0.9]},
    "scaling": {},
    "criteria": {"at": [2, 4], "items": 60, "iterations": 20},
    "features": {},
    "pictures": {},
    "cost": {},
    "judge": {},
    "diversity": {"rounds": 12, "window": 4, "prompts": 200},
    "dynamics": {"noise": [0.0, 0.3], "at": [2], "seen": [0, 50]},
}


def fakes(folder: Path) -> Parts:
    settings = Settings(data=folder, candidates=100, max_tokens=3, contexts=2)
    return Parts(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """A tiny run of each."""
    folder = tmp_path_factory.mktemp("data")
    return {
        name: perform(experiment, "quick", lambda: fakes(folder), changes=TINY[name])
        for name, experiment in EXPERIMENTS.items()
    }


def test_there_is_a_tiny_run_of_every_experiment() -> None:
    assert list(TINY) == list(EXPERIMENTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TINY))
def test_it_writes_numbers_figures_and_a_page(
    name: str, records: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    experiment, record = EXPERIMENTS[name], records[name]
    files = write(experiment, record, tmp_path)
    assert {file.suffix for file in files} == {".json", ".png", ".svg", ".md"}
    assert all(file.stat().st_size > 0 for file in files)
    kept = read(experiment, tmp_path)
    assert kept["schema"] == SCHEMA and kept["mode"] in ("quick", "changed") and kept["seed"] == 0
    assert kept["settings"]["seed"] == 0 and {"torch", "code"} <= set(kept["versions"])
    page = files[-1].read_text("utf-8")
    assert "too small to conclude" in page and all(s in page for s in experiment.findings(record["numbers"]))
    before = page.replace(f"{record['seconds']:.0f} s", "")
    redraw(experiment, kept, tmp_path)  # the numbers that were written say the same as those that were not
    assert files[-1].read_text("utf-8").replace(f"{record['seconds']:.0f} s", "") == before


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TINY if name != "scaling"])
def test_accuracies_stand_beside_chance_and_oracle(name: str, records: dict[str, dict[str, Any]]) -> None:
    numbers = records[name]["numbers"].get("learning", records[name]["numbers"])
    assert 0.0 < numbers["chance"] < numbers["oracle"] < 1.0


@pytest.mark.slow
def test_the_estimate_converges_and_the_theorems_hold(records: dict[str, dict[str, Any]]) -> None:
    numbers = records["synthetic"]["numbers"]
    error = numbers["learning"]["cosine_error"][ADAPTIVE]["mean"]
    assert error[-1] < 0.5 * error[0] and numbers["learning"]["slope"][ADAPTIVE] < 0.0
    gap = numbers["gap"]
    for below, bound in zip(gap["suboptimality"]["as stated: open loop"][1:], gap["bound"][1:], strict=True):
        assert -1e-9 <= below <= bound
    for name, below in gap["suboptimality"].items():
        certified = gap["certified_gap"][name]
        assert all(b <= c + 1e-6 for b, c in zip(below, certified, strict=True))
    assert gap["suboptimality"]["pairwise, exact line search"][-1] < 0.1
    assert all(0.3 < row["ratio"] < 3.0 for row in numbers["bound"]["rows"])


@pytest.mark.slow
def test_nothing_known_of_the_transitions_costs_information(records: dict[str, dict[str, Any]]) -> None:
    for row in records["dynamics"]["numbers"]["by_noise"]:
        efficiency = {name: v["mean"] for name, v in row["information"].items()}
        assert efficiency["known"] == pytest.approx(1.0)
        assert max(efficiency.values()) < 1.02
        assert efficiency["50 episodes seen"] > efficiency["0 episodes seen"] - 0.02


@pytest.mark.slow
def test_a_strong_taste_realises_less_than_uniform_choice_claims(records: dict[str, dict[str, Any]]) -> None:
    rows = records["approximation"]["numbers"]["by_strength"]
    share = [row["realised_of_claimed"]["random"]["mean"] for row in rows]
    assert share == sorted(share, reverse=True) and share[-1] < 0.6


@pytest.mark.slow
def test_shares_of_random_and_personal_pictures_are_given_for_every_kind_and_arm(
    records: dict[str, dict[str, Any]],
) -> None:
    for of in records["pictures"]["numbers"]["kinds"].values():
        assert set(of["share_of_random"]) == set(ARMS[1:])
        for share in of["share_of_random"].values():
            assert share["mean"] is None or 0.0 < share["mean"] <= 2.0
            assert share["se"] >= 0.0
        assert all(max(way["mean"]) <= 1.0 for arm in of["reached"].values() for way in arm.values())
        for ready in of["ready_after"].values():
            after = [math.inf if number is None else number for number in ready.values()]
            assert after == sorted(after) and after[0] >= FEWEST_ANSWERS
        assert of["taps"][POOL_WORST]["mean"] == 2.0 and of["taps"][POOL]["mean"] == 1.0


@pytest.mark.slow
def test_taps_are_paid_for(records: dict[str, dict[str, Any]]) -> None:
    numbers = records["cost"]["numbers"]
    assert list(numbers["kinds"]) == list(KINDS)
    for of in numbers["kinds"].values():
        assert of["arms"][RANDOM]["answers"] <= numbers["answers"]
        for arm in of["arms"].values():
            if arm["answers"] is not None:
                assert arm["seconds"] == pytest.approx(arm["answers"] * arm["seconds_each"])
                assert arm["taps"] == pytest.approx(arm["answers"] * arm["taps_each"])
        plain, marked = of["arms"][POOL], of["arms"][POOL_WORST]
        assert marked["seconds_each"] == plain["seconds_each"] + numbers["tap_s"]


@pytest.mark.parametrize(("answers", "may_take"), [(6.0, 5.0), (12.0, None), (15.0, None)])
def test_a_mark_may_take_what_it_saves(answers: float, may_take: float | None) -> None:
    plain = {"answers": 12.0, "taps_each": 1.0}
    marked = {"answers": answers, "taps_each": 2.0}
    assert seconds_a_mark_may_take(marked, plain, 4) == may_take  # 6 answers of 5 s saved, by 6 marks


@pytest.mark.slow
def test_sessions_that_were_kept_are_read_again(tmp_path: Path) -> None:
    parts, pictures = fakes(tmp_path), EXPERIMENTS["pictures"]
    small = pictures.settings("quick", {"people": dict.fromkeys(KINDS, 1)})
    one, _ = simulated(parts, small, silent)
    (folder,) = parts.settings.cache.glob("evidence-sessions-*")
    kept = {file: file.stat().st_mtime_ns for file in folder.iterdir()}
    assert len(kept) == len(KINDS)
    more, _ = simulated(parts, {**small, "people": {**small["people"], "linear": 2, "rules": 2}}, silent)
    assert all(file.stat().st_mtime_ns == before for file, before in kept.items())
    for kind in KINDS:
        people = 2 if kind in ("linear", "rules") else 1
        assert more[kind].accuracy.shape[:2] == (people, len(ARMS))
        assert torch.equal(one[kind].accuracy[0], more[kind].accuracy[0])
    changed, _ = simulated(parts, {**small, "drawn": 9}, silent)  # other settings are other sessions
    assert not torch.equal(changed["linear"].accuracy, one["linear"].accuracy)


def test_the_command_runs_one_and_refuses_others(tmp_path: Path) -> None:
    said: list[str] = []

    def nobody() -> Parts:
        raise AssertionError("this one needs no networks")

    command.run_experiment("scaling", True, tmp_path, nobody, said.append, lambda what, done, of: None)
    record = json.loads((tmp_path / "scaling" / "scaling.json").read_text("utf-8"))
    assert record["mode"] == "quick" and said and said[0].startswith("scaling")
    assert "scaling" in command.evidence_summary(tmp_path)
    command.run_experiment("redraw", True, tmp_path, nobody, said.append, lambda what, done, of: None)
    for name, folder, word in (("hope", tmp_path, "hope"), ("scaling", Path("/dev/null/x"), "--out")):
        with pytest.raises(SettingsError, match=word):
            command.run_experiment(name, True, folder, nobody, said.append, lambda what, done, of: None)


def test_the_fingerprint_is_of_code_and_not_of_docstrings() -> None:
    source = '"""Of a module."""\n\nSIZE = 3\n"""Of a constant."""\n'
    source += 'def f() -> int:\n    """{}"""\n    return {}\n'
    assert syntax_of(source.format("One.", 1)) == syntax_of("# other layout\n" + source.format("Two.", 1))
    assert syntax_of(source.format("One.", 1)) != syntax_of(source.format("One.", 2))
    digests = {fingerprint(experiment) for experiment in EXPERIMENTS.values()}
    assert len(digests) == len(EXPERIMENTS) and all(len(digest) == 12 for digest in digests)
