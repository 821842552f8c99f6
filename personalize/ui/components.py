"""The components of the page: the list of those that events change, and the makers of the HTML components.

An HTML component shows its value as it is: finished, escaped HTML from `screens/`. Its script in `static/`
triggers events by name. Gradio offers each event whose name stands in quotes in the script as a method of the
component. When the value changes, Gradio updates the page node by node, so bars move and the focus stays.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"

Updates = dict[Any, Any]
"""New values of components, as a Gradio event returns them."""


@dataclass(frozen=True, kw_only=True)
class Components:
    """The components that events may change, in the order of the page.

    Attributes:
        browser: the state that the browser keeps.
        masthead, notice: the top of every screen.
        hero, wall, subject, begin, chips, size, bring, arrival, consent, agree: the start. `size` is the
            number of pictures a round, `bring` takes a taste file, and `arrival` previews it.
        subject_unlearned, wish_unlearned, mix_unlearned: the question before a subject that the models have
            not learned, below each of the three fields for a subject.
        picker, progress, learned, audience: the rounds; `progress` says how far the pictures are.
        taste: the taste.
        pictures_head, wish, strength, seed, make, recall, pairs: the personal pictures.
        blind_test: the blind test.
        friends_head, friend, friends: a friend's taste.
        mix_subject, mix_share, mix, blends: pictures in both tastes.
    """

    browser: Any
    masthead: Any
    notice: Any
    hero: Any
    wall: Any
    subject: Any
    subject_unlearned: Any
    begin: Any
    chips: Any
    size: Any
    bring: Any
    arrival: Any
    consent: Any
    agree: Any
    picker: Any
    progress: Any
    learned: Any
    audience: Any
    taste: Any
    pictures_head: Any
    wish: Any
    wish_unlearned: Any
    strength: Any
    seed: Any
    make: Any
    recall: Any
    pairs: Any
    blind_test: Any
    friends_head: Any
    friend: Any
    friends: Any
    mix_subject: Any
    mix_unlearned: Any
    mix_share: Any
    mix: Any
    blends: Any

    def all(self) -> list[Any]:
        """All components, as the outputs of an event."""
        return list(vars(self).values())


def html(value: str, elem_id: str, script: str = "") -> gr.HTML:
    """An HTML component that runs `static/<script>.js` once."""
    return gr.HTML(
        value,
        html_template="${value}",
        js_on_load=(STATIC / f"{script}.js").read_text(encoding="utf-8") if script else None,
        apply_default_css=False,
        elem_id=elem_id,
    )


def masthead(value: str) -> gr.HTML:
    """The top of the page; it must come before all others.

    Events: go(screen), again, delete, speak(language).
    """
    return html(value, "masthead", "masthead")


def booth(value: str) -> gr.HTML:
    """The attract loop of a booth and the return to the start; event again."""
    return html(value, "booth", "booth")


def picker(value: str) -> gr.HTML:
    """The question of a round.

    Events: pick(index, liked, disliked, round, shown, next), undo(round), resume, and
    change_answer(round, index, shown). `index` is -1 for none of these.
    """
    return html(value, "picker", "picker")


def progress(value: str) -> gr.HTML:
    """How far the pictures of the open round are; its script shows it in the question; no event."""
    return html(value, "progress", "progress")


def audience(value: str) -> gr.HTML:
    """The presenter's view of an audience's vote; no event."""
    return html(value, "audience", "audience")


def panel(value: str, elem_id: str) -> gr.HTML:
    """A panel with buttons; events go(screen), leave(word), stop."""
    return html(value, elem_id, "panel")


def arrival(value: str) -> gr.HTML:
    """The preview of a taste file; events adopt, dismiss."""
    return html(value, "arrival", "arrival")


def blind_test(value: str) -> gr.HTML:
    """The blind test; events choose(number, side), more, go(screen)."""
    return html(value, "blind-test", "blind-test")


def chips(value: str) -> gr.HTML:
    """Example subjects; event choose(subject)."""
    return html(value, "chips", "chips")


def unlearned(value: str, elem_id: str) -> gr.HTML:
    """The question before a subject that the models have not learned; event go_on(subject)."""
    return html(value, elem_id, "unlearned")


def suggestions(value: str) -> gr.HTML:
    """Suggestions of known subjects in the fields for a subject; no event."""
    return html(value, "suggestions", "suggestions")


def notice(value: str) -> gr.HTML:
    """The message above every screen."""
    return html(value, "notice", "notice")
