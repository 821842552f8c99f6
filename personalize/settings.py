"""Defines all settings of Palate: name, environment variable, default, unit and meaning.

Only this module reads settings from the environment. A flag overrides the environment, and the environment
overrides the default. personalize/ui/README.md contains the table of `Settings.table()`.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from personalize.errors import SettingsError
from personalize.session.record import STRATEGY_NAMES, STUDY

if TYPE_CHECKING:
    from personalize.session.database import DatabaseUrl

PREFIX = "PALATE_"
"""Prefix of the environment variables."""

log = logging.getLogger(__name__)
RENAMED = {"words": "max_tokens", "pleasant": "liked_share", "ahead": "lookahead_rounds"}
"""Present names of settings by their earlier names, which still work."""

FEWEST_WORDS = 2
"""Words a prompt where nothing states the model's own number, as for models that are given from Python."""

_ARMS = tuple(name for name in STRATEGY_NAMES if name != STUDY)
_OF_A_SERVICE = re.compile(
    r"([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
"""Variables that Kubernetes gives every pod for a Service, after the Service's name and an underscore."""

_PORT_OF_A_SERVICE = re.compile(r"(tcp|udp|sctp)://.+")
_PIN = re.compile(r"[0-9]{4,12}")
_CLUSTER = re.compile(r"local|ray|auto|[A-Za-z0-9._-]{1,253}:[0-9]{1,5}|\[[0-9A-Fa-f:]{2,45}\]:[0-9]{1,5}")
_SERVER = re.compile(r"https?://.", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]_~%/-]{1,200}")

_BUCKET = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*/?")

SHORTEST_REPEAT_GAP = 4
"""Fewest rounds from a question to its repeat.

With `repeats` = n, round n is the first repeat and round 1 its question. Their gap is n - 1, so n must be
above this constant. A shorter gap would be noticed, and its answer would add little information.
"""


def _setting(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    metadata = {"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class SettingRow:
    """One row of the table of settings."""

    name: str
    environment: str
    default: str
    unit: str
    meaning: str

    @property
    def flag(self) -> str:
        """The flag of the setting."""
        return "--" + self.name.replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag of the setting, and its earlier flags, which still work."""
        earlier = (old for old, new in RENAMED.items() if new == self.name)
        return (self.flag, *("--" + old.replace("_", "-") for old in earlier))


@dataclass(frozen=True)
class Settings:
    """The values of all settings, checked. `Settings.from_environment` reads them from the environment."""

    model: str = _setting(
        "mini", "Name of the pipeline in the catalogue, a folder, or an id on the hub that was fetched."
    )
    clip: str = _setting(
        "", "CLIP model that embeds the pictures: name, folder or id; empty: the model's own."
    )
    steps: int = _setting(0, "Denoising steps; 0: the model's own number.", unit="steps", low=0, high=500)
    guidance: float = _setting(
        -1.0, "Classifier-free guidance scale; -1: the model's own.", low=-1.0, high=50.0
    )
    picture_px: int = _setting(
        0, "Side of the pictures, a multiple of 8; 0: the model's own.", unit="pixels", low=0, high=4096
    )
    safety: int = _setting(
        1, "1: use the model's own safety checker, if it has one; 0: do not use it.", low=0, high=1
    )
    compile: str = _setting(
        "", "Backend of torch.compile, such as inductor (needs a C compiler); empty: none."
    )
    vocabulary: str = _setting(
        "", "Words to use: a set in assets/vocabulary or a folder; empty: the model's own, else full."
    )
    styles: str = _setting(
        "", "File or folder of styles (A1111's styles.csv, Fooocus's JSON) to add as one more slot."
    )
    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 lets other machines in.")
    port: int = _setting(7860, "Port to listen on; 0 takes a free one.", low=0, high=65535)
    data: Path = _setting(
        Path("~/.local/share/palate"),
        "Folder of sessions, pictures and caches; the app writes to no other folder.",
    )
    pictures: str = _setting(
        "", "Folder or URL, such as s3://bucket/prefix, of the pictures; empty: below the data folder."
    )
    database_url: str = _setting("", "URL of the database; empty: palate.sqlite3 in the data folder.")
    threads: int = _setting(0, "CPU threads of the networks; 0: as many as cores are free.", low=0, high=1024)
    render_on: str = _setting(
        "local",
        "Where pictures are drawn: local; ray: Ray on this machine; host:port of a Ray cluster; or the "
        "http:// address of an images server.",
    )
    render_key: str = _setting(
        "", "File that contains the key of the images server, or env:NAME of a variable; empty: no key."
    )
    replicas_least: int = _setting(
        1, "Fewest replicas of the networks on Ray.", unit="replicas", low=1, high=10_000
    )
    replicas_most: int = _setting(
        0, "Most replicas of the networks on Ray; 0: as many as the cluster has room for.",
        unit="replicas", low=0, high=10_000,
    )  # fmt: skip

    options: int = _setting(4, "Number of pictures in a round, K.", unit="pictures", low=2, high=9)
    rounds: int = _setting(12, "Planned number of rounds in a session.", unit="rounds", low=1, high=500)
    seed: int = _setting(
        -1,
        "Seed of every session, so that a session can be repeated; -1: a random seed for each.",
        low=-1,
        high=2**31 - 1,
    )
    strategy: str = _setting(
        "adaptive-seen",
        "Strategy that chooses the questions; study: compare several (see personalize/study/README.md).",
        choices=STRATEGY_NAMES,
    )
    study_arms: tuple[str, ...] = _setting(
        ("adaptive", "random"), "Strategies that a study compares within every person."
    )
    study_learning: int = _setting(
        8, "Learning rounds of each arm in a study's session.", unit="rounds", low=1, high=100
    )
    study_common: int = _setting(
        8, "Questions in a study's session that every participant gets.", unit="rounds", low=1, high=100
    )
    study_again: int = _setting(
        3, "Common questions that are asked twice, to measure self-agreement.", unit="rounds", low=0, high=100
    )
    pool: int = _setting(
        300, "Number of candidate prompts for a new question.", unit="prompts", low=8, high=100_000
    )
    max_tokens: int = _setting(
        0, "Most words of style in a prompt; 0: the model's own number.", low=0, high=1000
    )
    liked_share: float = _setting(
        0.5,
        "Share of the candidate prompts, those with the highest utilities, that a question may contain.",
        low=0.01,
        high=1.0,
    )
    lookahead_rounds: int = _setting(
        1, "Rounds chosen and rendered before the present round is answered; 0: none.", low=0, high=5
    )
    drawn_ahead: int = _setting(
        16, "Most pictures drawn while a round is looked at; the next question is chosen among them.",
        unit="pictures", low=0, high=1000,
    )  # fmt: skip
    shared_pool: int = _setting(
        64, "Pictures of each example subject drawn while nobody waits, for everybody's questions; 0: none.",
        unit="pictures", low=0, high=10_000,
    )  # fmt: skip
    bank: int = _setting(
        2, "First rounds of each example subject rendered in advance, for an instant start; 0: none.",
        unit="rounds", low=0, high=100,
    )  # fmt: skip
    repeats: int = _setting(
        8, "One round in this many repeats an earlier question, to measure steadiness; 0: none.",
        unit="rounds", low=0, high=500,
    )  # fmt: skip
    warm_up: int = _setting(3, "Answers before `liked_share` applies.", unit="rounds", low=0, high=500)

    lapse: float = _setting(0.05, "Share of picks that are slips of the finger.", low=0.0, high=0.5)
    gammas: tuple[float, ...] = _setting(
        (0.5, 1.0), "Powers of the features' covariance tried as the prior of a taste.", low=0.0, high=2.0
    )
    population: int = _setting(
        0,
        "Fewest earlier sessions for an additional prior from their tastes, at each start; 0: never.",
        unit="sessions",
        low=0,
        high=100_000,
    )
    caution: float = _setting(
        0.5,
        "Standard errors by which a token's utility must exceed 0 for use in personal pictures.",
        low=0.0,
        high=5.0,
    )
    best_of: int = _setting(
        8,
        "Most pictures rendered for each personal picture; the best one is shown.",
        unit="pictures",
        low=1,
        high=32,
    )
    best_of_s: float = _setting(
        10.0,
        "Seconds for a set of personal pictures; a slow machine renders fewer, at least 3 each. 0: no limit.",
        unit="seconds",
        low=0.0,
        high=86_400.0,
    )

    stall_s: float = _setting(
        0.0,
        "Seconds without a denoising step after which drawing fails and /readyz says so; 0: as measured.",
        unit="seconds",
        low=0.0,
        high=86_400.0,
    )

    draws_a_minute: int = _setting(
        40,
        "Rounds and sets of pictures that a session may request in a minute; 0: no limit.",
        low=0,
        high=100_000,
    )
    sessions_an_hour: int = _setting(
        200, "Sessions that one address may start in an hour (a school is one address); 0: no limit.",
        unit="sessions", low=0, high=1_000_000,
    )  # fmt: skip

    kiosk: int = _setting(
        0, "Seconds without a touch before the page of a booth starts over; 0: never.",
        unit="seconds", low=0, high=86_400,
    )  # fmt: skip
    staff_pin: str = _setting(
        "",
        "4 to 12 figures that open /staff, the wall of taste cards, and the settings; empty: no staff page.",
    )
    address: str = _setting(
        "",
        "Address of the page for phones, such as http://192.168.1.20:7860; empty: the browser's address.",
    )

    mcp: int = _setting(
        0,
        "1: offer the endpoints as MCP tools too, at /gradio_api/mcp/ (needs the package mcp).",
        low=0,
        high=1,
    )

    metadata: int = _setting(
        1, "1: saved picture files contain their prompt, seed and model; 0: they do not.", low=0, high=1
    )

    feature_source: str = _setting(
        "auto",
        "Source of the tokens' features; auto: pictures, or texts if there would be too many pictures.",
        choices=("auto", "pictures", "texts"),
    )
    contexts: int = _setting(
        4, "Number of subjects for the measurement of each token's effect.", unit="subjects", low=1, high=64
    )
    calibration: int = _setting(
        400, "Prompts of several words drawn once, to calibrate what words foresee of a picture; 0: none.",
        unit="prompts", low=0, high=100_000,
    )  # fmt: skip
    kept_variance: float = _setting(0.99, "Share of the variance kept by the features.", low=0.1, high=1.0)
    max_dimension: int = _setting(64, "Largest dimension of the features.", low=1, high=4096)
    criterion: str = _setting("V", "Optimality criterion of the design.", choices=("V", "D"))
    prior_spread: float = _setting(
        2.0, "Spread of utilities over prompts that the design assumes.", unit="nats", low=0.01, high=100.0
    )
    candidates: int = _setting(
        1000, "Number of random prompts that represent all prompts.", unit="prompts", low=16, high=100_000
    )
    relative_gap: float = _setting(1e-3, "Certified gap at which the design stops.", low=1e-9, high=1.0)
    design_iterations: int = _setting(2000, "Most iterations of the design.", low=1, high=10_000_000)

    def __post_init__(self) -> None:
        """Check all values.

        Raises:
            SettingsError: a value is outside its range or not among its choices.
        """
        for item in fields(self):
            _check(item.name, getattr(self, item.name), item.metadata)
        if 0 < self.repeats <= SHORTEST_REPEAT_GAP:
            raise SettingsError(
                f"Expected repeats to be 0 or at least {SHORTEST_REPEAT_GAP + 1}, found {self.repeats}. "
                "Use 0 or a larger number."
            )
        if 0 < self.replicas_most < self.replicas_least:
            raise SettingsError(
                f"Expected replicas_most to be 0 or at least {self.replicas_least}, the fewest, found "
                f"{self.replicas_most}. Correct one of both."
            )
        _check_folder(self.data)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **overrides: object) -> "Settings":
        """The settings from defaults, PALATE_* variables and `overrides`, in ascending priority.

        A variable counts as missing if it is empty, if an override replaces it, or if Kubernetes wrote it for
        a Service named palate.

        Args:
            environ: the environment variables.
            overrides: values by the name of their setting, as text or with the type of the setting. None
                overrides nothing.

        Raises:
            SettingsError: a PALATE_* variable or an override has an unknown name, or a value is not valid.
        """
        kinds = get_type_hints(cls)
        names = {item.name for item in fields(cls)}
        values: dict[str, object] = {}
        for variable, text in _written_by_people(environ).items():
            name = variable.removeprefix(PREFIX).lower()
            if name in RENAMED:
                new = PREFIX + RENAMED[name].upper()
                log.warning("%s is now %s. The old name still works.", variable, new)
                if environ.get(new, "").strip():
                    continue
                name = RENAMED[name]
            if name not in names:
                raise SettingsError(
                    f"Expected one of {', '.join(PREFIX + n.upper() for n in sorted(names))}, "
                    f"found {variable}. Correct or unset it."
                )
            if overrides.get(name) is None:
                values[name] = _parsed(variable, text, kinds[name])
        for name, value in overrides.items():
            if name not in names:
                raise SettingsError(
                    f"Expected one of {', '.join(sorted(names))}, found '{name}'. Use one of them."
                )
            if value is not None:
                flag = "--" + name.replace("_", "-")
                values[name] = _parsed(flag, value, kinds[name]) if isinstance(value, str) else value
        if "data" in values:
            values["data"] = Path(str(values["data"]))
        return cls(**values)  # type: ignore[arg-type]

    @classmethod
    def table(cls) -> tuple[SettingRow, ...]:
        """The rows of all settings, in order of definition."""
        return tuple(
            SettingRow(
                name=item.name,
                environment=PREFIX + item.name.upper(),
                default=written_value(item.default),
                unit=item.metadata["unit"],
                meaning=item.metadata["meaning"],
            )
            for item in fields(cls)
        )

    @property
    def planned(self) -> int:
        """Planned number of rounds in a session: the plan of a study, or the setting `rounds`."""
        if self.strategy == "study":
            return len(self.study_arms) * self.study_learning + self.study_common + self.study_again
        return self.rounds

    @property
    def model_changes(self) -> dict[str, int | float]:
        """The settings that replace defaults of the model, by name."""
        changes: dict[str, int | float] = {}
        if self.steps:
            changes["steps"] = self.steps
        if self.guidance >= 0:
            changes["guidance"] = self.guidance
        if self.picture_px:
            changes["picture_px"] = self.picture_px
        return changes

    def with_words(self, words: int = FEWEST_WORDS) -> "Settings":
        """These settings; `max_tokens` is `words`, the model's own number, where it is 0."""
        return self if self.max_tokens else replace(self, max_tokens=words)

    @property
    def folder(self) -> Path:
        """The data folder, with `~` expanded to the home folder."""
        return self.data.expanduser()

    @property
    def database(self) -> "str | DatabaseUrl":
        """The URL of the database: as it was given, or that of a file in the data folder."""
        if self.database_url:
            return self.database_url
        from personalize.session.database import url_of_file  # slow to import; --help does not need it

        return url_of_file(self.folder / "palate.sqlite3")

    @property
    def picture_place(self) -> Path | str:
        """The folder of rendered pictures, or the URL of their store."""
        if "://" in self.pictures:
            return self.pictures
        return Path(self.pictures).expanduser() if self.pictures else self.folder / "pictures"

    @property
    def cache(self) -> Path:
        """The folder of caches, which can be deleted and computed again."""
        return self.folder / "cache"


def _written_by_people(environ: Mapping[str, str]) -> dict[str, str]:
    """The PALATE_* variables that are not empty and not from Kubernetes; one warning names the latter."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX) and text.strip()}
    services = [
        name
        for name, text in given.items()
        if _OF_A_SERVICE.fullmatch(name.removeprefix(PREFIX))
        or (name.endswith("_PORT") and _PORT_OF_A_SERVICE.fullmatch(text))
    ]
    if services:
        log.warning(
            "%s come from a Kubernetes Service and are ignored. The flag --port sets the port.",
            ", ".join(sorted(services)),
        )
    return {name: text for name, text in given.items() if name not in services}


def _check(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    """Check one value.

    Raises:
        SettingsError: the value is not valid.
    """
    low, high, choices = metadata["low"], metadata["high"], metadata["choices"]
    if name == "study_arms" and (unknown := [arm for arm in value if arm not in _ARMS]):
        raise SettingsError(
            f"Expected study_arms out of {', '.join(_ARMS)}, found '{unknown[0]}'. Correct it."
        )
    if choices and value not in choices:
        raise SettingsError(f"Expected {name} to be {' or '.join(choices)}, found '{value}'. Choose one.")
    if isinstance(value, str) and any(ord(character) < 32 for character in value):
        raise SettingsError(f"Expected {name} without control characters, found some. Remove them.")
    if name in ("model", "host", "render_on") and not value:
        raise SettingsError(f"Expected {name} to be given, found nothing. Leave it out for the default.")
    if name == "picture_px" and value % 8:
        raise SettingsError(f"Expected picture_px to be a multiple of 8, found {value}. Round it.")
    if name == "address" and value and not _ADDRESS.fullmatch(value):
        raise SettingsError(
            f"Expected address to be a URL such as http://192.168.1.20:7860, found '{value}'. Correct it."
        )
    if name == "pictures" and value:
        _check_pictures(value)
    if name == "render_on" and not (_CLUSTER.fullmatch(value) or _SERVER.match(value)):
        raise SettingsError(
            "Expected render_on to be local, ray, host:port of a Ray cluster, or the http:// address of an "
            f"images server, found '{value}'. Correct it."
        )
    if name == "staff_pin" and value and not _PIN.fullmatch(value):  # the error must not contain the PIN
        raise SettingsError("Expected staff_pin to be 4 to 12 figures, found something else. Choose another.")
    if low is None:
        return
    numbers = value if isinstance(value, tuple) else (value,)
    if not numbers or not all(low <= number <= high for number in numbers):
        raise SettingsError(
            f"Expected {name} from {low:g} to {high:g}, found {written_value(value) or 'nothing'}. "
            "Choose a value in this range."
        )


def _check_pictures(place: str) -> None:
    """Check the place of the pictures.

    Raises:
        SettingsError: it is a URL with a password or without a bucket, or its home folder is unknown.
    """
    if "://" not in place:
        try:
            Path(place).expanduser()
        except RuntimeError:
            raise SettingsError(
                f"Expected pictures to be a folder or a URL, found an unknown home folder in '{place}'. "
                "Choose another folder."
            ) from None
        return
    if "@" in place:  # the error must not contain the password
        raise SettingsError(
            "Expected pictures to be a URL without a password, found one in it. "
            "Take it out, and use the variables of the store, such as AWS_SECRET_ACCESS_KEY."
        )
    if not _BUCKET.fullmatch(place):
        raise SettingsError(
            f"Expected pictures to be a folder or a URL such as s3://bucket/prefix, found '{place}'. "
            "Correct it."
        )


def _check_folder(folder: Path) -> None:
    """Check the data folder.

    Raises:
        SettingsError: its home folder is unknown, or its name contains control characters.
    """
    try:
        folder.expanduser()
    except RuntimeError:
        raise SettingsError(
            f"Expected data to be a folder, found an unknown home folder in '{folder}'. "
            "Choose another folder."
        ) from None
    if any(ord(character) < 32 for character in str(folder)):
        raise SettingsError(
            f"Expected data to be a folder without control characters in its name, found {str(folder)!r}. "
            "Choose another folder."
        )


def _parsed(variable: str, text: str, kind: Any) -> object:
    """The value of a text, with the type of its setting.

    Raises:
        SettingsError: the text is not such a value.
    """
    if kind is Path and not text.strip():
        raise SettingsError(f"Expected {variable} to be a folder, found nothing. Leave it out or name one.")
    try:
        if kind is int:
            return int(text)
        if kind is float:
            return float(text)
        if kind == tuple[float, ...]:
            return tuple(float(part) for part in text.split(","))
        if kind == tuple[str, ...]:
            return tuple(part.strip() for part in text.split(",") if part.strip())
    except ValueError:
        wanted = {int: "a whole number", float: "a number"}.get(kind, "numbers with commas between")
        raise SettingsError(f"Expected {variable} to be {wanted}, found '{text}'. Correct it.") from None
    return Path(text) if kind is Path else text


def written_value(value: object) -> str:
    """The text of a value, as in the table and on the command line."""
    if isinstance(value, tuple):
        return ",".join(part if isinstance(part, str) else f"{part:g}" for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
