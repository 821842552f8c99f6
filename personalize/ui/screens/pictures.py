"""Pictures in a taste beside plain ones, and the blind test of them: values to HTML, as in `views`."""

from collections.abc import Sequence

from personalize.session.record import Trial
from personalize.taste.blind_test import TRIALS, BlindTest
from personalize.taste.personal_pictures import Pair, PersonalSet
from personalize.ui.background import Progress
from personalize.ui.screens.bars import numbers
from personalize.ui.screens.html import file_name, picture_url, written
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Words


def pairs(words: Words, token: str, made: PersonalSet) -> str:
    """Plain pictures beside personal ones, with their prompts and why."""
    return written(
        words,
        "pairs",
        drawing=False,
        state=words.count(
            "pairs_state",
            len(made.pairs),
            subject=made.subject,
            strength=f"{made.strength:g}",
            seed=made.seed,
        ),
        left="",
        pairs=[_pair(token, made.subject, pair) for pair in made.pairs],
        without=made.without,
    )


def pairs_drawing(words: Words, count: int, progress: Progress) -> str:
    """The place of the pairs while they are drawn."""
    return written(
        words,
        "pairs",
        drawing=True,
        state=words("drawing_now"),
        left=sentences.left(words, progress),
        share=progress.share,
        count=count,
    )


def trial(words: Words, number: int, subject: str, pictures: Sequence[str], token: str) -> str:
    """Two unlabelled pictures."""
    heading = words("trial_of" if number <= TRIALS else "trial_only", number=number, trials=TRIALS)
    return _proof(
        words,
        number=number,
        heading=heading,
        title=words("trial_title"),
        subject=subject,
        cards=[picture_url(token, picture) for picture in pictures],
        state=words("trial_state", number=number, subject=subject),
    )


def trial_drawing(words: Words, progress: Progress) -> str:
    """Its place while they are drawn."""
    return _proof(
        words,
        heading=words("trial_next"),
        title=words("trial_title"),
        drawing=True,
        share=progress.share,
        state=words("drawing_now"),
        left=sentences.left(words, progress),
    )


def proof_result(words: Words, proof: BlindTest, trials: Sequence[Trial], token: str) -> str:
    """How often the personal picture was chosen, with its interval, and every trial with its labels."""
    return _proof(
        words,
        heading=words.count("proof_after", proof.answered),
        title=words("proof_title"),
        sentence=sentences.proven(words, proof),
        wins=proof.wins,
        answered=proof.answered,
        low=round(100 * proof.low),
        high=round(100 * proof.high),
        share_won=round(100 * proof.wins / max(1, proof.answered)),
        trials=[
            {
                "chosen": trial.chosen,
                "prompt": trial.prompt,
                "plain_prompt": trial.plain_prompt,
                "personal": picture_url(token, trial.personal),
                "plain": picture_url(token, trial.plain),
            }
            for trial in trials
        ],
        state=sentences.proven(words, proof),
        more=True,
    )


def _proof(words: Words, **values: object) -> str:
    blank: dict[str, object] = {
        "number": 0, "heading": "", "title": "", "subject": "", "cards": (), "drawing": False, "share": 0.0,
        "state": "", "left": "", "trials": (), "more": False,
    }  # fmt: skip
    return written(words, "proof", **(blank | values))


def pairs_none(words: Words) -> str:
    """The place of the pairs before any was asked for."""
    return written(words, "pairs", drawing=False, state=words("pairs_none"), left="", pairs=[], without=())


def _pair(token: str, subject: str, pair: Pair) -> dict[str, object]:
    sides = [
        ("plain", "side_plain", pair.plain_prompt, pair.plain),
        ("yours", "side_yours", pair.prompt, pair.personal),
    ]
    return {
        "sides": [
            {
                "kind": kind,
                "label": label,
                "prompt": prompt,
                "url": picture_url(token, picture),
                "file": file_name(subject, kind, pair.seed),
            }
            for kind, label, prompt, picture in sides
        ],
        "added": [{"token": o.token, **numbers(o)} for o in pair.tokens if o.token],
        "seed": pair.seed,
    }
