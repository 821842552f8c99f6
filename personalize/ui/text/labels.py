"""The texts that change with the language alone: labels, buttons, and what is said before the start."""

from typing import Any

import gradio as gr

from personalize.settings import Settings
from personalize.ui import THIS_MACHINE
from personalize.ui.screens import friend_views
from personalize.ui.screens import html as views
from personalize.ui.screens import pictures as studio_views
from personalize.ui.screens.stage import Parts, Updates
from personalize.ui.text.catalogue import Words

NAMED = ("subject", "agree", "bring", "wish", "strength", "recall", "friend", "mix_subject", "mix_share")
"""Components whose label is the text of their name."""


class Labels:
    """The labels of a page about these settings and example subjects."""

    def __init__(self, settings: Settings, subjects: tuple[str, ...]) -> None:
        """What the texts are about."""
        self._settings = settings
        self._subjects = subjects

    def hero(self, words: Words) -> str:
        """The first thing a person sees."""
        return views.start(words, self._settings.options, self._settings.planned)

    def chips(self, words: Words) -> str:
        """Example subjects."""
        return views.chips(words, self._subjects)

    def consent(self, words: Words) -> str:
        """What is kept."""
        study = self._settings.planned if self._settings.strategy == "study" else 0
        return views.consent(words, self._settings.host in THIS_MACHINE, study)

    def __call__(self, parts: Parts, words: Words) -> Updates:
        """New values of all of them, in the language of `words`."""
        labelled: dict[str, Any] = {name: gr.update(label=words(name)) for name in NAMED}
        buttons = {name: gr.update(value=words(name)) for name in ("begin", "make", "mix")}
        return {
            parts.hero: self.hero(words),
            parts.chips: self.chips(words),
            parts.consent: self.consent(words),
            parts.audience: views.audience(words),
            parts.studio: views.studio(words),
            parts.pairs: studio_views.pairs_none(words),
            parts.friends_head: friend_views.head(words),
            parts.friends: "",
            parts.friend_file: None,
            parts.blends: "",
            parts.seed: gr.update(label=words("seed"), placeholder=words("seed_random")),
            **{getattr(parts, name): update for name, update in (labelled | buttons).items()},
        }
