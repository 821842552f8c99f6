"""The app's loop on pictures, judged by people of several kinds: what is learned, who wins at the end."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from personalize.experiments.arms import Arm, by_strategy, identical, items_design
from personalize.experiments.bank import SPREAD, Bank
from personalize.experiments.figures import bars, legend_beside, lines, named, panels
from personalize.experiments.people import Person, kinds
from personalize.experiments.picture_bank import PictureBank, picture_bank
from personalize.experiments.record import Experiment, GetParts, Table
from personalize.experiments.session import Session, hold
from personalize.experiments.statistics import last, paired, said, signed, spread, verdict
from personalize.preparation.effects import measured_effects
from personalize.preparation.parts import Parts
from personalize.progress import OnProgress

APP, BEST_WORST = "adaptive, by words (the app)", "the same, best and worst told"
BY_PICTURES, STATIC = "adaptive, by pictures", "static, rounded"
PAPER, RANDOM = "static, as the paper states it", "random"
ARMS = (APP, BEST_WORST, BY_PICTURES, STATIC, PAPER, RANDOM)


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """All kinds of people in all arms."""
    parts = get_parts()
    pictures = picture_bank(parts, settings, on_progress)
    exam = pictures.exam(settings["exam"], settings["options"], settings["seed"])
    words, seen = pictures.worded, pictures.learned
    bank = Bank(seen, words, torch.nonzero(~pictures.plain)[:, 0], exam)
    arms = [_arms(settings, pictures, bank, subject) for subject in range(settings["subjects"])]
    judges = kinds(pictures, effects_of(parts), exam, settings["oracle"], settings["at"][-1] // 2)
    result = {}
    for kind, judge in judges.items():
        sessions: dict[str, list[Session]] = {arm: [] for arm in ARMS}
        wins: dict[str, list[list[float]]] = {arm: [] for arm in ARMS}
        ceilings = []
        for number in range(settings["people"]):
            person = judge(torch.Generator().manual_seed(1000 * settings["seed"] + number))
            subject = number % settings["subjects"]
            ceilings.append(_ceiling(person, bank))
            for name, (arm, own) in arms[subject].items():
                session = hold(arm, person, own, settings["at"], 50 + number)
                sessions[name].append(session)
                wins[name].append(_wins(person, session, pictures, subject, words, seen))
            on_progress(f"pictures: people, {kind}", number + 1, settings["people"])
        result[kind] = _summary(sessions, wins, ceilings)
    return {
        "pictures": len(pictures.prompts),
        "model": parts.settings.model,
        "answers": settings["at"],
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "word_share": _word_share(words, seen, bank.askable),
        "kinds": result,
    }


def effects_of(parts: Parts) -> Tensor:
    """Float[S, D], of tokens in the learner's whole space."""
    return measured_effects(
        parts.vocabulary,
        parts.renderer,
        parts.embedder,
        parts.settings,
        lambda what, done, of: None,
        parts.shipped,
    )[0]


def _arms(
    settings: Mapping[str, Any], pictures: PictureBank, bank: Bank, subject: int
) -> dict[str, tuple[Arm, Bank]]:
    """Sessions show one subject; static designs are made of words, before anything is drawn."""
    K, T, prior = settings["options"], settings["at"][-1], pictures.preparation.prior
    own = bank.only(pictures.of_subject(subject, False))
    drawn = Bank(own.learned, own.learned, own.askable, own.exam)
    design = items_design(own, K, T, prior.planning_precision(SPREAD))
    rounded = by_strategy("static-rounded", K, design=design, prior=prior)
    return {
        APP: (Arm(by_strategy("adaptive", K, liked_share=0.5), prior), own),
        BEST_WORST: (Arm(by_strategy("adaptive", K, liked_share=0.5), prior, best_worst=True), own),
        BY_PICTURES: (Arm(by_strategy("adaptive", K, liked_share=0.5), prior), drawn),
        STATIC: (Arm(rounded, prior, blind=True), own),
        PAPER: (Arm(by_strategy("static-iid", K, design=identical(design)), prior, blind=True), own),
        RANDOM: (Arm(by_strategy("random", K), prior, blind=True), own),
    }


def _ceiling(person: Person, bank: Bank) -> float:
    """What the best taste that is linear in the learner's features foresees of a person's exam picks."""
    rows = bank.askable
    x = bank.learned - bank.learned[rows].mean(dim=0)
    u = person.final - person.final[rows].mean()
    ridge = 1e-6 * float(x[rows].square().sum()) * torch.eye(x.shape[1], dtype=x.dtype)
    theta = torch.linalg.solve(x[rows].T @ x[rows] + ridge, x[rows].T @ u[rows])
    guess = (x @ theta)[bank.exam].argmax(dim=1, keepdim=True)
    return float(person.likes(bank.exam).gather(1, guess).mean())


def _wins(
    person: Person, session: Session, pictures: PictureBank, subject: int, words: Tensor, seen: Tensor
) -> list[float]:
    """How often a personal picture of the subject is preferred to a plain one, four ways to choose it.

    By words, with the app's caution of half a standard error; by the picture; at random; the person's best.
    """
    rows = pictures.of_subject(subject, True)
    plain = torch.nonzero((pictures.subject == subject) & pictures.plain)[:, 0]
    estimate, utility = session.estimate, person.final
    cautious = estimate.utility(words[rows]) - 0.5 * estimate.standard_error(words[rows])
    by_words = rows[cautious.argmax()]
    by_picture = rows[estimate.utility(seen[rows]).argmax()]
    best = rows[utility[rows].argmax()]
    against = utility[plain]
    chosen = [torch.sigmoid(utility[row] - against).mean() for row in (by_words, by_picture)]
    anyone = torch.sigmoid(utility[rows][:, None] - against[None]).mean()
    return [float(v) for v in (*chosen, anyone, torch.sigmoid(utility[best] - against).mean())]


def _summary(
    sessions: dict[str, list[Session]], wins: dict[str, list[list[float]]], ceilings: list[float]
) -> dict[str, Any]:
    accuracy = {arm: torch.stack([s.scores[:, 0] for s in found]) for arm, found in sessions.items()}
    won = {arm: torch.tensor(rows, dtype=torch.float64) for arm, rows in wins.items()}
    place = {
        arm: torch.tensor(
            [float(s.places.bincount(minlength=2).max()) / len(s.places) for s in found], dtype=torch.float64
        )
        for arm, found in sessions.items()
    }
    return {
        "best_linear": spread(torch.tensor(ceilings, dtype=torch.float64)),
        "accuracy": {arm: spread(v) for arm, v in accuracy.items()},
        "less_random": {arm: paired(v, accuracy[RANDOM]) for arm, v in accuracy.items() if arm != RANDOM},
        "app_less": {arm: paired(accuracy[APP], v) for arm, v in accuracy.items() if arm != APP},
        "win_by_words": {arm: spread(v[:, 0]) for arm, v in won.items()},
        "win_by_picture": {arm: spread(v[:, 1]) for arm, v in won.items()},
        "win_at_random": spread(won[APP][:, 2]),
        "win_best": spread(won[APP][:, 3]),
        "win_over_random_styles": {arm: paired(v[:, 1], v[:, 2]) for arm, v in won.items()},
        "commonest_place": {arm: spread(v) for arm, v in place.items()},
    }


def _word_share(words: Tensor, seen: Tensor, rows: Tensor) -> float:
    """Share of the pictures' variance in the learner's features that the sum of their words foresees."""
    x, y = (v[rows] - v[rows].mean(dim=0) for v in (words, seen))
    scale = float((x * y).sum() / x.square().sum())
    return 1.0 - float((y - scale * x).square().sum() / y.square().sum())


def draw(numbers: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    """Accuracy by kind of judge, and win rates."""
    found = numbers["kinds"]
    figure, axes = panels(len(found), share_y=True, rows=2)
    for axis, (kind, of) in zip(axes, found.items(), strict=True):
        levels = {
            "knowing the person": numbers["oracle"],
            "best linear taste": of["best_linear"]["mean"],
            "chance": numbers["chance"],
        }
        lines(axis, numbers["answers"], of["accuracy"], levels, legend=False)
        named(axis, "answers", "share of exam picks foreseen", kind)
    legend_beside(figure, axes[0], 3)
    second, (axis,) = panels(1)
    second.set_size_inches(11, 3.8)
    bars(
        axis,
        [kind.replace(" ", "\n", 1) for kind in found],
        {
            "a random style": _bars(found, lambda of: of["win_at_random"]),
            "after random questions": _bars(found, lambda of: of["win_by_picture"][RANDOM]),
            "after the app's": _bars(found, lambda of: of["win_by_picture"][APP]),
            "the person's best": _bars(found, lambda of: of["win_best"]),
        },
        {"chance": 0.5},
    )
    named(axis, "", "preferred to the plain picture", "personal against plain, judged by")
    return {
        "accuracy": (figure, "Accuracy on common held-out questions, by kind of judge and arm."),
        "wins": (second, "How often the personal picture is preferred to a plain one."),
    }


def _bars(found: dict[str, Any], value: Any) -> tuple[list[float], list[float]]:
    return [value(of)["mean"] for of in found.values()], [value(of)["se"] for of in found.values()]


def tables(numbers: dict[str, Any]) -> tuple[Table, ...]:
    """Accuracy, differences and win rates by kind."""
    final = numbers["answers"][-1]
    note = f"after {final} answers, chance {numbers['chance']:.2f}, knowing the person "
    f"{numbers['oracle']:.2f}"
    accuracy, less, wins = [], [], []
    for kind, of in numbers["kinds"].items():
        linear = said(of["best_linear"]["mean"], of["best_linear"]["se"])
        accuracy.append((kind, linear, *(said(*last(of["accuracy"][arm])) for arm in ARMS)))
        less.append((kind, *(signed(*last(of["less_random"][arm])) for arm in ARMS[:-1])))
        rates = (of["win_at_random"], *(of[f"win_by_{by}"][APP] for by in ("words", "picture")))
        rates = (*rates, of["win_by_picture"][RANDOM], of["win_best"])
        wins.append((kind, *(said(rate["mean"], rate["se"], 2) for rate in rates)))
    heads = (
        "a random style",
        "app, by words",
        "app, best by picture",
        "random questions",
        "the person's best",
    )
    return (
        Table(f"Accuracy ({note})", ("Judge", "best linear taste", *ARMS), tuple(accuracy)),
        Table("Less random, paired", ("Judge", *ARMS[:-1]), tuple(less)),
        Table("Preferred to the plain picture (chance 0.50)", ("Judge", *heads), tuple(wins)),
    )


def findings(numbers: dict[str, Any]) -> tuple[str, ...]:
    """In words."""
    found, final = numbers["kinds"], numbers["answers"][-1]
    words: dict[str, list[str]] = {"better": [], "worse": [], "not told apart": []}
    for kind, of in found.items():
        mean, error = last(of["less_random"][APP])
        words[verdict(mean, error, "better", "worse", "not told apart")].append(
            f"{kind} {signed(mean, error)}"
        )
    parts = [f"{word}: {', '.join(those)}" for word, those in words.items() if those]
    drawn = [f"{kind} {signed(*last(of['less_random'][BY_PICTURES]))}" for kind, of in found.items()]
    both = [f"{kind} {signed(*last(of['less_random'][BEST_WORST]))}" for kind, of in found.items()]
    levels = [
        f"{kind} {said(*last(of['accuracy'][APP]))} (best linear {of['best_linear']['mean']:.3f})"
        for kind, of in found.items()
    ]
    wins = [
        f"{kind} {said(of['win_by_picture'][APP]['mean'], of['win_by_picture'][APP]['se'], 2)} (a random "
        f"style {of['win_at_random']['mean']:.2f}, the best {of['win_best']['mean']:.2f})"
        for kind, of in found.items()
    ]
    return (
        f"After {final} answers about {numbers['pictures']} drawn pictures the app foresees of held-out "
        f"picks (chance {numbers['chance']:.2f}, knowing the person {numbers['oracle']:.2f}): "
        f"{'; '.join(levels)}.",
        f"The app's questions less random ones, {'; '.join(parts)}. The sum of their words foresees "
        f"{numbers['word_share']:.2f} of what differs between pictures; questions chosen by the pictures "
        f"themselves, less random: {'; '.join(drawn)}.",
        f"Best and worst told, less random: {'; '.join(both)}.",
        f"The personal picture is preferred to the plain one: {'; '.join(wins)}.",
    )


EXPERIMENT = Experiment(
    name="pictures",
    question="With drawn pictures and people who do not judge as the learner sees: what is learned, how "
    "many picks does it take, and is the personal picture preferred to the plain one?",
    method="A bank of pictures is drawn once (so questions are chosen among pictures that exist, the "
    "same for all arms); a third is held out. A session shows one subject; the exam is about all. "
    "*Another eye* is random waves of colours and edges on a grid, which no learning has formed; *rules* "
    "want or avoid warmth, brightness, colour, contrast, edges or a light middle; *slips* pick blindly in "
    "15 % of answers; who *wavers* has a taste that is drawn anew around its mean at every question; who "
    "*changes the mind* has another taste in the second half, which the exam asks for. All are scaled so "
    "that knowing them foresees 0.75 of exam picks, before slips. *Best linear taste* is fitted to the "
    "utilities themselves. Options are shuffled. A personal picture is the held-out one of the subject "
    "that the estimate likes best.",
    full={
        "seed": 0,
        "people": 32,
        "subjects": 8,
        "prompts": 180,
        "plain": 6,
        "words": 2,
        "exam": 120,
        "options": 4,
        "oracle": 0.75,
        "at": [1, 2, 4, 6, 8, 10, 12, 16, 20, 24],
    },
    quick={"people": 2, "subjects": 2, "prompts": 30, "plain": 2, "exam": 20, "at": [2, 6]},
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
