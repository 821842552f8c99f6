"""Style files of other programs as one more slot: `styles.csv` of A1111 and JSON files of Fooocus.

The prompt of a style contains the placeholder "{prompt}". The text before and after it becomes one token.
Weights such as "(sharp:1.2)" and "<lora:...>" tags are syntax of other programs and are removed. Negative
prompts are ignored, because a token names a wanted property. The files belong to the user, so their words are
not filtered here.
"""

import csv
import io
import json
import re
import unicodedata
from pathlib import Path

from personalize.errors import VocabularyError
from personalize.vocabulary.vocabulary import Vocabulary

SLOT, SOURCE = "style", "styles file"
PLACE = "{prompt}"
LONGEST = 120
"""Largest number of characters of a token; a longer style keeps its first phrases. CLIP reads at most 77
word pieces."""

MOST_STYLES = 2000
LARGEST_BYTES = 4 * 2**20

_TAG = re.compile(r"<[^<>]*>|:\s*-?\d+(?:\.\d+)?(?=\s*[)\]])|[()\[\]{}|\\]")
_DANGLING = re.compile(
    r"(?:\s|^)(?:of|with|by|in|on|at|a|an|the|and|from|for|featuring|showing|depicting)$", re.I
)


def with_styles(vocabulary: Vocabulary, place: Path) -> Vocabulary:
    """The vocabulary with styles as its last slot.

    Empty styles, and styles that repeat an existing token, are left out.

    Args:
        vocabulary: the vocabulary without styles.
        place: a styles file, or a folder whose .csv and .json files are read.

    Raises:
        VocabularyError: the file does not exist, is damaged or too large, has no or too many styles, or the
            vocabulary has a slot "style".
    """
    if SLOT in vocabulary.slots:
        raise VocabularyError(
            f"Expected a vocabulary without a slot '{SLOT}' to add styles to, found one in "
            f"'{vocabulary.name}'. Rename the slot, or unset PALATE_STYLES."
        )
    known = {token.casefold() for token in vocabulary.tokens}
    tokens: dict[str, str] = {}
    for file in _files(place):
        for prompt in read_styles(file):
            token = style_token(prompt)
            if token and token.casefold() not in known:
                tokens.setdefault(token.casefold(), token)
    if not 0 < len(tokens) <= MOST_STYLES:
        raise VocabularyError(
            f"Expected 1 to {MOST_STYLES} styles with new words in {place}, found {len(tokens)}. "
            "Check PALATE_STYLES, or give a smaller file."
        )
    return vocabulary.with_slot(SLOT, list(tokens.values()), SOURCE)


def read_styles(file: Path) -> list[str]:
    """The unchanged prompts of a file's styles, without empty prompts.

    Raises:
        VocabularyError: the file cannot be read, or is not a styles file.
    """
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise VocabularyError(
                f"Expected a styles file of at most {LARGEST_BYTES >> 20} MiB, found {file} with "
                f"{file.stat().st_size >> 20}. Give a smaller one."
            )
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(
            f"Expected a readable UTF-8 styles file at {file}, found: {error}. Correct PALATE_STYLES."
        ) from error
    prompts = _from_json(text, file) if file.suffix.lower() == ".json" else _from_csv(text, file)
    return [prompt for prompt in prompts if prompt.strip()]


def style_token(prompt: str) -> str:
    """The words of a style's prompt without its placeholder, as one token; "" without words.

    Commas stay: "cinematic still {prompt} . emotional, vignette" becomes "cinematic still, emotional,
    vignette".
    """
    before, _, after = unicodedata.normalize("NFC", prompt).partition(PLACE)
    phrases: list[str] = []
    for number, part in enumerate((before, after.replace(PLACE, " "))):
        plain = _TAG.sub(" ", "".join(c if c.isprintable() else " " for c in part))
        found = [" ".join(phrase.split()) for phrase in re.split(r"[,;]|\.(?=\s|$)", plain)]
        if number == 0 and found:
            while _DANGLING.search(found[-1]):
                found[-1] = _DANGLING.sub("", found[-1])
        phrases += [phrase for phrase in found if re.search(r"\w", phrase)]
    token = ""
    for phrase in dict.fromkeys(phrases):
        longer = f"{token}, {phrase}" if token else phrase[:LONGEST].strip()
        if len(longer) > LONGEST:
            break
        token = longer
    return token


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    files = sorted(file for file in place.iterdir() if file.suffix.lower() in (".csv", ".json"))
    if not files:
        raise VocabularyError(
            f"Expected .csv or .json files of styles in {place}, found none. Correct PALATE_STYLES."
        )
    return files


def _from_csv(text: str, file: Path) -> list[str]:
    line = 1  # where the present row begins
    try:
        rows = csv.reader(io.StringIO(text), strict=True, skipinitialspace=True)
        heads = [head.strip() for head in next(rows, [])]
        if not {"name", "prompt"} <= set(heads):
            raise VocabularyError(
                f"Expected the columns name,prompt,negative_prompt in {file}, found "
                f"{','.join(heads) or 'nothing'}. Save it as A1111's styles.csv."
            )
        place, prompts, line = heads.index("prompt"), [], rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row[len(heads) :]):
                raise VocabularyError(
                    f"Expected {len(heads)} columns in line {line} of {file}, found {len(row)}. "
                    "Put quotes around a text that has commas."
                )
            prompts.append(row[place] if place < len(row) else "")
            line = rows.line_num + 1
        return prompts
    except csv.Error as error:
        raise VocabularyError(
            f"Expected a table with commas in {file}, found a fault in line {line}: {error}. "
            "Write a quote inside quotes twice, and end every quoted text with a quote."
        ) from error


def _from_json(text: str, file: Path) -> list[str]:
    try:
        styles = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"Expected JSON in {file}, found: {error}. Save it as Fooocus does.") from error
    if not isinstance(styles, list) or not all(
        isinstance(style, dict)
        and isinstance(style.get("name"), str)
        and isinstance(style.get("prompt", ""), str)
        for style in styles
    ):
        raise VocabularyError(
            f"Expected a list of styles with name, prompt and negative_prompt in {file}, found "
            "something else. Save it as Fooocus does."
        )
    return [style.get("prompt", "") for style in styles]
