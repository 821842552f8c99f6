"""What was learned: the screen of the taste, and the panel beside the pictures of a round."""

import asyncio
from collections.abc import Mapping, Sequence

from personalize.rounds.repeats import Steadiness, steadiness_of
from personalize.session.record import Session, WallCard
from personalize.taste.summary import Opinion, Taste
from personalize.ui.browser_state import BrowserState
from personalize.ui.components import Updates
from personalize.ui.screens.bars import reach_of, rows
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.html import written
from personalize.ui.screens.rounds import past_rounds
from personalize.ui.text import sentences
from personalize.ui.text.catalogue import Catalogue

FEW_ROUNDS = 3
"""Answers after which the panel offers the taste screen, even if the taste is not ready."""

PANEL_ROWS = 8
"""Bars in the panel beside the pictures."""

ON_WALL = {"": "wall_none", "waiting": "wall_waiting", "shown": "wall_shown", "refused": "wall_refused"}
"""Key of the sentence about a card on the booth's wall, by its state."""


def learned(words: Catalogue, taste: Taste, planned: int) -> str:
    """The panel beside the pictures: the words liked and avoided most, and how certain the taste is.

    Args:
        words: texts in the reader's language.
        taste: what was learned.
        planned: number of picks that the first screen promised.
    """
    strongest = both_ends(taste.opinions, PANEL_ROWS)
    return written(
        words,
        "learned",
        opinions=rows(strongest, reach_of(strongest)),
        to_go=_to_go(words, taste, planned),
        may_stop=taste.ready or taste.answered >= FEW_ROUNDS,
        **_certainty(words, taste),
    )


def both_ends(opinions: Sequence[Opinion], count: int) -> list[Opinion]:
    """At most `count` opinions, half of them liked and half avoided; a longer side fills up the other.

    Args:
        opinions: in descending order of utility.
        count: an even number.
    """
    avoided = sum(opinion.utility < 0.0 for opinion in opinions)
    low = min(avoided, max(count // 2, count - (len(opinions) - avoided)))
    high = min(len(opinions) - avoided, count - low)
    return [*opinions[:high], *opinions[len(opinions) - low :]]


def _to_go(words: Catalogue, taste: Taste, planned: int) -> str:
    """The expected rest of the picks, and why it is more than was promised; "" when the taste is ready."""
    if taste.ready:
        return ""
    kept = taste.answered + taste.to_go <= planned
    return words.count("to_go" if kept else "to_go_more", taste.to_go)


def taste_view(
    words: Catalogue, session: Session, taste: Taste, on_wall: Mapping[str, str] | None = None
) -> str:
    """The screen of the taste: a summary, the picked pictures, and bars grouped by slot.

    Args:
        words: texts in the reader's language.
        session: with the picks.
        taste: what they tell.
        on_wall: the `wall_row` of the session's card; None without a wall.
    """
    opinions, reach = taste.opinions, reach_of(taste.opinions)
    slots = list(dict.fromkeys(opinion.slot for opinion in sorted(opinions, key=lambda o: -o.utility)))
    groups = [
        {"name": slot, "opinions": rows([o for o in opinions if o.slot == slot], reach)} for slot in slots
    ]
    return written(
        words,
        "taste",
        sentence=sentences.highlights(words, opinions, taste.answered),
        left_out=sentences.left_out(words, session),
        legend=sentences.legend(words),
        groups=groups,
        past=[pick for pick in past_rounds(session) if pick["url"]],
        file=f"taste/{session.token}.json" if session.counted else "",
        card=f"card/{session.token}.png?language={words.language}",
        token=session.token,
        on_wall=on_wall,
        **_steadiness(words, steadiness_of(session)),
        **_certainty(words, taste),
    )


def wall_row(words: Catalogue, card: WallCard | None) -> dict[str, str]:
    """A session's card on the booth's wall: its state ("" for no card), a sentence, and the button's text."""
    state = "" if card is None else card.state
    button = words("wall_take" if card else "wall_put")
    return {"state": state, "sentence": words(ON_WALL[state]), "button": button}


def _steadiness(words: Catalogue, found: Steadiness) -> dict[str, object]:
    """How often repeated questions got the same answer, as sentences; "" without repeated questions."""
    if not found.repeated:
        return {"steady": "", "steady_interval": ""}
    return {
        "steady": words.count("steady", found.repeated, agreed=found.agreed),
        "steady_interval": words(
            "steady_interval",
            low=round(100 * found.low),
            high=round(100 * found.high),
            foreseen_low=round(100 * found.foreseen_low),
            foreseen_high=round(100 * found.foreseen_high),
        ),
    }


def _certainty(words: Catalogue, taste: Taste) -> dict[str, object]:
    """How certain the taste is; shares in percent."""
    return {
        "answered": taste.answered,
        "ready": taste.ready,
        "notes": [words("note_static")] if taste.should_adapt else [],
        "sure": round(100 * min(max(taste.progress, 0.0), 1.0)),
        "accuracy": round(100 * taste.accuracy),
        "chance": round(100 * taste.chance),
    }


class TasteScreen:
    """Shows what was learned, on the screen of the taste and beside the pictures."""

    def __init__(self, context: ScreenContext) -> None:
        """Use `context`."""
        self._context = context

    def panel(self, state: BrowserState, taste: Taste) -> Updates:
        """The panel beside the pictures."""
        return {self._context.components.learned: learned(state.words, taste, self._context.settings.planned)}

    async def updates(self, state: BrowserState, session: Session, taste: Taste) -> Updates:
        """The screen of the taste."""
        components, words = self._context.components, state.words
        on_wall = None
        if self._context.settings.staff_pin:
            card = await asyncio.to_thread(self._context.personalizer.store.card_of, session.token)
            on_wall = wall_row(words, card)
        return {components.taste: taste_view(words, session, taste, on_wall)}
