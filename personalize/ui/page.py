"""What is on the page, and which event calls which handler. No logic."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui import components as picker
from personalize.ui.api import Api
from personalize.ui.background import Drawing
from personalize.ui.browser_state import STRENGTH_HIGH, STRENGTH_LOW, STRENGTH_STEP, Place
from personalize.ui.handlers import Handlers
from personalize.ui.screens import friend_views
from personalize.ui.screens import html as views
from personalize.ui.screens import pictures as studio_views
from personalize.ui.screens.friends import Friends
from personalize.ui.screens.stage import Parts, Stage
from personalize.ui.text.labels import Labels
from personalize.vocabulary.vocabulary import Vocabulary

EXAMPLES = 10
"""Example subjects on the first screen."""


def build_page(
    personalizer: Personalizer, settings: Settings, vocabulary: Vocabulary, drawing: Drawing
) -> gr.Blocks:
    """The page, ready to be served by `server.serve`.

    Every screen is there all the time; the style sheet shows the one that the masthead names. So nothing is
    rendered anew when the screen changes, and scripts run once.
    """
    words, labels = Place().words, Labels(settings, example_subjects(vocabulary))
    with gr.Blocks(title="Palate", analytics_enabled=False, fill_width=True) as page:
        # The secret stands in the page's public configuration: it obscures the token, no more.
        browser = gr.BrowserState(Place().kept(), storage_key="palate", secret="palate-browser-1")
        masthead = picker.masthead(views.masthead(Place(screen="opening")))
        booth = picker.booth(views.booth(words, settings.kiosk, settings.address))
        notice = picker.notice(views.notice(words))
        with gr.Column(elem_id="screen-start"):
            hero = picker.html(labels.hero(words), "hero")
            picker.html(views.wall(words), "wall")
            with gr.Row(elem_id="ask-row"):
                subject = gr.Textbox(
                    label=words("subject"),
                    placeholder=vocabulary.subjects[0] if vocabulary.subjects else "a fox",
                    elem_id="subject",
                    max_lines=1,
                    lines=1,
                    scale=3,
                )
                begin = gr.Button(words("begin"), variant="primary", elem_id="begin", scale=1)
            chips = picker.chips(labels.chips(words))
            bring = gr.UploadButton(
                words("bring"),
                file_types=[".json", ".png"],
                type="binary",
                elem_id="bring",
                size="sm",
            )
            arrival = picker.arrival(views.arrival_none(words))
            brought = gr.State(None)
            consent = picker.html(labels.consent(words), "consent")
            agree = gr.Checkbox(label=words("agree"), elem_id="agree", visible=settings.strategy == "study")
        with gr.Row(elem_id="screen-rounds"):
            question = picker.picker("")
            learned = picker.panel("", "learned")
            audience = picker.audience(views.audience(words))
        with gr.Column(elem_id="screen-taste"):
            taste = picker.panel("", "taste")
        with gr.Column(elem_id="screen-studio"):
            studio = picker.html(views.studio(words), "studio-head")
            with gr.Row(elem_id="studio-row"):
                wish = gr.Textbox(
                    label=words("wish"),
                    elem_id="wish",
                    max_lines=1,
                    lines=1,
                    placeholder=vocabulary.subjects[-1] if vocabulary.subjects else "a castle",
                )
                strength = gr.Slider(
                    STRENGTH_LOW, STRENGTH_HIGH, 1.0, step=STRENGTH_STEP, label=words("strength"),
                    elem_id="strength", buttons=[],
                )  # fmt: skip
                seed = gr.Textbox(
                    label=words("seed"),
                    placeholder=words("seed_random"),
                    elem_id="seed",
                    max_lines=1,
                    lines=1,
                )
                make = gr.Button(words("make"), variant="primary", elem_id="make")
            recall = gr.UploadButton(
                words("recall"), file_types=[".png"], type="binary", elem_id="recall",
                size="sm",
            )  # fmt: skip
            pairs = picker.panel(studio_views.pairs_none(words), "pairs")
        with gr.Column(elem_id="screen-proof"):
            proof = picker.proof("")
        with gr.Column(elem_id="screen-friends"):
            friends_head = picker.html(friend_views.head(words), "friends-head")
            friend = gr.UploadButton(
                words("friend"), file_types=[".json", ".png"], type="binary", elem_id="friend", size="sm"
            )
            friend_file = gr.State(None)
            friends = picker.html("", "friends")
            with gr.Row(elem_id="mix-row"):
                mix_subject = gr.Textbox(
                    label=words("mix_subject"), elem_id="mix-subject", max_lines=1, lines=1
                )
                mix_share = gr.Slider(
                    0, 100, 50, step=10, label=words("mix_share"), elem_id="mix-share", buttons=[]
                )
                mix = gr.Button(words("mix"), variant="primary", elem_id="mix")
            blends = picker.panel("", "blends")
        parts = Parts(
            browser, masthead, notice, hero, subject, begin, agree, chips, bring, consent, arrival, brought,
            question, learned, audience, taste, studio, wish, strength, seed, make, recall, pairs, proof,
            friends_head, friend, friend_file, friends, mix_subject, mix_share, mix, blends,
        )  # fmt: skip
        stage = Stage(personalizer, settings, drawing, parts, labels)
        friendly = Friends(personalizer, drawing, parts)
        handlers = Handlers(personalizer, settings, stage, drawing.metrics, friendly)

        def on(event: Callable[..., Any], handler: Callable[..., Any], inputs: list[Any], **how: Any) -> None:
            event(
                handler, inputs, parts.all(), api_visibility="private", api_name=f"page_{handler.__name__}",
                show_progress="hidden", concurrency_limit=None, **how,
            )  # fmt: skip

        here = [browser]
        on(page.load, handlers.open, here)
        on(chips.choose, handlers.choose, [], queue=False)
        for event in (begin.click, subject.submit):
            on(event, handlers.begin, [*here, subject, agree], trigger_mode="once")
        on(bring.upload, handlers.offer, [*here, bring], trigger_mode="once")
        on(arrival.adopt, handlers.adopt, [*here, brought], trigger_mode="once")
        on(arrival.dismiss, handlers.dismiss, here, trigger_mode="once")
        for event in (make.click, wish.submit):
            on(event, handlers.make, [*here, wish, strength, seed], trigger_mode="once")
        # "once" would drop a key pressed just after the last event showed its pictures and just before Gradio
        # calls it complete. The script lets one answer a round through, and the store counts one.
        on(question.pick, handlers.pick, here, trigger_mode="multiple")
        on(question.rethink, handlers.rethink, here, trigger_mode="multiple")
        on(question.undo, handlers.undo, here, trigger_mode="multiple")
        on(question.resume, handlers.resume, here, trigger_mode="multiple")
        for panel in (masthead, learned, taste, pairs, proof):
            on(panel.go, handlers.go, [*here, friend_file], trigger_mode="multiple")
        on(proof.choose, handlers.choose_blind, here, trigger_mode="multiple")
        on(proof.more, handlers.more_trials, here, trigger_mode="once")
        on(friend.upload, handlers.befriend, [*here, friend], trigger_mode="once")
        for event in (mix.click, mix_subject.submit):
            on(event, handlers.mix, [*here, friend_file, mix_subject, mix_share], trigger_mode="once")
        on(recall.upload, handlers.recall, [*here, recall], trigger_mode="once")
        on(pairs.stop, handlers.stop, here, trigger_mode="multiple")
        on(pairs.leave, handlers.leave_out, here, trigger_mode="multiple")
        on(booth.again, handlers.again, here, trigger_mode="once")
        on(masthead.again, handlers.again, here, trigger_mode="once")
        on(masthead.speak, handlers.speak, here, trigger_mode="once")
        on(masthead.delete, handlers.delete, here, trigger_mode="once")
        for name, endpoint in Api(personalizer, handlers.draws, handlers.starts).endpoints().items():
            gr.api(endpoint, api_name=name, concurrency_limit=None)
    return page


def example_subjects(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Some subjects, spread evenly over all of them: those that the first screen offers."""
    subjects = vocabulary.subjects
    step = max(1, len(subjects) // EXAMPLES)
    return subjects[::step][:EXAMPLES]
