"""The texts that change with the language only: labels, buttons, and the texts before the start."""

from typing import Any

import gradio as gr

from personalize.settings import Settings
from personalize.ui.components import Components, Updates
from personalize.ui.screens import friends, pictures, rounds, start, unlearned
from personalize.ui.text.catalogue import Catalogue

LABELLED = ("subject", "agree", "bring", "wish", "strength", "recall", "friend", "mix_subject", "mix_share")
"""Components whose label is the text of their name."""

BUTTONS = ("begin", "make", "mix")
"""Buttons whose text is the text of their name."""


class Labels:
    """The labels of the page."""

    def __init__(self, settings: Settings, subjects: tuple[str, ...]) -> None:
        """Labels of a page with these settings and example subjects."""
        self._settings = settings
        self._subjects = subjects

    def hero(self, words: Catalogue) -> str:
        """The title of the first screen."""
        return start.hero(words, start.sizes(self._settings), self._settings.planned)

    def chips(self, words: Catalogue) -> str:
        """The example subjects."""
        return start.chips(words, self._subjects)

    def consent(self, words: Catalogue) -> str:
        """What is kept, and where."""
        study = self._settings.planned if self._settings.strategy == "study" else 0
        return start.consent(words, start.data_place(self._settings), study)

    def updates(self, components: Components, words: Catalogue) -> Updates:
        """New values of all these components, in one language."""
        labelled: dict[str, Any] = {name: gr.update(label=words(name)) for name in LABELLED}
        buttons = {name: gr.update(value=words(name)) for name in BUTTONS}
        return {
            components.hero: self.hero(words),
            components.wall: start.wall(words),
            components.chips: self.chips(words),
            components.consent: self.consent(words),
            components.audience: rounds.audience(words),
            components.pictures_head: pictures.head(words),
            components.pairs: pictures.pairs_none(words),
            components.friends_head: friends.head(words),
            components.friends: "",
            components.subject_unlearned: unlearned.NONE,
            components.wish_unlearned: unlearned.NONE,
            components.mix_unlearned: unlearned.NONE,
            components.blends: "",
            components.size: gr.update(label=words("size"), info=words("size_info")),
            components.seed: gr.update(label=words("seed"), placeholder=words("seed_random")),
            **{getattr(components, name): update for name, update in (labelled | buttons).items()},
        }
