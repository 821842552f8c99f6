"""The HTML components and their scripts.

Each shows its value as it is: finished HTML from `views.py`, already escaped. The scripts say what was
pressed by naming an event; Gradio offers every event that stands in quotes in the script as a method of the
component. A new value is woven into the page node by node, so bars move to their new length and focus stays.
"""

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).parent / "static"


def html(value: str, elem_id: str, script: str = "") -> gr.HTML:
    """A component that shows `value` and runs `static/<script>.js` once."""
    return gr.HTML(
        value,
        html_template="${value}",
        js_on_load=(STATIC / f"{script}.js").read_text(encoding="utf-8") if script else None,
        apply_default_css=False,
        elem_id=elem_id,
    )


def masthead(value: str) -> gr.HTML:
    """The top of the page; events go, again, delete, speak. It must come before all others."""
    return html(value, "masthead", "masthead")


def booth(value: str) -> gr.HTML:
    """Codes for phones, the loop that draws people in, starting over; event again."""
    return html(value, "booth", "booth")


def picker(value: str) -> gr.HTML:
    """The question.

    Events: pick(index, round, shown) (index -1: none of these), undo(round), resume, rethink(round, index,
    shown).
    """
    return html(value, "picker", "picker")


def audience(value: str) -> gr.HTML:
    """An audience's vote, as its presenter sees it; no event."""
    return html(value, "audience", "audience")


def panel(value: str, elem_id: str) -> gr.HTML:
    """A panel with buttons; events go(screen), leave(word), stop."""
    return html(value, elem_id, "panel")


def arrival(value: str) -> gr.HTML:
    """A taste that was brought along; events adopt, dismiss."""
    return html(value, "arrival", "arrival")


def proof(value: str) -> gr.HTML:
    """The blind proof; events choose(number, side), more, go(screen)."""
    return html(value, "proof", "proof")


def chips(value: str) -> gr.HTML:
    """Example subjects; event choose(subject)."""
    return html(value, "chips", "chips")


def notice(value: str) -> gr.HTML:
    """The sentence above everything."""
    return html(value, "notice", "notice")
