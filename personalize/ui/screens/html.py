r"""Values to HTML. Every text is escaped here, on the server, and nowhere else.

Gradio's own templates are not used for text: they escape `<`, but then run what comes out as a JavaScript
template literal, in which a subject such as `\x3cimg ...` becomes a tag again. The components get finished
HTML as their value (`picker.py`), and a value is never run.
"""

import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from personalize.rounds.explanation import Why
from personalize.rounds.repeats import Steadiness, steadiness_of
from personalize.session.record import Round, Session, WallCard
from personalize.taste.summary import Opinion, Taste
from personalize.taste.taste_file import TasteFile
from personalize.taste.transfer import opinions_in
from personalize.ui.background import Progress
from personalize.ui.browser_state import Place, Screen
from personalize.ui.screens.bars import reach_of, rows
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import LANGUAGES, Words, words_of

TEMPLATES = Path(__file__).parents[1] / "templates"
FEW_ROUNDS = 3
"""Answers after which the taste may be looked at, ready or not."""
SHOWN_OF_FILE = 6
"""Words of a taste file that are shown before it is taken."""
LEARNED_ROWS = 8
"""Bars in the panel beside the pictures."""
STEPS: tuple[Screen, ...] = ("rounds", "taste", "studio")
ON_WALL = {"": "wall_none", "waiting": "wall_waiting", "shown": "wall_shown", "refused": "wall_refused"}
"""What is said of a card for the booth's wall, by its state."""
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


def written(words: Words, template: str, **values: object) -> str:
    """A template with its values, every text escaped."""
    return _pages.get_template(template + ".html").render(t=words, **values)


def masthead(place: Place, repeats: bool = False) -> str:
    """The top of the page; its `data-screen` says which screen the style sheet shows."""
    languages = [(code, words_of(code)("name")) for code in LANGUAGES]
    return written(
        place.words,
        "masthead",
        screen=place.screen,
        token=place.token,
        steps=STEPS,
        languages=languages,
        repeats=repeats,
    )


def booth(words: Words, idle_s: int, address: str) -> str:
    """What the page needs to know at a booth, and the loop that draws people in."""
    return written(words, "booth", idle_s=idle_s, address=address)


def notice(words: Words, text: str = "", kind: str = "trouble") -> str:
    """One sentence above everything, or nothing; `kind` is "trouble" or "news"."""
    return written(words, "notice", text=text, kind=kind)


def start(words: Words, options: int, rounds: int) -> str:
    """The first thing a person sees."""
    return written(words, "start", options=options, rounds=rounds)


def wall(words: Words) -> str:
    """A gallery wall, drawn by the style sheet."""
    return written(words, "wall")


def chips(words: Words, subjects: Sequence[str]) -> str:
    """Example subjects to press."""
    return written(words, "chips", subjects=subjects)


def consent(words: Words, local: bool, study: int = 0) -> str:
    """What is kept, and where; with `study`, what taking part in a study of so many questions means."""
    return written(words, "consent", local=local, study=study)


def arrival(words: Words, file: TasteFile) -> str:
    """What a taste file says, and whether to go on from it."""
    liked = sorted(file.opinions, key=lambda said: -said.utility)[:SHOWN_OF_FILE]
    sentence = sentences.highlights(words, opinions_in(file), len(file.rounds))
    made = words.date(file.made)
    return written(words, "arrival", drawing=False, file=file, made=made, liked=liked, sentence=sentence)


def arrival_drawing(words: Words, progress: Progress) -> str:
    """Its place while the pictures are drawn again."""
    return written(words, "arrival", drawing=True, left=sentences.left(words, progress), share=progress.share)


def arrival_none(words: Words) -> str:
    """Its place without one."""
    return written(words, "arrival", drawing=False, file=None)


def audience(words: Words) -> str:
    """The presenter's side of an audience's vote."""
    return written(words, "audience")


def studio(words: Words) -> str:
    """The head of the screen of personal pictures."""
    return written(words, "studio")


def picture_url(token: str, picture: str) -> str:
    """Where `routes.py` serves a picture; relative, so that a proxy may put the page below a folder."""
    return f"picture/{token}/{picture}.png"


def file_name(subject: str, kind: str, seed: int) -> str:
    """A file name for a saved picture: "palate-a-fox-plain-7.png"."""
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "picture"
    return f"palate-{words}-{kind}-{seed}.png"


def round_view(
    words: Words,
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
        words: in whose language.
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
        state, left = words("round_ready", number=number), ""
    else:
        cards = [{}] * session.options
        state, left = (
            (words("round_undrawn"), "")
            if failed
            else (words("drawing_now"), sentences.left(words, progress))
        )
    return written(
        words,
        "round",
        # A value equal to the last one is not woven in again, and would leave what the script has marked.
        serial=time.monotonic_ns(),
        number=number,
        ready=ready,
        cards=cards,
        heading=words("round_of" if number <= rounds else "round_only", number=number, rounds=rounds),
        subject=session.subject,
        share=0.0 if progress is None or failed else progress.share,
        past=_past(session),
        to_come=range(number, max(rounds, number) + 1),
        state=state,
        left=left,
        failed=failed,
        lens=LENS,
        down=DOWN,
        asks=sentences.asks(words, why),
        keys=sentences.keys(words, len(cards)),
        shown=current.fingerprint if ready and current is not None else "",
    )


def round_lost(words: Words, options: int) -> str:
    """The place of a question that cannot be read: blank cards, and a way to try again."""
    return written(
        words,
        "round",
        serial=time.monotonic_ns(),
        number=0,
        ready=False,
        cards=[{}] * options,
        heading=words("round_lost"),
        subject="",
        share=0.0,
        past=[],
        to_come=[],
        state=words("round_undrawn"),
        left="",
        failed=True,
        lens=LENS,
        down=DOWN,
        asks="",
        keys=sentences.keys(words, options),
        shown="",
    )


def learned(words: Words, taste: Taste) -> str:
    """The panel beside the pictures: the words known best, and how sure the estimate is."""
    known = sorted(_named(taste), key=lambda opinion: -abs(opinion.utility))[:LEARNED_ROWS]
    known.sort(key=lambda opinion: -opinion.utility)
    return written(
        words,
        "learned",
        opinions=rows(known, reach_of(known)),
        may_stop=taste.ready or taste.answered >= FEW_ROUNDS,
        **_certainty(words, taste),
    )


def taste_view(words: Words, session: Session, taste: Taste, on_wall: Mapping[str, str] | None = None) -> str:
    """Everything that was learned: a sentence, bars grouped by slot, and `on_wall` at a booth with a wall."""
    named = _named(taste)
    slots = list(dict.fromkeys(opinion.slot for opinion in sorted(named, key=lambda o: -o.utility)))
    reach = reach_of(named)
    groups = [{"name": slot, "opinions": rows([o for o in named if o.slot == slot], reach)} for slot in slots]
    past = [pick for pick in _past(session) if pick["url"]]
    return written(
        words,
        "taste",
        sentence=sentences.highlights(words, named, taste.answered),
        legend=sentences.legend(words),
        groups=groups,
        past=past,
        file=f"taste/{session.token}.json" if session.answered else "",
        card=f"card/{session.token}.png?language={words.language}",
        token=session.token,
        on_wall=on_wall,
        **_steady(words, steadiness_of(session)),
        **_certainty(words, taste),
    )


def wall_row(words: Words, card: WallCard | None) -> dict[str, str]:
    """Of a session's card on the booth's wall: its state ("" when none is up), a sentence, and the button."""
    state = "" if card is None else card.state
    button = words("wall_take" if card else "wall_put")
    return {"state": state, "said": words(ON_WALL[state]), "button": button}


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


def _steady(words: Words, found: Steadiness) -> dict[str, object]:
    if not found.repeated:
        return {"steady": "", "steady_interval": ""}
    low, high = round(100 * found.low), round(100 * found.high)
    return {
        "steady": words.count("steady", found.repeated, agreed=found.agreed),
        "steady_interval": words(
            "steady_interval",
            low=low,
            high=high,
            foreseen_low=round(100 * found.foreseen_low),
            foreseen_high=round(100 * found.foreseen_high),
        ),
    }


def _certainty(words: Words, taste: Taste) -> dict[str, object]:
    return {
        "answered": taste.answered,
        "ready": taste.ready,
        "to_go": taste.to_go,
        "notes": [words("note_static")] if taste.should_adapt else [],
        "sure": round(100 * min(max(taste.progress, 0.0), 1.0)),
        "accuracy": round(100 * taste.accuracy),
        "chance": round(100 * taste.chance),
    }
