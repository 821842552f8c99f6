"""Records sessions with a fixed seed: ``python -m tests.rounds.recording`` writes `recorded/*.json` again.

The recordings prove that a refactor changes no prompt and no picture. Record again only after an intended
change of prompts or pictures, for example new shipped models.
"""

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from models import load_embedder, load_renderer
from models.threads import use_threads
from personalize.preparation.parts import Parts
from personalize.preparation.prepare import Preparation, prepare
from personalize.rounds.personalizer import Personalizer
from personalize.session.memory_store import MemoryStore
from personalize.settings import Settings
from personalize.taste.blind_test import next_trial
from personalize.taste.personal_pictures import personal_pictures
from personalize.vocabulary.vocabulary import Vocabulary
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

FOLDER = Path(__file__).parent / "recorded"
MINI = Path(__file__).parents[2] / "assets" / "vocabulary" / "mini"

STRATEGIES = {"fakes": ("adaptive", "static-rounded", "static-iid", "random", "bald"), "mini": ("adaptive",)}
ROUNDS = {"fakes": 12, "mini": 7}
NONE_OF_THESE = 4
"""Number of the round with the answer "none of these"."""

AREAS = 4
"""A recording has the mean colours of AREAS x AREAS areas, because rounding differs between processors."""


@contextmanager
def parts_of(name: str) -> Iterator[Parts]:
    """The stand-in networks ("fakes") or the shipped models ("mini"), with an empty cache and one thread.

    The stand-ins' pictures have nearly equal gains, so the rounding of two threads chooses other prompts.
    """
    use_threads(1)
    with tempfile.TemporaryDirectory() as data:
        if name == "mini":
            settings = Settings(data=Path(data), best_of_s=0.0)  # whatever the machine's speed
            vocabulary = Vocabulary.load(MINI)
            yield Parts(vocabulary, load_renderer("mini", 1), load_embedder("mini", 1), settings, MINI)
        else:
            settings = Settings(data=Path(data), pool=64, candidates=200, best_of_s=0.0)
            yield Parts(fake_vocabulary(), FakeRenderer(), FakeEmbedder(), settings)


def prepared(parts: Parts) -> Preparation:
    """The preparation of the parts."""
    return prepare(parts.vocabulary, parts.renderer, parts.embedder, parts.settings, shipped=parts.shipped)


def record(parts: Parts, preparation: Preparation, strategy: str, rounds: int) -> dict[str, Any]:
    """One session: rounds with pictures, estimated utilities, personal pictures and a blind trial."""
    loop = Personalizer(preparation, MemoryStore(), parts.renderer, parts.embedder, parts.settings)
    token = loop.start("a fox", seed=11, strategy=strategy).token
    rows = []
    for number in range(1, rounds + 1):
        round_ = loop.render(token, loop.propose(token).number)
        rows.append(
            {
                "number": round_.number,
                "prompts": list(round_.prompts),
                "seeds": list(round_.seeds),
                "pictures": [_areas(loop.picture(token, name)) for name in round_.pictures],
            }
        )
        _answer(loop, token, number)
    mdp = preparation.mdp
    utilities = loop.estimate(token).utility(mdp.features - mdp.features[0]).tolist()
    pairs = personal_pictures(loop, token, "a castle", seed=5, count=2).pairs
    trial = next_trial(loop, token)
    return {
        "strategy": strategy,
        "rounds": rows,
        "utilities": [round(utility, 4) for utility in utilities],
        "personal": [{"prompt": pair.prompt, "seed": pair.seed} for pair in pairs],
        "trial": [trial.subject, trial.prompt, trial.personal_first],
    }


def _answer(loop: Personalizer, token: str, number: int) -> None:
    if number == NONE_OF_THESE:
        loop.answer(token, number, none=True)
    elif number % 3 == 0:
        loop.answer(token, number, best=number % 4, disliked=[(number + 1) % 4])
    else:
        loop.answer(token, number, best=(number * 7) % 4)


def _areas(content: bytes) -> list[int]:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    return list(image.resize((AREAS, AREAS), Image.Resampling.BOX).tobytes())


def recorded(name: str) -> dict[str, dict[str, Any]]:
    """The committed recordings of sessions by strategy."""
    sessions = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return {session["strategy"]: session for session in sessions}


def main() -> None:
    """Write every recording again."""
    for name, strategies in STRATEGIES.items():
        with parts_of(name) as parts:
            preparation = prepared(parts)
            sessions = [record(parts, preparation, strategy, ROUNDS[name]) for strategy in strategies]
        (FOLDER / f"{name}.json").write_text(json.dumps(sessions) + "\n", encoding="utf-8")
        sys.stdout.write(f"recorded {len(sessions)} sessions of {name}\n")


if __name__ == "__main__":
    main()
