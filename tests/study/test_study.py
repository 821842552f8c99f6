"""A study from sessions to findings: simulated people, the real loop, the file and the analysis."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from personalize.errors import PersonalizeError, SessionError, SettingsError
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.session.store import Store
from personalize.settings import Settings
from personalize.study.analysis import analyse, interval, rate, sample_sizes
from personalize.study.command import analyse_study, export_study
from personalize.study.export import DICTIONARY, read_study
from personalize.study.plan import Study
from personalize.taste.blind_test import answer_trial, next_trial
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary
from tests.session.damage import damage

RENDERER, EMBEDDER = FakeRenderer(), FakeEmbedder()
LIKES = ("night", "watercolor")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        data=tmp_path_factory.mktemp("data"), strategy="study", study_learning=4, study_common=6,
        study_again=2, contexts=2, pool=40, candidates=100, max_tokens=3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def preparation(settings: Settings) -> Preparation:
    return prepare(fake_vocabulary(), RENDERER, EMBEDDER, settings)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    database = DatabaseStore(f"sqlite:///{tmp_path / 'palate.sqlite3'}", tmp_path / "pictures")
    yield database
    database.close()


def liking(prompt: str) -> int:
    """Number of liked words in a prompt: the utility of a simulated person."""
    return sum(word in prompt for word in LIKES)


def take_part(loop: Personalizer, seed: int, rounds: int = 100) -> str:
    """Answer at most `rounds` rounds of the plan, and return the session's token."""
    token = loop.start("a fox", seed=seed, consent=True).token
    for _ in range(min(rounds, len(Study.of(loop.settings).plan(seed)))):
        round_ = loop.propose(token)
        loop.render(token, round_.number)
        scores = [liking(prompt) for prompt in round_.prompts]
        if max(scores) == 0:
            loop.answer(token, round_.number, none=True)
        else:
            loop.answer(token, round_.number, best=scores.index(max(scores)))
    return token


def study_of(preparation: Preparation, store: Store, settings: Settings, people: int) -> Personalizer:
    loop = Personalizer(preparation, store, RENDERER, EMBEDDER, settings)
    for seed in range(people):
        token = take_part(loop, seed)
        trial = next_trial(loop, token)
        answer_trial(loop, token, trial.number, liking(trial.prompt) > 0 and trial.personal_first)
    return loop


def exported(loop: Personalizer, settings: Settings, file: Path) -> list[dict[str, Any]]:
    export_study(loop.preparation, loop.store, RENDERER, EMBEDDER, settings, file)
    return read_study(file)


def test_a_study_goes_from_sessions_to_findings(
    preparation: Preparation, store: Store, settings: Settings, tmp_path: Path
) -> None:
    loop = study_of(preparation, store, settings, 3)
    loop.start("an owl", strategy="adaptive")  # a session outside the study
    lines = exported(loop, settings, tmp_path / "study.jsonl")
    header, people = lines[0], lines[1:]
    assert header["participants"] == len(people) == 3 and header["arms"] == ["adaptive", "random"]
    assert sorted(person["participant"] for person in people) == [1, 2, 3]
    findings = analyse(lines)
    assert findings.people == 3 and findings.chance == 0.25
    assert all(found.mean > findings.chance for found in findings.arms.values())
    # The simulated people always give the same answer.
    assert findings.agreement.trials > 0 and findings.agreement.share == 1.0
    said = analyse_study(tmp_path / "study.jsonl", as_numbers=False)
    assert "3 participants" in said and "adaptive - random" in said and "chance 0.250" in said
    numbers = json.loads(analyse_study(tmp_path / "study.jsonl", as_numbers=True))
    assert numbers["arms"]["random"]["mean"] == findings.arms["random"].mean


def test_a_damaged_answer_is_left_out_of_the_study(
    preparation: Preparation, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "palate.sqlite3"
    store = DatabaseStore(f"sqlite:///{file}", tmp_path / "pictures")
    loop = Personalizer(preparation, store, RENDERER, EMBEDDER, settings)
    take_part(loop, 1)
    damage(file, 2, "best = 0.5")
    lines = exported(loop, settings, tmp_path / "study.jsonl")
    rounds = len(Study.of(settings).plan(1))
    assert [one["number"] for one in lines[1]["rounds"]] == [1, *range(3, rounds + 1)]
    assert analyse(lines).people == 1
    store.close()


def test_everybody_gets_the_common_questions_and_repeats_are_the_same_pictures(
    preparation: Preparation, settings: Settings
) -> None:
    loop = study_of(preparation, MemoryStore(), settings, 2)
    asked: list[dict[int, frozenset[str]]] = []
    for session, _ in loop.store.studied(preparation.vocabulary.fingerprint, EMBEDDER.name):
        plan = Study.of(settings).plan(session.seed)
        common: dict[int, frozenset[str]] = {}
        for step, round_ in zip(plan, session.rounds, strict=True):
            if step.kind == "common":
                common[step.question] = frozenset(round_.pictures)
            if step.kind == "again":
                before = next(
                    r for s, r in zip(plan, session.rounds, strict=True)
                    if (s.kind, s.question) == ("common", step.question)
                )  # fmt: skip
                assert frozenset(round_.pictures) == common[step.question]
                assert round_.pictures != before.pictures
        asked.append(common)
    assert asked[0] == asked[1] and len(asked[0]) == settings.study_common


def test_an_arm_learns_from_its_own_rounds_alone(preparation: Preparation, settings: Settings) -> None:
    """Answers to the random arm do not change the questions of the adaptive arm."""
    asked = []
    for contrary in (False, True):
        loop = Personalizer(preparation, MemoryStore(), RENDERER, EMBEDDER, settings)
        token = loop.start("a fox", seed=5, consent=True).token
        questions = []
        for step in Study.of(settings).plan(5):
            round_ = loop.propose(token)
            loop.render(token, round_.number)
            if (step.kind, step.arm) == ("learn", "adaptive"):
                questions.append(set(round_.prompts))
            scores = [liking(prompt) for prompt in round_.prompts]
            wrong = contrary and step.arm != "adaptive"
            best = scores.index(min(scores) if wrong else max(scores))
            loop.answer(token, round_.number, best=best)
        asked.append(questions)
    assert asked[0] == asked[1] and len({frozenset(question) for question in asked[0]}) > 1


def test_nobody_takes_part_without_consent(preparation: Preparation, settings: Settings) -> None:
    loop = Personalizer(preparation, MemoryStore(), RENDERER, EMBEDDER, settings)
    with pytest.raises(SessionError, match="consent"):
        loop.start("a fox")
    assert loop.start("a fox", strategy="adaptive").strategy == "adaptive"
    assert loop.store.studied(preparation.vocabulary.fingerprint, EMBEDDER.name) == []


def test_after_the_plan_questions_go_on(preparation: Preparation, settings: Settings) -> None:
    loop = Personalizer(preparation, MemoryStore(), RENDERER, EMBEDDER, settings)
    token = take_part(loop, 1)
    after = loop.propose(token)
    assert after.number == len(Study.of(settings).plan(1)) + 1 and after.strategy == "adaptive"


def test_nothing_in_the_file_opens_a_session(
    preparation: Preparation, settings: Settings, tmp_path: Path
) -> None:
    store = MemoryStore()
    loop = Personalizer(preparation, store, RENDERER, EMBEDDER, settings)
    token = take_part(loop, 1)
    lines = exported(loop, settings, tmp_path / "study.jsonl")
    assert token not in (tmp_path / "study.jsonl").read_text("utf-8")
    keys = {key for line in lines for key in line} | {key for r in lines[1]["rounds"] for key in r}
    assert keys - set(DICTIONARY) == {
        "dictionary", "participants", "renderer", "embedder", "vocabulary", "learning", "common", "again",
    } - set(DICTIONARY)  # fmt: skip
    loop.store.delete(token)
    with pytest.raises(PersonalizeError, match="found none"):
        exported(loop, settings, tmp_path / "again.jsonl")


def test_who_answered_too_little_is_left_out_and_said(
    preparation: Preparation, settings: Settings, tmp_path: Path
) -> None:
    store = MemoryStore()
    loop = study_of(preparation, store, settings, 2)
    take_part(loop, 9, rounds=1)
    lines = exported(loop, settings, tmp_path / "study.jsonl")
    findings = analyse(lines)
    assert (findings.people, findings.left_out) == (2, 1)
    with pytest.raises(PersonalizeError, match="at least one participant"):
        analyse([lines[0]])


@pytest.mark.parametrize(
    "content", ["", "{}", "not JSON", '{"study": 99}', '{"study": 1, "arms": []}\n{"x": 1}']
)
def test_what_is_no_study_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "study.jsonl"
    file.write_text(content)
    with pytest.raises(SettingsError, match="Expected"):
        read_study(file)
    with pytest.raises(SettingsError, match="Expected a study"):
        read_study(tmp_path / "missing.jsonl")


def test_the_numbers_of_the_analysis() -> None:
    found = interval([0.5, 0.6, 0.7])
    assert found.mean == pytest.approx(0.6) and found.error == pytest.approx(0.1 / 3**0.5)
    assert found.high - found.mean == pytest.approx(4.302653 * found.error, rel=1e-5)  # Student, 2 d.f.
    assert rate(0, 0).low == 0.0 and rate(8, 10).low == pytest.approx(0.4902, abs=1e-3)
    assert sample_sizes(0.1)[0.05] == 32  # (1.96 + 0.84)^2 (0.1 / 0.05)^2 = 31.4
    assert sample_sizes(float("nan")) == {}


def test_a_better_arm_is_found_better(preparation: Preparation, settings: Settings) -> None:
    """With random answers an arm predicts worse, and the analysis finds the difference significant."""
    loop = study_of(preparation, MemoryStore(), replace(settings, study_learning=8, study_common=12), 16)
    lines = []
    generator = torch.Generator().manual_seed(0)
    sessions = loop.store.studied(preparation.vocabulary.fingerprint, EMBEDDER.name)
    from personalize.rendering.pictures import Pictures
    from personalize.study.export import study_lines

    pictures = Pictures(loop.store, RENDERER, EMBEDDER, preparation.space)
    for line in study_lines(
        Study.of(loop.settings), sessions, preparation.prior, lambda r: pictures.features(r.pictures), {}
    ):
        for round_ in line.get("rounds", []):
            if round_["arm"] == "random":
                round_["best"] = int(torch.randint(4, (1,), generator=generator))
        lines.append(line)
    findings = analyse(lines)
    assert findings.differences["adaptive - random"].mean > 0.1
    assert findings.differences["adaptive - random"].low > 0.0
