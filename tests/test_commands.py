"""The commands of `python -m personalize`, with the shipped models."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from models.output import CLOSED
from personalize.__main__ import main
from personalize.commands import COMMANDS

ROOT = Path(__file__).parents[1]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The output of a command that succeeds."""
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The error sentence of a refused command."""
    assert main(list(arguments)) == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err.count("\n") == 1
    return output.err.strip()


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_render_writes_pictures_that_can_be_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pictures"
    flags = ("render", "--prompt", "a fox, watercolor", "--count", "2", "--seed", "5", "--out", str(out))
    files = [Path(line) for line in printed(capsys, *flags).splitlines()]
    assert [file.name for file in files] == ["00001-5-a-fox-watercolor.png", "00002-6-a-fox-watercolor.png"]
    first = [file.read_bytes() for file in files]
    assert all(Image.open(io.BytesIO(content)).size[0] >= 64 for content in first) and first[0] != first[1]
    files[0].write_bytes(b"changed by hand")
    again = [Path(line) for line in printed(capsys, *flags).splitlines()]
    assert [file.name[:7] for file in again] == ["00003-5", "00004-6"]
    assert [file.read_bytes() for file in again] == first
    assert files[0].read_bytes() == b"changed by hand"


@pytest.mark.parametrize(("prompt", "near"), [("a coyote, watercolor", "a wolf"), ("a fox, watercolor", "")])
def test_render_warns_of_a_subject_that_the_model_has_not_learned(
    prompt: str, near: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flags = ("render", "--prompt", prompt, "--out", str(tmp_path), "--threads", "1")
    with caplog.at_level("WARNING", logger="personalize.commands.render"):
        assert main(list(flags)) == 0
    said = [record.getMessage() for record in caplog.records if record.name == "personalize.commands.render"]
    assert len(said) == bool(near) and all(near in line for line in said)


@pytest.mark.parametrize("command", [("models", "list"), ("models", "list", "--json")])
def test_a_closed_pipe_ends_a_command_without_a_word(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (CLOSED, b"")


def test_an_output_that_cannot_be_written_gets_one_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "models", "list"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 2 and ended.stderr.count(b"\n") == 1 and b"No space left" in ended.stderr


def test_design_prints_what_it_reached(capsys: pytest.CaptureFixture[str], data: str) -> None:
    facts: dict[str, Any] = json.loads(printed(capsys, "design", "--model", "mini", "--json", "--data", data))
    assert facts["status"] == "optimal" and 0 <= facts["gap_relative"] <= 1e-3
    assert (
        facts["tokens"] >= 51
        and facts["horizon"] >= 5
        and facts["options"] == 4
        and facts["criterion"] == "V"
    )
    assert 0.75 < facts["realised_ratio"] <= 1.0 and facts["seconds"] > 0 and facts["iterations"] >= 1
    assert 1 <= facts["dimension"] <= 64
    other = json.loads(printed(capsys, "design", "--criterion", "D", "--json", "--data", data))
    assert other["criterion"] == "D" and other["value"] != facts["value"]
    assert "realised_ratio" in printed(capsys, "design", "--data", data)


def test_simulate_with_pictures_that_are_drawn(capsys: pytest.CaptureFixture[str], data: str) -> None:
    flags = ("simulate", "--people", "1", "--rounds", "2", "--held-out", "5", "--json", "--data", data)
    result = json.loads(printed(capsys, *flags))
    assert result["judge"] == "pictures" and len(result["accuracy"]) == 2
    assert result["strategy"] == "adaptive" and result["oracle"] == pytest.approx(0.75, abs=0.01)


def test_simulate_several_strategies(capsys: pytest.CaptureFixture[str], data: str) -> None:
    flags = ("simulate", "--judge", "tokens", "--people", "2", "--rounds", "2", "--data", data)
    result = json.loads(printed(capsys, *flags, "--strategy", "adaptive,random", "--json"))
    assert [pair["against"] for pair in result["paired"]] == ["random"]
    assert "oracle" in printed(capsys, *flags, "--strategy", "random")


def test_benchmark_measures_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    result = json.loads(printed(capsys, "benchmark", "--repeats", "1", "--json"))
    assert result["device"] == "cpu" and 50 < result["peak_mib"]["process"] < 60_000
    assert {"render_4_pictures", "estimate", "design"} <= set(result["seconds"])
    assert all(value > 0 for value in result["seconds"].values())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("render", "--prompt", ""), "prompt"),
        (("render", "--prompt", "x" * 10_000), "10000"),
        (("render", "--prompt", "a\x07fox"), "control character"),
        (("render", "--prompt", "<script>"), "markup"),
        (("render", "--prompt", "a fox", "--count", "-1"), "count"),
        (("render", "--prompt", "a fox", "--seed", "-1"), "seed"),
        (("render", "--prompt", "a fox", "--model", "/no/such/folder"), "/no/such/folder"),
        (("render", "--prompt", "a fox", "--out", "/dev/null/pictures"), "--out"),
        (("design", "--criterion", "Z"), "criterion"),
        (("design", "--options", "1"), "options"),
        (("simulate", "--people", "-4"), "people"),
        (("simulate", "--rounds", "0"), "rounds"),
        (("simulate", "--strategy", "clever"), "clever"),
        (("simulate", "--judge", "nobody"), "judge"),
        (("benchmark", "--repeats", "0"), "repeat"),
        (("dance",), "dance"),
        ((), "command"),
    ],
)
def test_bad_input_gets_one_sentence(
    arguments: tuple[str, ...],
    word: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    data: str,
) -> None:
    monkeypatch.setenv("PALATE_DATA", data)
    message = refused(capsys, *arguments)
    assert message.startswith("Expected") and "found" in message and word in message


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "personalize", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--model" in done.stdout and "usage" in done.stdout
