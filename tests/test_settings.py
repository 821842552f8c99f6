"""Settings: a flag overrides the environment, and the environment overrides the default."""

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from personalize.assembly import assemble
from personalize.errors import SettingsError
from personalize.session.record import STRATEGY_NAMES
from personalize.settings import FEWEST_WORDS, Settings

REPOSITORY = Path(__file__).parents[1]


def test_without_an_environment_the_defaults_hold() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"PATH": "/bin", "palate_options": "9"}) == Settings()


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_default() -> None:
    environ = {"PALATE_OPTIONS": "6", "PALATE_ROUNDS": "20"}
    found = Settings.from_environment(environ, options=3, rounds=None)
    assert (found.options, found.rounds, found.port) == (3, 20, 7860)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("PALATE_PORT", "0", "port", 0),
        ("PALATE_LAPSE", "0.1", "lapse", 0.1),
        ("PALATE_GAMMAS", "0,0.5, 1", "gammas", (0.0, 0.5, 1.0)),
        ("PALATE_DATA", "/data", "data", Path("/data")),
        ("PALATE_MODEL", "my model", "model", "my model"),
        ("PALATE_RENDER_ON", "head.rack:6379", "render_on", "head.rack:6379"),
        ("PALATE_RENDER_ON", "[::1]:6379", "render_on", "[::1]:6379"),
        ("PALATE_RENDER_ON", "http://host:8000/v1", "render_on", "http://host:8000/v1"),
        ("PALATE_CRITERION", "D", "criterion", "D"),
    ],
)
def test_each_kind_of_value_is_read(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(Settings.from_environment({variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("PALATE_OPTIONS", "1", "options from 2 to 9, found 1"),
        ("PALATE_OPTIONS", "four", "PALATE_OPTIONS to be a whole number, found 'four'"),
        ("PALATE_OPTIONS", "4.0", "a whole number"),
        ("PALATE_LAPSE", "nan", "lapse from 0 to 0.5, found nan"),
        ("PALATE_LAPSE", "1e9", "lapse from 0 to 0.5"),
        ("PALATE_GAMMAS", "0.5;1", "numbers with commas between"),
        ("PALATE_GAMMAS", "0.5,7", "gammas from 0 to 2"),
        ("PALATE_STRATEGY", "clever", "eubo or study, found 'clever'"),
        ("PALATE_HOST", "a\nb", "without control characters"),
        (
            "PALATE_RENDER_ON",
            "rays",
            "http:// address of an images server, found 'rays'",
        ),
        ("PALATE_REPLICAS_LEAST", "0", "replicas_least from 1"),
        ("PALATE_OPTION", "4", "found PALATE_OPTION. Correct or unset it"),
        ("PALATE_", "4", "found PALATE_"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(variable: str, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        Settings.from_environment({variable: text})
    assert str(caught.value).startswith("Expected ") and str(caught.value).endswith(".")


@pytest.mark.parametrize("row", Settings.table(), ids=lambda row: row.name)
def test_an_empty_variable_counts_as_not_given(row: Any) -> None:
    for empty in ("", "  "):
        assert Settings.from_environment({row.environment: empty}) == Settings()


@pytest.mark.parametrize("flag", ["data", "model", "host", "port", "lapse"])
def test_an_empty_flag_is_refused(flag: str) -> None:
    with pytest.raises(SettingsError, match=flag):
        Settings.from_environment({}, **{flag: ""})


SERVICE = {
    "PALATE_SERVICE_HOST": "10.96.0.7",
    "PALATE_SERVICE_PORT": "80",
    "PALATE_SERVICE_PORT_HTTP": "80",
    "PALATE_PORT": "tcp://10.96.0.7:80",
    "PALATE_PORT_80_TCP": "tcp://10.96.0.7:80",
    "PALATE_PORT_80_TCP_PROTO": "tcp",
    "PALATE_PORT_80_TCP_PORT": "80",
    "PALATE_PORT_80_TCP_ADDR": "10.96.0.7",
    "PALATE_PORT_53_UDP_ADDR": "10.96.0.7",
    "PALATE_DB_SERVICE_HOST": "10.96.0.8",
    "PALATE_DB_PORT": "tcp://10.96.0.8:5432",
    "PALATE_DB_PORT_5432_TCP": "tcp://10.96.0.8:5432",
}
"""Variables of the Services palate and palate-db, as Kubernetes writes them into every pod."""


@pytest.mark.parametrize("flags", [{}, {"port": "9"}])
def test_what_kubernetes_writes_is_ignored_with_one_warning(
    flags: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.from_environment({**SERVICE, "PALATE_ROUNDS": "5"}, **flags)
    assert (settings.port, settings.rounds) == (int(flags.get("port", 7860)), 5)
    assert len(caplog.records) == 1 and "PALATE_PORT" in caplog.text


@pytest.mark.parametrize("variable", ["PALATE_DB_PORT", "PALATE_SERVICE", "PALATE_PORT_TCP"])
def test_what_only_resembles_it_is_refused(variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Settings.from_environment({variable: "5432"})


@pytest.mark.parametrize("text", ["many", "tcp:/10.0.0.1", "70000"])
def test_a_flag_silences_the_environment(text: str) -> None:
    assert Settings.from_environment({"PALATE_PORT": text}, port="9").port == 9
    with pytest.raises(SettingsError, match="(?i)port"):
        Settings.from_environment({"PALATE_PORT": text})


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(SettingsError, match="found 'option'"):
        Settings.from_environment({}, option=4)


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_both_ends_of_a_range_are_inside_and_what_lies_beyond_is_not(item: Any) -> None:
    low, high = item.metadata["low"], item.metadata["high"]
    if low is None:
        assert item.metadata["choices"] or isinstance(item.default, (str, Path)) or item.name == "study_arms"
        return
    shape = (lambda x: (x,)) if isinstance(item.default, tuple) else type(item.default)
    for value in (low, high):
        Settings.from_environment({}, **{item.name: shape(value)})
    for value in (low - 1, high + 1):
        with pytest.raises(SettingsError, match=item.name):
            Settings.from_environment({}, **{item.name: shape(value)})


def test_the_table_says_everything_about_each_setting() -> None:
    rows = Settings.table()
    assert [row.name for row in rows] == [item.name for item in fields(Settings)]
    for row in rows:
        assert row.environment == f"PALATE_{row.name.upper()}"
        assert row.meaning.endswith(".")
    assert next(row for row in rows if row.name == "gammas").default == "0.5,1"


def test_a_default_written_as_in_the_table_reads_as_itself() -> None:
    environ = {row.environment: row.default for row in Settings.table()}
    assert Settings.from_environment(environ) == Settings()


def test_everything_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert settings.database == URL.create("sqlite", database=f"{tmp_path}/palate.sqlite3")
    assert settings.picture_place == tmp_path / "pictures"
    assert settings.cache.parent == settings.folder == tmp_path
    assert Settings(database_url="postgresql://host/name").database == "postgresql://host/name"
    assert "~" not in str(Settings().folder)


MAY = tuple(
    Path(name)
    for name in (
        "__main__.py",
        "ui/__init__.py",
        "ui/http/server.py",
        "ui/temporary_folder.py",
    )
)
"""The last two set variables that gradio and httpx read."""


def test_nothing_else_in_the_package_reads_the_environment() -> None:
    for path in (REPOSITORY / "personalize").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            read = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            assert not read or path.relative_to(REPOSITORY / "personalize") in MAY, f"{path}:{node.lineno}"  # type: ignore[attr-defined]


def test_the_pictures_have_a_folder_or_a_url() -> None:
    assert Settings(pictures="/mnt/pictures").picture_place == Path("/mnt/pictures")
    assert Settings(pictures="s3://a-bucket/palate").picture_place == "s3://a-bucket/palate"
    assert "~" not in str(Settings(pictures="~/pictures").picture_place)


@pytest.mark.parametrize(
    "place",
    ["s3://", "s3:///x", "s3://a b", "://x", "s3://b//x", "~nobody-of-that-name/x", "s3://k:hunter2@b"],
)
def test_a_place_of_pictures_that_cannot_be_is_refused_without_its_password(place: str) -> None:
    with pytest.raises(SettingsError, match="^Expected pictures to be a") as caught:
        Settings(pictures=place)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("folder", ["~nobody-of-that-name/palate", "/tmp/a\nb", "/tmp/a\0b"])
def test_a_data_folder_that_cannot_be_is_refused(folder: str) -> None:
    with pytest.raises(SettingsError, match="Expected data to be a folder"):
        Settings(data=Path(folder))


def test_the_strategies_that_can_be_set_are_those_that_sessions_know() -> None:
    (chosen,) = [item for item in fields(Settings) if item.name == "strategy"]
    assert chosen.metadata["choices"] == STRATEGY_NAMES


def test_the_words_a_prompt_are_the_models_unless_the_setting_gives_a_number() -> None:
    assert Settings().with_words(4).max_tokens == 4
    assert Settings(max_tokens=3).with_words(4).max_tokens == 3
    assert Settings().with_words().max_tokens == FEWEST_WORDS


@pytest.mark.models
@pytest.mark.parametrize(("given", "words"), [(0, 2), (1, 1)])
def test_the_parts_know_the_words_a_prompt_of_their_model(given: int, words: int, tmp_path: Path) -> None:
    parts = assemble(Settings(data=tmp_path, threads=1, max_tokens=given))
    assert parts.settings.max_tokens == words
    parts.renderer.close()


def test_earlier_names_of_settings_still_work_and_are_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    old = {"PALATE_WORDS": "3", "PALATE_PLEASANT": "0.25", "PALATE_AHEAD": "0"}
    settings = Settings.from_environment(old)
    assert (settings.max_tokens, settings.liked_share, settings.lookahead_rounds) == (3, 0.25, 0)
    assert all(name in caplog.text for name in ("PALATE_MAX_TOKENS", "PALATE_LIKED_SHARE"))
    both = Settings.from_environment({"PALATE_WORDS": "3", "PALATE_MAX_TOKENS": "1"})
    assert both.max_tokens == 1


def test_the_most_replicas_are_not_fewer_than_the_fewest() -> None:
    assert Settings(replicas_least=3).replicas_most == 0
    with pytest.raises(SettingsError, match="replicas_most to be 0 or at least 3, the fewest, found 2"):
        Settings(replicas_least=3, replicas_most=2)
