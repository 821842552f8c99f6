"""Ten themes in sentences, and an eye for words made of them: the judge of the paper's protocol.

The paper asks a language model; there is none in the box. Here a theme is eight sentences, written for this
purpose by somebody who knew the vocabulary, and likeness is latent semantic analysis of the sentences: words
are alike when the same ones say them. It shares nothing with the learner's CLIP, and it is no person.
"""

import re

import torch
from torch import Tensor

THEMES: dict[str, str] = {
    "ancient": "Ruins of a castle in sepia tones. Cracked paint on an old stone wall. A mosaic floor of "
    "a temple. Earth colors, desert dunes and dust. A woodcut in a worn book. Torn paper and a forgotten "
    "scroll. Nostalgic light of candlelight and lanterns. A crown and a key of gold, long buried.",
    "cyberpunk": "A neon sign glows over the city skyline at night. Purple and teal light in the rain. "
    "Pink and blue light on wet glass. Futuristic robots and scanlines. Lime and violet screens, glitter "
    "of machines. A 3d render of a dark street. Spooky fog between brick walls and backlight. Lightning "
    "bolts and chrome.",
    "forest": "A pine forest with moss and mushrooms. Emerald green leaves and dappled light. A fox and "
    "a deer between the trees. Fireflies in misty fog. Falling leaves on a path of earth colors. Peaceful "
    "sunlight in beams. Watercolor greens of a meadow. A magical and mysterious wood.",
    "futuristic": "A rocket and a robot on another planet. A flying saucer in a starry night. A 3d "
    "render in ice blue. Low poly shapes and clean lines. Futuristic light beams and glowing halo. A "
    "blueprint of a telescope. Cool colors, chrome and glass. Scanlines on a television.",
    "landscape": "Snowy mountains under a blue sky. A sunset sky over ocean waves. A flower field in the "
    "golden hour. Green meadow and a far tree. Tiny and far away, a tent. Desert dunes and long shadow. "
    "An oil painting of a peaceful valley. A rainbow sky after rain.",
    "medieval": "A castle with bunting flags. A dragon, a crown and a lantern. Stained glass in black "
    "and gold. Woodcut of a knight on a horse. Candlelight on wooden planks. Embroidery with an ornate "
    "gold frame. A brick wall and a bell. Dramatic torches in the night.",
    "minimalist": "One thing on plain ground. Black and white, ink outline. A paper cutout with clean "
    "edges. Pastel colors and empty space. Peaceful and quiet light. A pencil sketch of a line. Low poly, "
    "few shapes. Cool colors and nothing else.",
    "noir": "Black and white film grain. Long shadow and a spotlight. Rain on wet glass at night. A "
    "mysterious figure in misty fog. Ink outline, halftone print, hard backlight. Melancholic moonlight "
    "over a city skyline. Window light through blinds. Scratched film strip and smoke.",
    "sunny": "A sandy beach and ocean waves. Sunburst rays and blue sky. Warm colors in the golden hour. "
    "Cheerful vivid colors, a sun and an ice cream. A sunflower in a flower field. Butterflies and "
    "flowers around. A lemon, a pineapple, an orange. Rainbow light and confetti.",
    "watercolor": "A watercolor of a rose in rose pink. Pastel colors that run on wet paper. A dreamy "
    "bokeh of light. Soft chalk drawing and pencil sketch. Canvas weave under a thin wash. A tulip and a "
    "butterfly. Romantic flowers around a vase. Rain and soap bubbles, blue and faint.",
}
"""Of the paper's ten themes."""

DIMENSION = 24
_ENDINGS = ("ing", "ed", "es", "s", "y")


def stems(text: str) -> list[str]:
    """Words without their commonest endings, of three letters or more."""
    found = []
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
        if len(word) >= 3 and word not in ("the", "and", "with", "for", "over", "under", "between"):
            found.append(word)
    return found


class WordEye:
    """Texts as vectors of DIMENSION numbers: means of their words'; a word that no sentence says is zero."""

    def __init__(self) -> None:
        """From the sentences: tf-idf, then a singular value decomposition."""
        sentences = [stems(s) for text in THEMES.values() for s in text.split(".") if s.strip()]
        words = sorted({word for sentence in sentences for word in sentence})
        self._index = {word: n for n, word in enumerate(words)}
        counts = torch.zeros(len(sentences), len(words), dtype=torch.float64)
        for row, sentence in enumerate(sentences):
            for word in sentence:
                counts[row, self._index[word]] += 1.0
        rarity = (len(sentences) / (counts > 0).sum(dim=0)).log()
        # Sentences of one theme stand together, so that its words are alike though no sentence says both.
        of_theme = counts.reshape(len(THEMES), -1, len(words)).sum(dim=1)
        table = torch.cat((counts, of_theme)) * rarity
        _, values, right = torch.linalg.svd(table, full_matrices=False)
        self._words = right[:DIMENSION].T * values[:DIMENSION]

    def look(self, texts: list[str]) -> Tensor:
        """Float[N, DIMENSION]."""
        rows = []
        for text in texts:
            known = [self._index[word] for word in stems(text) if word in self._index]
            rows.append(self._words[known].mean(dim=0) if known else self._words.new_zeros(DIMENSION))
        return torch.stack(rows)

    def theme(self, name: str) -> Tensor:
        """Float[DIMENSION]: the mean of its sentences, less that of all themes, as a direction."""
        sentences = {n: [s for s in text.split(".") if s.strip()] for n, text in THEMES.items()}
        means = {n: self.look(texts).mean(dim=0) for n, texts in sentences.items()}
        direction = means[name] - torch.stack(list(means.values())).mean(dim=0)
        unit: Tensor = direction / direction.norm().clamp(min=1e-12)
        return unit
