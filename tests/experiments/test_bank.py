"""People, judges and ways to ask, on banks small enough to reason about."""

from dataclasses import replace

import pytest
import torch

from personalize.experiments.arms import Arm, Turn, by_strategy, floored
from personalize.experiments.bank import concept_bank
from personalize.experiments.evidence.dynamics import wrong
from personalize.experiments.linear_people import APPROVED
from personalize.experiments.people import Person, decided, oracle_of, other_eye, pixel_rules
from personalize.experiments.session import FIRST, hold
from personalize.experiments.statistics import paired, spread, verdict
from personalize.experiments.tabular import random_mdp, random_policies, walks
from personalize.experiments.word_judge import THEMES, WordEye
from personalize.preference.estimate import TastePrior


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_people_are_as_decided_as_asked_and_slips_show() -> None:
    bank, taste, _ = concept_bank(100, 6, 4, 0)
    person = Person(decided(bank.learned @ taste(seeded()), bank.exam, 0.7))
    assert oracle_of(person, bank.exam) == pytest.approx(0.7, abs=1e-3)
    rows = person.utility.argsort()[[0, 1, 2, -1]]
    picks = [person.pick(rows, 0, seeded(n)) for n in range(200)]
    blind = [replace(person, lapse=0.9).pick(rows, 0, seeded(n)) for n in range(200)]
    assert picks.count(3) > blind.count(3)


def test_who_changes_the_mind_picks_by_the_other_taste_and_is_examined_on_it() -> None:
    utility = torch.tensor([50.0, 0.0], dtype=torch.float64)
    person = Person(utility, later=-utility, change=3)
    rows = torch.tensor([0, 1])
    assert [person.pick(rows, turn, seeded()) for turn in (0, 2, 3, 9)] == [0, 0, 1, 1]
    assert float(person.likes(rows)[1]) > 0.99


def test_sessions_learn_and_the_same_seed_gives_the_same() -> None:
    bank, taste, _ = concept_bank(200, 6, 4, 0)
    person = Person(decided(bank.learned @ taste(seeded()), bank.exam, 0.75))
    arm = Arm(by_strategy("adaptive", 4), TastePrior(bank.covariance))
    one, two = (hold(arm, person, bank, [1, 15], 3) for _ in range(2))
    assert torch.equal(one.scores, two.scores) and torch.equal(one.shown, two.shown)
    assert 0.25 < float(one.scores[0, 0]) < float(one.scores[1, 0]) <= 0.75
    more = hold(replace(arm, best_worst=True), person, bank, [15], 3)
    assert more.estimate.answers == 15 and float(more.scores[0, 0]) > 0.25
    marked = hold(replace(arm, tiers=True), person, bank, [15], 3)
    assert marked.estimate.covariance.trace() < one.estimate.covariance.trace()


def test_a_person_approves_of_the_share_that_is_stated() -> None:
    person = Person(torch.linspace(-40.0, 40.0, 101, dtype=torch.float64))
    approved = person.approves(torch.arange(101), 0, seeded())
    assert float(approved.double().mean()) == pytest.approx(APPROVED, abs=0.03)
    assert bool(approved[-20:].all()) and not bool(approved[:60].any())


def test_a_floor_replaces_its_share_of_options_and_none_repeats() -> None:
    bank, taste, _ = concept_bank(200, 6, 4, 0)
    person = Person(decided(bank.learned @ taste(seeded()), bank.exam, 0.75))
    first = floored(lambda turn: turn.bank.askable[:4], 4, 0.5)
    session = hold(Arm(first, TastePrior(bank.covariance)), person, bank, [40], 0)
    kept = (session.shown < 4).double().mean()
    assert 0.35 < float(kept) < 0.65
    assert all(len(set(question.tolist())) == 4 for question in session.shown)
    random = Arm(by_strategy("random", 4), TastePrior(bank.covariance))
    assert hold(random, person, bank, [2], 0).shown.shape == (2, 4)


def test_a_pool_grows_by_what_is_drawn_and_nothing_is_shown_twice() -> None:
    bank, taste, _ = concept_bank(200, 6, 4, 0)
    person = Person(decided(bank.learned @ taste(seeded()), bank.exam, 0.75))
    arm = Arm(by_strategy("adaptive", 4), TastePrior(bank.covariance), drawn=6)
    session = hold(arm, person, bank, [2, 12], 3)
    assert len(session.drawn) == FIRST + 12 * 6 and len(set(session.drawn.tolist())) == len(session.drawn)
    for turn, question in enumerate(session.shown):
        assert bool(torch.isin(question, session.drawn[: FIRST + 6 * turn]).all())
    assert len(set(session.shown.flatten().tolist())) == session.shown.numel()
    once = hold(replace(arm, drawn=None, once=True), person, bank, [12], 3)
    assert len(set(once.shown.flatten().tolist())) == once.shown.numel()
    assert [estimate.answers for estimate in session.estimates] == [2, 12]


def test_a_question_that_is_chosen_one_behind_does_not_know_the_last_answer() -> None:
    bank, taste, _ = concept_bank(60, 6, 4, 0)
    person = Person(decided(bank.learned @ taste(seeded()), bank.exam, 0.75))
    turns: list[Turn] = []

    def ask(turn: Turn) -> torch.Tensor:
        turns.append(turn)
        return turn.pool(4)

    arm = Arm(ask, TastePrior(bank.covariance), behind=True)
    session = hold(arm, person, bank, [4], 3)
    assert [turn.estimate.answers for turn in turns] == [0, 0, 1, 2]
    assert [len(turn.unanswered) for turn in turns] == [0, 1, 1, 1]
    assert torch.equal(turns[3].unanswered[0], bank.asked[session.shown[2]])
    turns.clear()
    hold(replace(arm, behind=False), person, bank, [4], 3)
    assert [(turn.estimate.answers, len(turn.unanswered)) for turn in turns] == [(n, 0) for n in range(4)]


def test_a_mark_is_a_tap() -> None:
    bank, _, _ = concept_bank(60, 6, 4, 0)
    person = Person(torch.zeros(len(bank.learned), dtype=torch.float64))
    arm = Arm(by_strategy("random", 4), TastePrior(bank.covariance), blind=True)
    assert hold(arm, person, bank, [9], 3).taps.tolist() == [1] * 9
    assert hold(replace(arm, best_worst=True), person, bank, [9], 3).taps.tolist() == [2] * 9
    liked = hold(replace(arm, tiers=True), person, bank, [40], 3).taps.double()
    assert float(liked.mean()) == pytest.approx(1 + 3 * 0.5, abs=0.4)  # each is liked with chance 1/2


def test_rules_see_what_they_are_called_after() -> None:
    pixels = torch.full((3, 48, 48, 3), 0.5, dtype=torch.float64)
    pixels[0, ..., 0] = 0.9  # warm
    pixels[1] = 0.9  # bright
    pixels[2, ::2] = 0.1  # edges
    found = pixel_rules(pixels)
    assert [int(found[:, rule].argmax()) for rule in (0, 1, 2, 3, 4)] == [0, 1, 0, 2, 2]
    eye = other_eye(pixels)
    assert eye.shape[0] == 3 and float((eye[0] - eye[1]).norm()) > 0.1


@pytest.mark.parametrize(
    ("theme", "alike", "unlike"),
    [
        ("noir", "a cat, black and white, film grain", "a cat, vivid colors, sunburst rays"),
        ("sunny", "a lemon, warm colors, sandy beach", "a lemon, black and white, moonlight"),
        ("forest", "a fox, emerald green, pine forest", "a fox, neon sign, city skyline"),
    ],
)
def test_the_word_eye_knows_themes(theme: str, alike: str, unlike: str) -> None:
    eye = WordEye()
    one, other = eye.look([alike, unlike]) @ eye.theme(theme)
    assert float(one) > float(other)
    assert len(THEMES) == 10 and float(eye.look(["xyzzy"]).norm()) == 0.0


def test_walks_follow_policies_and_strays_are_as_rare_as_said() -> None:
    mdp = random_mdp(12, 3, 4, 3, 0.3, 0)
    policies = random_policies(mdp, 1, seeded()).expand(4000, -1, -1)
    states, taken = walks(mdp, policies, seeded(1))
    assert bool((states[:, 0] == 0).all()) and bool((mdp.successor[taken] == states[:, 1:]).all())
    usual = mdp.probability[taken] == 0.7
    assert float(usual.double().mean()) == pytest.approx(0.7, abs=0.02)
    shares = torch.bincount(states[:, 1], minlength=12) / 4000.0
    expected = mdp.visitation(policies[0])[1]
    assert float((shares - expected).abs().max()) < 0.03
    assert float((wrong(mdp).probability - mdp.probability).abs().max()) > 0.3


def test_differences_are_called_by_their_error() -> None:
    one = torch.tensor([1.0, 1.1, 0.9, 1.0], dtype=torch.float64)
    less = paired(one, one - torch.tensor([0.5, 0.4, 0.6, 0.5], dtype=torch.float64))
    assert less["people"] == 4 and less["mean"] == pytest.approx(0.5)
    assert verdict(less["mean"], less["se"], "more", "less", "same") == "more"
    assert verdict(-less["mean"], less["se"], "more", "less", "same") == "less"
    assert verdict(0.1, 0.06, "more", "less", "same") == "same" == verdict(0.0, 0.0, "more", "less", "same")
    assert spread(one[:1])["se"] == 0.0
