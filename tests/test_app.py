"""The app's command line: a bad input gives one sentence and exit code 2."""

import socket
from pathlib import Path
from typing import Any

import pytest

import app
from personalize.settings import Settings
from personalize.ui.http.metrics import Metrics
from tests.fakes import FakeEmbedder, FakeRenderer


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--port", "many"], "--port"),
        (["--colour", "red"], "--colour"),
        (["--options", "1"], "found 1"),
        (["--port", "70000"], "found 70000"),
        (["--host", "203.0.113.7", "--port", "0"], "203.0.113.7"),
    ],
)
def test_a_bad_flag_is_one_sentence_and_exit_code_2(
    arguments: list[str], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(arguments) == 2
    output = capsys.readouterr().err
    assert found in output
    assert output.count("\n") == 1


def test_a_port_in_use_is_an_error_before_anything_slow(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert app.main(["--port", str(taken.getsockname()[1])]) == 2
    assert "--port" in capsys.readouterr().err


def test_help_is_the_table_of_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")  # a wide terminal, so that help breaks no word at a hyphen
    with pytest.raises(SystemExit) as ended:
        app.read_settings(["--help"])
    output = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for row in Settings.table():
        assert f"{row.flag} X" in output and f"[{row.environment}]" in output
        assert " ".join(row.meaning.split()) in output


def test_every_setting_is_a_flag() -> None:
    rows = [row for row in Settings.table() if row.default]
    arguments = [word for row in rows for word in (row.flag, row.default)]
    assert app.read_settings(arguments) == Settings()
    assert app.read_settings(["--gammas", "0.5,2", "--picture-px", "256"]).gammas == (0.5, 2.0)


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALATE_ROUNDS", "5")
    monkeypatch.setenv("PALATE_OPTIONS", "3")
    settings = app.read_settings(["--rounds", "7"])
    assert (settings.rounds, settings.options) == (7, 3)


def test_the_parts_fit_together(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[Any] = []
    monkeypatch.setattr("models.load_renderer", lambda name, threads=0, **kept: FakeRenderer())
    monkeypatch.setattr("models.load_embedder", lambda name, threads=0, **kept: FakeEmbedder())
    monkeypatch.setattr("personalize.ui.page.build_page", lambda *parts: parts)

    def serve(*parts: Any) -> None:
        served.extend(parts)
        parts[3]("http://127.0.0.1:7860")

    monkeypatch.setattr("personalize.ui.http.server.serve", serve)
    app.run(app.read_settings(["--data", str(tmp_path), "--port", "0"]))
    _, personalizer, settings, _, metrics = served
    assert isinstance(metrics, Metrics)
    assert personalizer.propose(personalizer.start("a fox").token).options == settings.options
    assert "Palate is ready at http://127.0.0.1:7860" in capsys.readouterr().out
    assert (tmp_path / "palate.sqlite3").exists()


def test_an_interruption_before_the_page_is_served_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str, threads: int = 0, **kept: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("models.load_renderer", interrupted)
    assert app.main(["--port", "0", "--data", str(tmp_path)]) == 130
    assert capsys.readouterr().err == ""


def test_a_missing_model_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "no" / "such" / "model"
    assert app.main(["--model", str(folder), "--data", str(tmp_path / "data"), "--port", "0"]) == 2
    output = capsys.readouterr().err
    assert (
        output.startswith("Expected one of the models") and str(folder) in output and output.count("\n") == 1
    )


def test_a_corrupt_database_is_an_error_and_stays_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "palate.sqlite3"
    database.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 20)
    before = database.read_bytes()
    assert app.main(["--data", str(tmp_path), "--port", "0"]) == 2
    output = capsys.readouterr().err
    assert output.startswith("Expected") and "palate.sqlite3" in output and output.count("\n") == 1
    assert database.read_bytes() == before
