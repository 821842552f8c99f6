"""Train the mini CLIP: an open_clip model of a small text transformer and a small residual picture tower.

The loss has two parts. One is the usual contrast between the pictures and captions of a batch. The other
compares every picture with the words of each slot alone ("watercolor", "pencil sketch", ...) and with the
subjects. The subjects are enough to distinguish the captions of a batch, so with the first part alone the
less visible slots would be learned last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from models.composer.compose import SLOTS
from models.composer.dataset import ComposedPictures
from models.loop import Budget, Run, amp, device
from models.training.tokenizer import token_ids

MEAN, STD = 0.5, 0.25
SUBJECT_WEIGHT = 8.0
"""Weight of the subject among the slots; there are many more subjects than tokens of a slot."""
OTHERS = 96
"""Subjects that the pictures of a batch are compared with, beside their own. All of them would take most of
the time, and each step has others."""
SHIFT_PX = 4
"""Largest shift of a batch: subjects of generated pictures are not placed as exactly as composed ones."""


def clip_px(config: dict[str, Any]) -> int:
    """Side of the pictures that the CLIP sees: of the composed ones unless the config says less."""
    return int(config["clip"].get("picture_px", config["data"]["picture_px"]))


def clip_config(config: dict[str, Any], vocab_size: int) -> dict[str, Any]:
    """The `model_cfg` of open_clip."""
    text, clip = config["text"], config["clip"]
    return {
        "embed_dim": clip["embed_dim"],
        "vision_cfg": {
            "image_size": clip_px(config),
            "layers": list(clip["vision_layers"]),
            "width": clip["vision_width"],
            "patch_size": None,
        },
        "text_cfg": {
            "context_length": text["context_length"],
            "vocab_size": vocab_size,
            "hf_tokenizer_name": "mini",
            "width": text["width"],
            "heads": text["heads"],
            "layers": text["layers"],
        },
    }


def build_clip(config: dict[str, Any], vocab_size: int) -> Any:
    """An untrained open_clip.CLIP."""
    import open_clip

    model = open_clip.CLIP(**clip_config(config, vocab_size))
    return model.to(device())


def encode_ids(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Unit rows Float[N, D] of token ids Long[N, L] with L up to the window."""
    length = ids.shape[1]
    x = model.token_embedding(ids) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x)
    x = x[torch.arange(len(x), device=x.device), ids.argmax(dim=-1)] @ model.text_projection
    return F.normalize(x.float(), dim=-1)


def pictures_to_input(pictures: np.ndarray, px: int) -> torch.Tensor:
    """Float[N, 3, px, px], resized and normalised as the saved preprocessing does."""
    x = torch.from_numpy(pictures).to(device()).permute(0, 3, 1, 2).float() / 255
    if x.shape[-1] != px:
        x = F.interpolate(x, (px, px), mode="bicubic", antialias=True)
    return ((x - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def shifted(pictures: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Pictures Float[N, 3, px, px], all moved by the same few pixels in a random direction."""
    top, left = (int(v) for v in rng.integers(0, 2 * SHIFT_PX + 1, size=2))
    px = pictures.shape[-1]
    wide = F.pad(pictures, (SHIFT_PX,) * 4, mode="replicate")[..., top : top + px, left : left + px]
    return wide.contiguous(memory_format=torch.channels_last)


def train_clip(data: ComposedPictures, tokenizer: Any, config: dict[str, Any], folder: Path) -> Any:
    """The trained model; resumes from `folder`."""
    torch.manual_seed(1)
    settings, longest, px = config["clip"], config["text"]["context_length"], clip_px(config)
    model = build_clip(config, len(tokenizer)).to(memory_format=torch.channels_last).train()
    run = Run(folder, Budget.of(settings), settings["rate"], {"model": model})
    visual = torch.compile(model.visual) if run.budget.pays_compiling else model.visual
    rng = np.random.default_rng(100 + run.steps)
    train = len(data.pictures) - config["data"]["held_out"]
    names, tokens = data.subjects, [token for tokens in SLOTS.values() for token in tokens[1:]]
    ends = np.cumsum([len(tokens) - 1 for tokens in SLOTS.values()])

    def loss_of(step: int) -> tuple[torch.Tensor, dict[str, float]]:
        rows = rng.integers(train, size=settings["batch"])
        captions = [data.caption(int(row), rng) for row in rows]
        ids = token_ids(tokenizer, captions, longest).to(device())
        pictures = pictures_to_input(data.pictures[rows], px)
        scenes = data.scenes[rows].astype(np.int64)
        others = rng.choice(len(names), min(OTHERS, len(names)), replace=False)
        subjects = np.union1d(scenes[:, 0], others)
        words = [*(names[n] for n in subjects), *tokens]
        starts = [0, *(len(subjects) + np.array([0, *ends]))]
        with amp():
            seen = F.normalize(visual(shifted(pictures, rng)).float(), dim=-1)
            captioned = encode_ids(model, ids)
            word = encode_ids(model, token_ids(tokenizer, words, longest).to(device()))
        scale = model.logit_scale.exp().clamp(max=100.0)
        logits = scale * seen @ captioned.T
        own = torch.arange(len(rows), device=logits.device)
        contrast = (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2
        scenes[:, 0] = np.searchsorted(subjects, scenes[:, 0])
        targets = torch.as_tensor(scenes, device=logits.device)
        parts = []
        for slot in range(targets.shape[1]):
            scores = scale * seen @ word[starts[slot] : starts[slot + 1]].T
            target = targets[:, slot] - int(slot > 0)
            parts.append(F.cross_entropy(scores, target, ignore_index=-1))
        words_loss = (SUBJECT_WEIGHT * parts[0] + torch.stack(parts[1:]).sum()) / len(parts)
        right = (logits.argmax(1) == own).float().mean().item()
        notes = {
            "contrast": contrast.item(),
            "words": words_loss.item(),
            "right": right,
            "subject": parts[0].item(),
        }
        return contrast + words_loss, notes

    run.train(loss_of, settings["batch"])
    return model.eval()
