"""The tokenizer of both models. Its byte-pair table is a prefix of CLIP's, which is itself a valid table."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

START, END = "<|startoftext|>", "<|endoftext|>"


def build_tokenizer(folder: Path, merges: int, context_length: int) -> Any:
    """Write the tokenizer's files to `folder` and return it as a transformers CLIPTokenizer."""
    import open_clip
    from open_clip.tokenizer import bytes_to_unicode
    from transformers import CLIPTokenizer

    table = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    rules = gzip.decompress(table.read_bytes()).decode().split("\n")[1 : merges + 1]
    letters = list(bytes_to_unicode().values())
    vocabulary = [
        *letters,
        *(letter + "</w>" for letter in letters),
        *("".join(r.split()) for r in rules),
        START,
        END,
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: n for n, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(rules) + "\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=context_length)


def token_ids(tokenizer: Any, captions: Sequence[str], longest: int) -> torch.Tensor:
    """Long[N, L] with L the longest caption; a causal text tower needs no further padding."""
    ids = tokenizer(list(captions), padding="longest", truncation=True, max_length=longest)["input_ids"]
    return torch.tensor(ids)


def padded_ids(tokenizer: Any, captions: Sequence[str], window: int) -> torch.Tensor:
    """Long[N, window], padded as the pipeline of diffusers does."""
    ids = tokenizer(list(captions), padding="max_length", truncation=True, max_length=window)["input_ids"]
    return torch.tensor(ids)
