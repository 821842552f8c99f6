"""Defines all settings of Palate: name, environment variable, default, unit and meaning.

A flag overrides the environment, and the environment overrides the default. personalize/ui/README.md contains
the table of `Settings.table()`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from personalize.errors import SettingsError
from personalize.session.record import STRATEGY_NAMES
from personalize.settings.checks import SHORTEST_REPEAT_GAP, check_folder, check_value
from personalize.settings.environment import PREFIX, RENAMED, values_from
from personalize.settings.values import written_value

if TYPE_CHECKING:
    from personalize.session.database import DatabaseUrl

FEWEST_WORDS = 2
"""Words a prompt where nothing states the model's own number, as for models that are given from Python."""


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
    render_application: str = _setting(
        "", "Name of a Serve application on the Ray cluster that draws; empty: Palate deploys its own."
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
            check_value(item.name, getattr(self, item.name), item.metadata)
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
        check_folder(self.data)

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
        return cls(**values_from(environ, overrides, get_type_hints(cls)))  # type: ignore[arg-type]

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
