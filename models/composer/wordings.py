"""Paraphrases of captions, so that the models also understand words that are not in the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

SYNONYMS: dict[str, tuple[str, ...]] = {
    "3d render": ("3d", "rendered in 3d"),
    "watercolor": ("watercolour painting", "painted in watercolor"),
    "pencil sketch": ("pencil drawing", "sketch"),
    "pixel art": ("pixelated", "8 bit"),
    "halftone print": ("pop art", "comic print"),
    "neon sign": ("neon lights", "neon"),
    "oil painting": ("oil on canvas", "painted in oil"),
    "chalk drawing": ("chalk on a blackboard", "chalk"),
    "low poly": ("polygons",),
    "ink outline": ("line art", "ink drawing"),
    "paper cutout": ("cut from paper", "papercraft"),
    "pastel colors": ("pastel", "soft colors"),
    "vivid colors": ("colorful", "bright colors", "saturated"),
    "black and white": ("monochrome", "grayscale"),
    "sepia tones": ("sepia",),
    "warm colors": ("warm tones", "warm"),
    "cool colors": ("cool tones", "cold colors"),
    "emerald green": ("green", "all green"),
    "rose pink": ("pink", "all pink"),
    "inverted colors": ("negative", "inverted"),
    "starry night": ("night sky", "stars behind"),
    "blue sky": ("cloudy sky", "sky"),
    "green meadow": ("in a meadow", "grass"),
    "ocean waves": ("sea", "at sea", "ocean"),
    "city skyline": ("city", "skyscrapers"),
    "snowy mountains": ("mountains", "in the mountains"),
    "sunset sky": ("sunset", "at sunset"),
    "desert dunes": ("desert", "in the desert"),
    "pine forest": ("forest", "in the woods"),
    "flower field": ("field of flowers",),
    "sandy beach": ("beach", "on the beach"),
    "golden hour": ("golden light", "evening sun"),
    "moonlight": ("in the moonlight", "moonlit"),
    "misty fog": ("fog", "foggy", "misty"),
    "light beams": ("sun rays", "god rays"),
    "backlight": ("backlit",),
    "candlelight": ("by candlelight",),
    "close-up": ("close up", "macro"),
    "tiny and far away": ("small", "far away"),
    "two of them": ("two", "a pair"),
    "many small copies": ("pattern", "many"),
    "falling snow": ("snowing", "snow"),
    "rain": ("raining", "rainy"),
    "soap bubbles": ("bubbles",),
    "floating hearts": ("hearts",),
    "film grain": ("grainy", "grain"),
    "polaroid frame": ("polaroid", "instant photo"),
}
"""Other names of tokens."""


def paraphrase(subject: str, tokens: Mapping[str, str], rng: np.random.Generator) -> str:
    """A random paraphrase of a caption: synonyms, another order, or the medium before the subject.

    Args:
        subject: with its article.
        tokens: by slot, without blank tokens.
        rng: chooses the paraphrase.
    """
    words = {
        slot: str(rng.choice(SYNONYMS[token])) if token in SYNONYMS and rng.random() < 0.3 else token
        for slot, token in tokens.items()
    }
    if rng.random() < 0.2:
        subject = subject.removeprefix("a ").removeprefix("an ")
    medium = words.pop("medium", "")
    used = list(words.values())
    rng.shuffle(used)
    way = rng.random()
    if medium and way < 0.3:
        return ", ".join([f"{medium} of {subject}", *used])
    if medium:
        used.insert(int(rng.integers(len(used) + 1)), medium)
    if way < 0.5:
        return ", ".join([*used, subject])
    return ("," if way < 0.9 else "").join([subject, *(f" {word}" for word in used)])
