"""The layout of the page, and which event calls which handler. No logic."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui import components as make
from personalize.ui.api import Api
from personalize.ui.background import BackgroundRenders
from personalize.ui.blocks import Blocks
from personalize.ui.browser_state import STRENGTH_HIGH, STRENGTH_LOW, STRENGTH_STEP, BrowserState
from personalize.ui.components import Components
from personalize.ui.handlers import Handlers
from personalize.ui.screens import friends, html, pictures, rounds, start, unlearned
from personalize.ui.screens.context import ScreenContext
from personalize.ui.screens.labels import Labels
from personalize.ui.screens.show import Screens
from personalize.ui.text.catalogue import Catalogue
from personalize.vocabulary.vocabulary import Vocabulary

EXAMPLES = 10
"""Example subjects on the first screen."""

TASTE_FILES = [".json", ".png"]
"""Endings of taste files and taste cards."""


def build_page(
    personalizer: Personalizer, settings: Settings, vocabulary: Vocabulary, renders: BackgroundRenders
) -> gr.Blocks:
    """The page, ready for `http.server.serve`.

    The page always contains all screens; the style sheet shows the one that the masthead names. So a change
    of screen renders nothing anew, and scripts run once.
    """
    examples = example_subjects(vocabulary)
    words, labels = BrowserState().words, Labels(settings, examples)
    with Blocks(title="Palate", analytics_enabled=False, fill_width=True) as page:
        # The secret stands in the page's public configuration, so it hides the token from a glance only.
        browser = gr.BrowserState(BrowserState().kept(), storage_key="palate", secret="palate-browser-1")
        masthead = make.masthead(html.masthead(BrowserState(screen="opening")))
        booth = make.booth(html.booth(words, settings.kiosk, settings.address, start.CARDS))
        notice = make.notice(html.notice(words))
        make.suggestions(unlearned.suggestions(words, personalizer.known))
        components = Components(
            browser=browser,
            masthead=masthead,
            notice=notice,
            **_start(words, labels, settings, examples),
            **_rounds(words),
            **_taste(),
            **_pictures(words, examples),
            **_blind_test(),
            **_friends(words),
        )
        context = ScreenContext(personalizer, settings, renders, components)
        handlers = Handlers(Screens(context, labels), renders.metrics)
        _bind(page, components, booth, handlers)
        limits = handlers.context
        for name, endpoint in Api(personalizer, limits.draws, limits.starts).endpoints().items():
            gr.api(endpoint, api_name=name, concurrency_limit=None)
    return page


def _start(words: Catalogue, labels: Labels, settings: Settings, examples: tuple[str, ...]) -> dict[str, Any]:
    """The components of the first screen, by name."""
    with gr.Column(elem_id="screen-start"):
        hero = make.html(labels.hero(words), "hero")
        wall = make.html(start.wall(words), "wall")
        with gr.Row(elem_id="ask-row"):
            subject = gr.Textbox(
                label=words("subject"),
                placeholder=examples[0] if examples else "a fox",
                elem_id="subject",
                max_lines=1,
                lines=1,
                scale=3,
            )
            begin = gr.Button(words("begin"), variant="primary", elem_id="begin", scale=1)
        return {
            "hero": hero,
            "wall": wall,
            "subject": subject,
            "subject_unlearned": make.unlearned(unlearned.NONE, "subject-unlearned"),
            "begin": begin,
            "chips": make.chips(labels.chips(words)),
            "size": gr.Radio(
                [(str(size), size) for size in start.sizes(settings)],
                value=settings.options,
                label=words("size"),
                info=words("size_info"),
                elem_id="size",
                visible=len(start.sizes(settings)) > 1,
            ),
            "bring": _upload(words("bring"), "bring", TASTE_FILES),
            "arrival": make.arrival(start.arrival_none(words)),
            "consent": make.html(labels.consent(words), "consent"),
            "agree": gr.Checkbox(label=words("agree"), elem_id="agree", visible=settings.strategy == "study"),
        }


def _rounds(words: Catalogue) -> dict[str, Any]:
    """The components of the rounds, by name."""
    with gr.Row(elem_id="screen-rounds"):
        return {
            "picker": make.picker(""),
            "progress": make.progress(""),
            "learned": make.panel("", "learned"),
            "audience": make.audience(rounds.audience(words)),
        }


def _taste() -> dict[str, Any]:
    """The component of the taste, by name."""
    with gr.Column(elem_id="screen-taste"):
        return {"taste": make.panel("", "taste")}


def _pictures(words: Catalogue, examples: tuple[str, ...]) -> dict[str, Any]:
    """The components of the personal pictures, by name."""
    with gr.Column(elem_id="screen-pictures"):
        head = make.html(pictures.head(words), "pictures-head")
        with gr.Row(elem_id="pictures-row"):
            fields: dict[str, Any] = {
                "wish": gr.Textbox(
                    label=words("wish"),
                    elem_id="wish",
                    max_lines=1,
                    lines=1,
                    placeholder=examples[-1] if examples else "a castle",
                ),
                "strength": gr.Slider(
                    STRENGTH_LOW,
                    STRENGTH_HIGH,
                    1.0,
                    step=STRENGTH_STEP,
                    label=words("strength"),
                    elem_id="strength",
                    buttons=[],
                ),
                "seed": gr.Textbox(
                    label=words("seed"),
                    placeholder=words("seed_random"),
                    elem_id="seed",
                    max_lines=1,
                    lines=1,
                ),
                "make": gr.Button(words("make"), variant="primary", elem_id="make"),
            }
        return {
            "pictures_head": head,
            **fields,
            "wish_unlearned": make.unlearned(unlearned.NONE, "wish-unlearned"),
            "recall": _upload(words("recall"), "recall", [".png"]),
            "pairs": make.panel(pictures.pairs_none(words), "pairs"),
        }


def _blind_test() -> dict[str, Any]:
    """The component of the blind test, by name."""
    with gr.Column(elem_id="screen-blind-test"):
        return {"blind_test": make.blind_test("")}


def _friends(words: Catalogue) -> dict[str, Any]:
    """The components of the screen of two tastes, by name."""
    with gr.Column(elem_id="screen-friends"):
        top: dict[str, Any] = {
            "friends_head": make.html(friends.head(words), "friends-head"),
            "friend": _upload(words("friend"), "friend", TASTE_FILES),
            "friends": make.html("", "friends"),
        }
        with gr.Row(elem_id="mix-row"):
            row: dict[str, Any] = {
                "mix_subject": gr.Textbox(
                    label=words("mix_subject"), elem_id="mix-subject", max_lines=1, lines=1
                ),
                "mix_share": gr.Slider(
                    0, 100, 50, step=10, label=words("mix_share"), elem_id="mix-share", buttons=[]
                ),
                "mix": gr.Button(words("mix"), variant="primary", elem_id="mix"),
            }
        question = make.unlearned(unlearned.NONE, "mix-unlearned")
        return {**top, **row, "mix_unlearned": question, "blends": make.panel("", "blends")}


def _upload(label: str, elem_id: str, endings: list[str]) -> gr.UploadButton:
    return gr.UploadButton(label, file_types=endings, type="binary", elem_id=elem_id, size="sm")


def _bind(page: gr.Blocks, parts: Components, booth: gr.HTML, handlers: Handlers) -> None:
    """Let every event of the page call its handler."""

    def on(event: Callable[..., Any], handler: Callable[..., Any], inputs: list[Any], **how: Any) -> None:
        event(
            handler, inputs, parts.all(), api_visibility="private", api_name=f"page_{handler.__name__}",
            show_progress="hidden", concurrency_limit=None, **how,
        )  # fmt: skip

    kept, once, multiple = [parts.browser], {"trigger_mode": "once"}, {"trigger_mode": "multiple"}

    session = handlers.session
    on(page.load, session.open, kept)
    for panel in (parts.masthead, parts.learned, parts.taste, parts.pairs, parts.blind_test):
        on(panel.go, session.go, kept, **multiple)
    on(booth.again, session.again, kept, **once)
    on(parts.masthead.again, session.again, kept, **once)
    on(parts.masthead.speak, session.speak, kept, **once)
    on(parts.masthead.delete, session.delete, kept, **once)

    on(parts.chips.choose, handlers.start.choose, [], queue=False)
    for event in (parts.begin.click, parts.subject.submit):
        on(event, handlers.start.begin, [*kept, parts.subject, parts.agree, parts.size], **once)
    on(
        parts.subject_unlearned.go_on,
        handlers.start.begin_knowingly,
        [*kept, parts.agree, parts.size],
        **once,
    )
    on(parts.bring.upload, handlers.start.offer, [*kept, parts.bring], **once)
    on(parts.arrival.adopt, handlers.start.adopt, kept, **once)
    on(parts.arrival.dismiss, handlers.start.dismiss, kept, **once)

    # "once" would drop a key that is pressed after the last event showed its pictures but before Gradio calls
    # that event complete. The script lets one answer a round through, and the store counts one.
    on(parts.picker.pick, handlers.rounds.pick, kept, **multiple)
    on(parts.picker.change_answer, handlers.rounds.change_answer, kept, **multiple)
    on(parts.picker.undo, handlers.rounds.undo, kept, **multiple)
    on(parts.picker.resume, handlers.rounds.resume, kept, **multiple)

    for event in (parts.make.click, parts.wish.submit):
        on(event, handlers.pictures.make, [*kept, parts.wish, parts.strength, parts.seed], **once)
    on(
        parts.wish_unlearned.go_on,
        handlers.pictures.make_knowingly,
        [*kept, parts.strength, parts.seed],
        **once,
    )
    on(parts.recall.upload, handlers.pictures.recall, [*kept, parts.recall], **once)
    on(parts.pairs.stop, handlers.pictures.stop, kept, **multiple)
    on(parts.pairs.leave, handlers.pictures.leave_out, kept, **multiple)

    on(parts.blind_test.choose, handlers.blind_test.choose_blind, kept, **multiple)
    on(parts.blind_test.more, handlers.blind_test.more_trials, kept, **once)

    on(parts.friend.upload, handlers.friends.befriend, [*kept, parts.friend], **once)
    for event in (parts.mix.click, parts.mix_subject.submit):
        inputs = [*kept, parts.mix_subject, parts.mix_share]
        on(event, handlers.friends.mix, inputs, **once)
    on(parts.mix_unlearned.go_on, handlers.friends.mix_knowingly, [*kept, parts.mix_share], **once)


def example_subjects(vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the first screen offers: the examples of the vocabulary, else some of all its subjects."""
    if vocabulary.examples:
        return vocabulary.examples[:EXAMPLES]
    subjects = vocabulary.subjects
    step = max(1, len(subjects) // EXAMPLES)
    return subjects[::step][:EXAMPLES]
