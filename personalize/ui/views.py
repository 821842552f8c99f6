r"""Values to HTML. Every text is escaped here, on the server, and nowhere else.

Gradio's own templates are not used for text: they escape `<`, but then run what comes out as a JavaScript
template literal, in which a subject such as `\x3cimg ...` becomes a tag again. The components get finished
HTML as their value (`picker.py`), and a value is never run.
"""

import re
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from personalize.personal import Pair, PersonalSet
from personalize.personalizer import Opinion, Taste
from personalize.proof import TRIALS, Proof
from personalize.session.record import Round, Session, Trial
from personalize.session.taste_file import TasteFile, dated
from personalize.ui.bars import numbers, reach_of, rows
from personalize.ui.drawing import Progress
from personalize.ui.place import Place, Screen
from personalize.why import Why

TEMPLATES = Path(__file__).parent / "templates"
FEW_ROUNDS = 3
"""Answers after which the taste may be looked at, ready or not."""
SHOWN_OF_FILE = 6
"""Words of a taste file that are shown before it is taken."""
LEARNED_ROWS = 8
"""Bars in the panel beside the pictures."""
STEPS: tuple[tuple[Screen, str], ...] = (("rounds", "Pick"), ("taste", "Taste"), ("studio", "Pictures"))
LENS = Markup(
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">'
    '<circle cx="8.5" cy="8.5" r="5.5"/><path d="M13 13l4.5 4.5"/></svg>'
)
DOWN = Markup(
    '<svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">'
    '<path d="M6 3h7.5l2.5 7h-5l1 5.5c-1.6.8-2.6 0-3-1.5L7.5 10H6zM3 3v7"/></svg>'
)

_pages = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def _written(template: str, **values: object) -> str:
    return _pages.get_template(template + ".html").render(**values)


def masthead(place: Place) -> str:
    """The top of the page; its `data-screen` says which screen the style sheet shows."""
    return _written("masthead", screen=place.screen, token=place.token, steps=STEPS)


def booth(idle_s: int, address: str) -> str:
    """What the page needs to know at a booth, and the loop that draws people in."""
    return _written("booth", idle_s=idle_s, address=address)


def notice(text: str = "", kind: str = "trouble") -> str:
    """One sentence above everything, or nothing; `kind` is "trouble" or "news"."""
    return _written("notice", text=text, kind=kind)


def start(options: int, rounds: int) -> str:
    """The first thing a person sees."""
    return _written("start", options=options, rounds=rounds)


def wall() -> str:
    """A gallery wall, drawn by the style sheet."""
    return _written("wall")


def chips(subjects: Sequence[str]) -> str:
    """Example subjects to press."""
    return _written("chips", subjects=subjects)


def consent(local: bool) -> str:
    """What is kept, and where."""
    where = "on this machine" if local else "on the machine that serves this page"
    return _written("consent", where=where)


def arrival(file: TasteFile) -> str:
    """What a taste file says, and whether to go on from it."""
    liked = sorted(file.opinions, key=lambda said: -said.utility)[:SHOWN_OF_FILE]
    return _written("arrival", drawing=False, file=file, made=dated(file.made), liked=liked)


def arrival_drawing(progress: Progress) -> str:
    """Its place while the pictures are drawn again."""
    return _written("arrival", drawing=True, left=_left(progress), share=progress.share)


def arrival_none() -> str:
    """Its place without one."""
    return _written("arrival", drawing=False, file=None)


def studio() -> str:
    """The head of the screen of personal pictures."""
    return _written("studio")


def picture_url(token: str, picture: str) -> str:
    """Where `routes.py` serves a picture; relative, so that a proxy may put the page below a folder."""
    return f"picture/{token}/{picture}.png"


def file_name(subject: str, kind: str, seed: int) -> str:
    """A file name for a saved picture: "palate-a-fox-plain-7.png"."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "picture"
    return f"palate-{words}-{kind}-{seed}.png"


def round_view(
    session: Session,
    current: Round | None,
    rounds: int,
    *,
    progress: Progress | None = None,
    failed: bool = False,
    why: Why | None = None,
) -> str:
    """The question: K cards, or K skeletons while they are drawn.

    Args:
        session: whose past picks are shown.
        current: the open round; None before it was proposed.
        rounds: how many rounds are planned.
        progress: of the drawing; None when there is none.
        failed: the drawing failed and can be tried again.
        why: what the question is about.
    """
    number = len(session.answered) + 1 if current is None else current.number
    ready = current is not None and current.rendered and not failed
    if ready and current is not None:
        cards = [
            {"prompt": prompt, "url": picture_url(session.token, picture)}
            for prompt, picture in zip(current.prompts, current.pictures, strict=True)
        ]
        state, left = f"Round {number}: the pictures are ready.", ""
    else:
        cards = [{}] * session.options
        state, left = ("Not drawn yet.", "") if failed else ("Drawing,", _left(progress))
    return _written(
        "round",
        # A value equal to the last one is not woven in again, and would leave what the script has marked.
        serial=time.monotonic_ns(),
        number=number,
        ready=ready,
        cards=cards,
        heading=f"Round {number} of {rounds}" if number <= rounds else f"Round {number}",
        subject=session.subject,
        share=0.0 if progress is None or failed else progress.share,
        past=_past(session),
        to_come=range(number, max(rounds, number) + 1),
        state=state,
        left=left,
        failed=failed,
        lens=LENS,
        down=DOWN,
        asks=() if why is None else why.tokens,
        settled=0 if why is None else round(100 * why.settled),
        shown=current.fingerprint if ready and current is not None else "",
    )


def round_lost(options: int) -> str:
    """The place of a question that cannot be read: blank cards, and a way to try again."""
    return _written(
        "round",
        serial=time.monotonic_ns(),
        number=0,
        ready=False,
        cards=[{}] * options,
        heading="Your session cannot be read just now",
        subject="",
        share=0.0,
        past=[],
        to_come=[],
        state="Not drawn yet.",
        left="",
        failed=True,
        lens=LENS,
        down=DOWN,
        asks=(),
        settled=0,
        shown="",
    )


def learned(taste: Taste) -> str:
    """The panel beside the pictures: the words known best, and how sure the estimate is."""
    known = sorted(_named(taste), key=lambda opinion: -abs(opinion.utility))[:LEARNED_ROWS]
    known.sort(key=lambda opinion: -opinion.utility)
    return _written(
        "learned",
        opinions=rows(known, reach_of(known)),
        may_stop=taste.ready or taste.answered >= FEW_ROUNDS,
        **_certainty(taste),
    )


def taste_view(session: Session, taste: Taste) -> str:
    """Everything that was learned: a sentence, and bars grouped by slot."""
    named = _named(taste)
    slots = list(dict.fromkeys(opinion.slot for opinion in sorted(named, key=lambda o: -o.utility)))
    reach = reach_of(named)
    groups = [{"name": slot, "opinions": rows([o for o in named if o.slot == slot], reach)} for slot in slots]
    past = [pick for pick in _past(session) if pick["url"]]
    return _written(
        "taste",
        sentence=taste.sentence,
        groups=groups,
        past=past,
        file=f"taste/{session.token}.json" if session.answered else "",
        card=f"card/{session.token}.png",
        token=session.token,
        **_certainty(taste),
    )


def pairs(token: str, made: PersonalSet) -> str:
    """Plain pictures beside personal ones, with their prompts and why."""
    return _written(
        "pairs",
        drawing=False,
        state=f"{len(made.pairs)} pairs of {made.subject}, strength {made.strength:g}, seed {made.seed}",
        left="",
        pairs=[_pair(token, made.subject, pair) for pair in made.pairs],
        without=made.without,
    )


def pairs_drawing(count: int, progress: Progress) -> str:
    """The place of the pairs while they are drawn."""
    return _written(
        "pairs", drawing=True, state="Drawing,", left=_left(progress), share=progress.share, count=count
    )


def trial(number: int, subject: str, pictures: Sequence[str], token: str) -> str:
    """Two unlabelled pictures."""
    heading = f"Trial {number} of {TRIALS}" if number <= TRIALS else f"Trial {number}"
    return _proof(
        number=number,
        heading=heading,
        title="Which do you like better?",
        subject=subject,
        cards=[picture_url(token, picture) for picture in pictures],
        state=f"Trial {number}: two pictures of {subject}.",
    )


def trial_drawing(progress: Progress) -> str:
    """Its place while they are drawn."""
    return _proof(
        heading="The next trial",
        title="Which do you like better?",
        drawing=True,
        share=progress.share,
        state="Drawing,",
        left=_left(progress),
    )


def proof_result(proof: Proof, trials: Sequence[Trial], token: str) -> str:
    """How often the personal picture was chosen, with its interval, and every trial with its labels."""
    return _proof(
        heading=f"After {proof.answered} trials",
        title="The blind test",
        sentence=proof.sentence,
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
        state=proof.sentence,
        more=True,
    )


def _proof(**values: object) -> str:
    blank: dict[str, object] = {
        "number": 0, "heading": "", "title": "", "subject": "", "cards": (), "drawing": False, "share": 0.0,
        "state": "", "left": "", "trials": (), "more": False,
    }  # fmt: skip
    return _written("proof", **(blank | values))


def pairs_none() -> str:
    """The place of the pairs before any was asked for."""
    state = "Say what to draw. You get each picture twice: as anyone would, and as you would like it."
    return _written("pairs", drawing=False, state=state, left="", pairs=[], without=())


def _left(progress: Progress | None) -> str:
    progress = progress or Progress()
    if progress.waiting:
        return f"{progress.waiting} before you"
    seconds = max(1, round(progress.left_s))
    return f"about {seconds} s" if seconds < 90 else f"about {round(seconds / 60)} min"


def _past(session: Session) -> list[dict[str, object]]:
    past: list[dict[str, object]] = []
    for round_ in session.answered:
        best = None if round_.answer is None else round_.answer.best
        picked = best is not None and round_.rendered
        url = picture_url(session.token, round_.pictures[best]) if picked and best is not None else ""
        past.append(
            {
                "number": round_.number,
                "url": url,
                "prompt": round_.prompts[best or 0],
                "best": best,
                "shown": round_.fingerprint,
                "cards": [
                    {"url": picture_url(session.token, picture), "prompt": prompt}
                    for picture, prompt in zip(round_.pictures, round_.prompts, strict=False)
                ],
            }
        )
    return past


def _named(taste: Taste) -> list[Opinion]:
    return [opinion for opinion in taste.opinions if opinion.token]


def _certainty(taste: Taste) -> dict[str, object]:
    return {
        "answered": taste.answered,
        "ready": taste.ready,
        "to_go": taste.to_go,
        "notes": taste.notes,
        "sure": round(100 * min(max(taste.progress, 0.0), 1.0)),
        "accuracy": round(100 * taste.accuracy),
        "chance": round(100 * taste.chance),
    }


def _pair(token: str, subject: str, pair: Pair) -> dict[str, object]:
    sides = [
        ("plain", "Plain", pair.plain_prompt, pair.plain),
        ("yours", "In your taste", pair.prompt, pair.personal),
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
