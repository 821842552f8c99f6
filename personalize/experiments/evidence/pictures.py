"""The loop on drawn pictures: what a pool of seen pictures and marks are worth, each alone and together."""

from collections.abc import Mapping
from typing import Any

from personalize.experiments.evidence.picture_numbers import MIDDLE, summary_of
from personalize.experiments.evidence.picture_page import draw, findings, tables
from personalize.experiments.linear_people import APPROVED
from personalize.experiments.record import Experiment, GetParts
from personalize.experiments.seen_sessions import KINDS, simulated
from personalize.progress import OnProgress


def run(settings: Mapping[str, Any], get_parts: GetParts, on_progress: OnProgress) -> dict[str, Any]:
    """All kinds of people in all arms."""
    parts = get_parts()
    people, pictures = simulated(parts, settings, on_progress)
    at = settings["at"]
    return {
        "pictures": pictures,
        "model": parts.settings.model,
        "people": settings["people"],
        "answers": at,
        "middle": at.index(MIDDLE) if MIDDLE in at else 0,
        "chance": 1.0 / settings["options"],
        "oracle": settings["oracle"],
        "approved": APPROVED,
        "kinds": {kind: summary_of(found, at) for kind, found in people.items()},
    }


EXPERIMENT = Experiment(
    name="pictures",
    question="With drawn pictures and people who do not judge as the learner sees: what is learned, what do "
    "marks and a choice among seen pictures save, and is the personal picture preferred?",
    method="A bank of pictures of three subjects is drawn once; a third is held out for the exam, which is "
    "about all subjects. A session shows one subject, and no picture twice, but for the static arms. *By "
    "words* chooses a question by what the calibrated words foresee, before the last answer is known. "
    "*Pool* chooses among "
    "pictures that were drawn, by their own features and all answers: eight exist at first, and 16 more "
    "are drawn in each round. The pool is the whole bank of the subject in the end. *Liked "
    "marked*: every other picture is marked by a logit between its utility and a level that 30 % of all "
    "pictures exceed. *Worst marked*: the least liked other picture. *Another eye* is random waves of "
    "colours and edges on a grid, which no learning has formed. *Rules* want or avoid warmth, brightness, "
    "colour, contrast, edges or a light middle. *Slips* pick blindly in 15 % of answers. A person who "
    "*wavers* has a taste that is drawn anew around its mean at every question. A person who *changes* has "
    "another taste in the second half, which the exam asks for. All are scaled so that knowing them "
    "foresees 0.75 of exam picks, before slips. *Best linear taste* is fitted to the utilities themselves. "
    "Personal pictures are chosen among all "
    "pictures of a subject: by words which three or eight are drawn, by the estimate from the pictures "
    "which one is kept, half a standard error less each. *The way* is 0 at the mean picture and 1 at "
    "the person's best. Answers are counted, not seconds; the experiment `cost` counts those. "
    "Everything is paired over people, and standard errors are over people, not over banks. The "
    "seconds of a run leave out sessions that were kept before.",
    full={
        "seed": 0,
        "people": {
            "linear": 120,
            "rules": 72,
            "another eye": 96,
            "slips": 48,
            "wavers": 48,
            "changes": 48,
        },
        "subjects": 3,
        "prompts": 420,
        "plain": 6,
        "words": 2,
        "exam": 150,
        "options": 4,
        "oracle": 0.75,
        "at": [1, 2, 4, 6, 8, 10, 12, 16, 20, 24],
        "drawn": 16,
    },
    quick={
        "people": dict.fromkeys(KINDS, 2),
        "subjects": 2,
        "prompts": 66,
        "plain": 2,
        "exam": 20,
        "at": [2, 6],
    },
    run=run,
    draw=draw,
    tables=tables,
    findings=findings,
    models=True,
)
