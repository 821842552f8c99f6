"""Converts a session to a taste file, and a taste file to a session that can be continued."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from personalize.errors import SessionError, VocabularyError
from personalize.mdp.prompt_mdp import BLANK
from personalize.progress import OnStep
from personalize.rendering.jobs import Purpose
from personalize.rounds.personalizer import Personalizer
from personalize.session.record import Answer, Round, Session
from personalize.session.subject import check_subject
from personalize.taste.summary import Opinion, opinions_of
from personalize.taste.taste_file import MOST_ROUNDS, Made, Picked, Said, TasteFile, read_taste_file
from personalize.vocabulary.vocabulary import Vocabulary


def made_with(loop: Personalizer) -> Made:
    """The vocabulary and the models that the loop uses for its sessions."""
    return Made(
        vocabulary=loop.preparation.vocabulary.fingerprint,
        renderer=loop.renderer.name,
        embedder=loop.embedder.name,
    )


def taste_file(loop: Personalizer, token: str, sentence: str) -> TasteFile:
    """The taste file of a session, without the rounds whose answer is damaged.

    Of more than MOST_ROUNDS answered rounds it contains the newest.

    Args:
        loop: the loop of the session.
        token: token of the session.
        sentence: description of the taste for human readers.

    Raises:
        SessionError: the session has no answers.
    """
    session, vocabulary = loop.session(token), loop.preparation.vocabulary
    if not session.counted:
        raise SessionError("Expected a session with answers, found none. Pick a picture first.")
    return TasteFile(
        format="palate-taste",
        version=1,
        made=datetime.now(UTC),
        subject=session.subject,
        sentence=sentence,
        models=Made(vocabulary=session.vocabulary, renderer=session.renderer, embedder=session.embedder),
        opinions=[
            Said(
                word=opinion.token,
                slot=opinion.slot,
                utility=round(opinion.utility, 4),
                error=round(opinion.error, 4),
            )
            for opinion in opinions_of(loop.preparation, loop.snapshot(token).estimate)
        ],
        rounds=[_picked(round_, vocabulary) for round_ in session.counted[-MOST_ROUNDS:]],
    )


def opinions_in(file: TasteFile) -> list[Opinion]:
    """The opinions in a taste file, in descending order of utility."""
    stored = sorted(file.opinions, key=lambda one: -one.utility)
    return [Opinion(one.word, one.slot, one.utility, one.error) for one in stored]


def _picked(round_: Round, vocabulary: Vocabulary) -> Picked:
    """An answered round in the form of a taste file."""
    answer = round_.answer
    assert answer is not None
    return Picked(
        pictures=[[vocabulary.tokens[n] for n in path if n != BLANK] for path in round_.paths],
        seed=round_.seeds[0],
        seeds=round_.seeds if len(set(round_.seeds)) > 1 else None,
        best=None if answer.best is None else answer.best + 1,
        worst=None if answer.worst is None else answer.worst + 1,
        liked=_numbers(answer.liked),
        disliked=_numbers(answer.disliked) if answer.worst is None else None,
        at=answer.at,
    )


def rounds_of(file: TasteFile, vocabulary: Vocabulary, made: Made) -> tuple[Round, ...]:
    """The rounds of a taste file with their answers, without pictures.

    Args:
        file: the checked file.
        vocabulary: the vocabulary of this app.
        made: the vocabulary and the models of this app.

    Raises:
        SessionError: the file has another vocabulary or other models, or contains an impossible round.
    """
    for name, theirs, ours in (
        ("words", file.models.vocabulary, made.vocabulary),
        ("picture model", file.models.renderer, made.renderer),
        ("CLIP", file.models.embedder, made.embedder),
    ):
        if theirs != ours:
            raise SessionError(
                "Expected a taste made with the {name} of this app ('{ours}'), found one made with "
                "'{theirs}'. Open it in the Palate that saved it, or pick anew here.",
                name=name,
                ours=ours,
                theirs=theirs,
            )
    subject = check_subject(file.subject)
    options = len(file.rounds[0].pictures)
    rounds = []
    for number, picked in enumerate(file.rounds, 1):
        paths = tuple(_path(words, vocabulary, number) for words in picked.pictures)
        answer = _answer(picked, options)
        seeds = picked.seeds or (picked.seed,) * options
        fits = len(paths) == len(set(paths)) == len(seeds) == options
        if not fits or answer is None:
            raise SessionError(
                "Expected {options} different pictures and an answer about them in round {number} of the "
                "taste file, found something else. Choose another file.",
                options=options,
                number=number,
            )
        prompts = tuple(vocabulary.prompt(subject, path) for path in paths)
        rounds.append(Round(number, subject, paths, prompts, seeds, (), "adaptive", answer))
    return tuple(rounds)


def _numbers(places: Sequence[int]) -> tuple[int, ...] | None:
    return tuple(place + 1 for place in places) or None


def _answer(picked: Picked, options: int) -> Answer | None:
    """The answer of a round in a taste file, or None where it does not fit `options` pictures."""
    least = () if picked.worst is None else (picked.worst,)
    try:
        answer = Answer.checked(
            options,
            best=None if picked.best is None else picked.best - 1,
            none=picked.best is None,
            liked=[number - 1 for number in picked.liked or ()],
            disliked=[number - 1 for number in (*least, *(picked.disliked or ()))],
        )
    except SessionError:
        return None
    return replace(answer, at=picked.at)


def check_file(loop: Personalizer, content: bytes) -> TasteFile:
    """The taste file in `content`, checked so that `adopt` accepts it.

    Raises:
        SessionError: the content is not a taste file, or has another vocabulary or other models.
    """
    file = read_taste_file(content)
    rounds_of(file, loop.preparation.vocabulary, made_with(loop))
    return file


def adopt(loop: Personalizer, file: TasteFile, on_step: OnStep | None = None) -> Session:
    """A new session with the answers of a taste file; the pictures of its rounds are rendered again.

    Args:
        loop: the loop of the new session.
        file: the taste file.
        on_step: reports the progress of all pictures together.

    Raises:
        SessionError: the file has another vocabulary or other models.
        RenderError: the renderer failed; no session was created.
        CancelledError: `on_step` or a cancelled job ended the work; no session was created.
    """
    rounds = rounds_of(file, loop.preparation.vocabulary, made_with(loop))
    # An adopted session is never part of a study.
    strategy = "adaptive" if loop.settings.strategy == "study" else None
    session = loop.start(file.subject, options=rounds[0].options, strategy=strategy)
    try:
        drawn = loop.render_prompts(
            session.token,
            [prompt for round_ in rounds for prompt in round_.prompts],
            [seed for round_ in rounds for seed in round_.seeds],
            on_step,
            Purpose.ADOPTION,
        )
        for place, round_ in enumerate(rounds):
            pictures = tuple(drawn[place * session.options : (place + 1) * session.options])
            loop.store.append_round(session.token, replace(round_, pictures=pictures, answer=None))
            assert round_.answer is not None
            loop.store.append_answer(session.token, round_.number, round_.answer)
    except BaseException:
        loop.delete(session.token)
        raise
    return loop.session(session.token)


def _path(words: list[str], vocabulary: Vocabulary, number: int) -> tuple[int, ...]:
    """The path of the words of one picture in round `number`.

    Raises:
        SessionError: a word is not in the vocabulary, or two words have the same slot.
    """
    path = [BLANK] * vocabulary.horizon
    for word in words:
        try:
            token = vocabulary.index(word)
        except VocabularyError:
            token = BLANK
        slot = vocabulary.slot_of(word) if token != BLANK else 0
        if token == BLANK or path[slot] != BLANK:
            raise SessionError(
                "Expected words of this app, at most one a slot, in round {number} of the taste file, "
                "found '{word}'. Choose another file.",
                number=number,
                word=word,
            )
        path[slot] = token
    return tuple(path)
