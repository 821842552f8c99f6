"""The plan of a study's session."""

from collections import Counter

import pytest

from personalize.errors import SettingsError
from personalize.settings import Settings
from personalize.study.plan import AGAIN_AFTER, Step, Study

STUDY = Study(("adaptive", "random", "bald"), learning=6, common=8, again=3)


def test_every_arm_and_every_common_question_gets_its_rounds() -> None:
    for seed in range(20):
        plan = STUDY.plan(seed)
        assert Counter(step.arm for step in plan if step.kind == "learn") == dict.fromkeys(STUDY.arms, 6)
        assert sorted(step.question for step in plan if step.kind == "common") == list(range(8))
        assert sum(step.kind == "again" for step in plan) == 3


def test_no_arm_gets_the_fresher_half() -> None:
    firsts: Counter[str] = Counter()
    for seed in range(300):
        learn = [step.arm for step in STUDY.plan(seed) if step.kind == "learn"]
        for block in range(6):
            assert set(learn[3 * block : 3 * block + 3]) == set(STUDY.arms)
        firsts[learn[0]] += 1
    assert all(70 <= count <= 130 for count in firsts.values())  # 100 expected; 4 standard errors are 33


def test_common_questions_are_spread_and_repeats_come_late() -> None:
    for seed in range(20):
        plan = STUDY.plan(seed)
        places = [place for place, step in enumerate(plan) if step.kind == "common"]
        assert places[0] <= 3 and places[-1] >= len(plan) - 6
        assert max(b - a for a, b in zip(places, places[1:], strict=False)) <= 5
        for place, step in enumerate(plan):
            if step.kind == "again":
                assert place - plan.index(Step("common", question=step.question)) > AGAIN_AFTER


def test_a_plan_follows_from_the_seed() -> None:
    assert STUDY.plan(1) == STUDY.plan(1) != STUDY.plan(2)


def test_a_repeat_that_would_come_too_soon_is_left_out() -> None:
    short = Study(("adaptive", "random"), learning=1, common=1, again=1)
    assert [step.kind for step in short.plan(0)].count("again") == 0


@pytest.mark.parametrize(
    ("arms", "numbers"),
    [(("adaptive",), (1, 1, 0)), (("random", "random"), (1, 1, 0)), (("adaptive", "random"), (1, 1, 2))],
)
def test_what_cannot_be_asked_is_refused(arms: tuple[str, ...], numbers: tuple[int, int, int]) -> None:
    with pytest.raises(SettingsError, match="Expected"):
        Study(arms, *numbers)


def test_the_settings_describe_the_study() -> None:
    settings = Settings.from_environment({"PALATE_STUDY_ARMS": "random, adaptive", "PALATE_STUDY_AGAIN": "0"})
    assert Study.of(settings) == Study(("random", "adaptive"), 8, 8, 0)
    with pytest.raises(SettingsError, match="found 'clever'"):
        Settings.from_environment({"PALATE_STUDY_ARMS": "adaptive,clever"})
