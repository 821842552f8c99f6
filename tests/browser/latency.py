"""How long a person waits for the next round: `python -m tests.browser.latency`, JSON on standard output.

The tool starts the app as it is shipped, with the mini models, and a real Chromium. In each session it picks
by keyboard. Before each pick it waits until the next round is drawn and the person has looked for a second. A
wait lasts from the key to the frame in which all pictures of the next round are decoded and painted.

The server's share comes from functions that this module wraps in the app's process. The app is unchanged.
"""

import argparse
import functools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.apps import start_app, stop_app
from tests.browser import walk
from tests.browser.conftest import CHROMIUM, FLAGS

PREPARED_S = 1800.0
"""Seconds that the first start may take."""

AHEAD_S = 120.0
"""Seconds within which the next round must be drawn."""

PICKS = 10
"""Picks of a session: none of them ends the planned rounds."""

WATCH = """() => {
  const now = () => performance.timeOrigin + performance.now();
  const shown = number => document.querySelector(`.round[data-round="${number}"][data-busy="0"]`);
  window.waits = {};
  document.addEventListener('keydown', event => {
    const number = Number(document.querySelector('.round').dataset.round) + 1;
    const wait = window.waits[number] = {key: performance.timeOrigin + event.timeStamp};
    const look = async () => {
      const reply = shown(number);
      const early = document.querySelector(`.round[data-round="${number - 1}"][data-ahead]`);
      const pictures = [...((reply || early)?.querySelectorAll('.pick img') || [])];
      if (!pictures.length) return;
      if (reply) {
        observer.disconnect();
        wait.reply = now();
        wait.same = !wait.sources || wait.sources === pictures.map(picture => picture.src).join();
      }
      if (wait.cards) return;
      wait.cards = now();
      wait.sources = pictures.map(picture => picture.src).join();
      await Promise.all(pictures.map(picture => picture.decode()));
      wait.decoded = now();
      requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => { wait.painted = now(); };
        painted.port2.postMessage(0);
      });
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, {
      subtree: true, childList: true, attributes: true,
      attributeFilter: ['src', 'data-round', 'data-busy', 'data-ahead'],
    });
  }, true);
}"""
"""Script of the page: notes when a key is pressed, when its cards are there, and when they are painted."""

Note = dict[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Measure, or serve the app with notes."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.latency", description=__doc__)
    parser.add_argument("--picks", type=int, default=30, help="picks to measure (default 30)")
    parser.add_argument("--look", type=float, default=1.0, help="seconds of looking at a round (default 1)")
    parser.add_argument(
        "--data", type=Path, help="folder with a cache of the preparation; default: a new one"
    )
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen, flags = parser.parse_known_args(arguments)
    if chosen.serve:
        serve_with_notes(chosen.serve, flags)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = measure(chosen.data or Path(folder) / "data", Path(folder), chosen.picks, chosen.look)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(data: Path, folder: Path, picks: int, look_s: float) -> dict[str, Any]:
    """The waits of `picks` picks, and their parts, in milliseconds."""
    notes = folder / "notes.jsonl"
    command = ["-m", "tests.browser.latency", "--serve", str(notes), "--port", "0", "--data", str(data)]
    process, url = start_app([*command, "--seed", "11", "--bank", "0"], folder / "log.txt", PREPARED_S)
    waits: list[dict[str, float]] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            while len(waits) < picks:
                page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
                waits += session_waits(page, url, notes, min(PICKS, picks - len(waits)), look_s)
                page.context.close()
            browser.close()
    finally:
        stop_app(process)
    return summary(waits)


def session_waits(page: Page, url: str, notes: Path, picks: int, look_s: float) -> list[dict[str, float]]:
    """The waits of a new session, each with its parts."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    walk.begin(page, url, "a fox")
    page.evaluate(WATCH)
    waits = []
    for number in range(2, picks + 2):
        page.wait_for_selector(".round[data-loaded='all']", timeout=1000.0 * AHEAD_S)
        page.wait_for_timeout(1000.0 * look_s)
        asked.clear()
        page.keyboard.press(str(number % 4 + 1))
        page.wait_for_function(f"(one => one && one.painted && one.reply)(window.waits[{number}])")
        page.wait_for_timeout(500.0)  # a second update of the same event belongs to it
        wait = page.evaluate(f"window.waits[{number}]")
        pictures = sum(one in wait["sources"] for one in asked)
        assert wait["same"], "the reply showed other pictures than those shown at once"
        marks = {name: wait[name] / 1000.0 for name in ("key", "cards", "decoded", "painted", "reply")}
        waits.append(parts_of(marks, read(notes)) | {"picture_requests": pictures})
    return waits


def parts_of(marks: dict[str, float], notes: list[Note]) -> dict[str, float]:
    """Milliseconds of each part of a wait, and what was sent, from the marks of page and server."""
    mine = [note for note in notes if note["begin"] >= marks["key"]]
    asked = min(note["begin"] for note in mine if note["what"] == "asked")
    sent = min(note["begin"] for note in mine if note["what"] == "update")
    until = [note for note in mine if note["end"] <= sent]
    parts = {
        "pictures painted": marks["painted"] - marks["key"],
        "reply shown": marks["reply"] - marks["key"],
        "event": asked - marks["key"],
        "server": sent - asked,
        **{
            f"server: {what}": spent_s(until, what)
            for what in ("store", "estimate", "question", "taste", "HTML")
        },
        "network and page": marks["reply"] - sent,
        "decoding": marks["decoded"] - marks["cards"],
        "painting": marks["painted"] - marks["decoded"],
    }
    updates = [note for note in mine if note["what"] == "update"]
    return {
        **{name: 1000.0 * seconds for name, seconds in parts.items()},
        "updates": len(updates),
        "bytes": sum(note["bytes"] for note in updates),
    }


def spent_s(notes: list[Note], what: str) -> float:
    """Seconds of the calls of that name; a call inside of another one is not counted twice."""
    return float(sum(note["own_s"] for note in notes if note["what"] == what))


def summary(waits: list[dict[str, float]]) -> dict[str, Any]:
    """Median and 95th percentile of every part."""
    found: dict[str, Any] = {"picks": len(waits)}
    for part in waits[0]:
        values = sorted(wait[part] for wait in waits)
        p95 = values[min(len(values) - 1, round(0.95 * (len(values) - 1)))]
        found[part] = {"median": round(statistics.median(values), 1), "p95": round(p95, 1)}
    return found


def read(notes: Path) -> list[Note]:
    """What the server noted so far; a line that is still being written is left for later."""
    lines = notes.read_text(encoding="utf-8").splitlines(keepends=True) if notes.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def serve_with_notes(notes: Path, flags: list[str]) -> None:
    """Run the app; its functions write their times to `notes`, a line of JSON each."""
    import threading

    import jinja2
    from gradio.queueing import Queue

    import app
    from personalize.rounds import personalizer as rounds
    from personalize.session.database_store import DatabaseStore
    from personalize.ui.http.shutdown import leave
    from personalize.ui.screens import show

    stream, nested = notes.open("a", encoding="utf-8", buffering=1), threading.local()

    def note(what: str, begin: float, **values: float) -> None:
        stream.write(json.dumps({"what": what, "begin": begin, "end": time.time(), **values}) + "\n")

    def timed(owner: Any, name: str, what: str) -> None:
        function = getattr(owner, name)

        @functools.wraps(function)
        def wrapped(*inputs: Any, **named: Any) -> Any:
            outer, nested.inner_s, begin = getattr(nested, "inner_s", 0.0), 0.0, time.time()
            try:
                return function(*inputs, **named)
            finally:
                spent_s = time.time() - begin
                note(what, begin, own_s=spent_s - nested.inner_s)
                nested.inner_s = outer + spent_s

        setattr(owner, name, wrapped)

    for name in ("load", "append_answer", "append_round", "find_pictures", "set_pictures", "card_of"):
        timed(DatabaseStore, name, "store")
    timed(rounds.Personalizer, "_estimate", "estimate")
    timed(rounds, "next_round", "question")
    timed(show, "summary_of", "taste")
    timed(jinja2.Template, "render", "HTML")
    push, send = Queue.push, Queue.send_message

    async def pushed(self: Any, *inputs: Any, **named: Any) -> Any:
        note("asked", time.time())
        return await push(self, *inputs, **named)

    def sent(self: Any, event: Any, message: Any) -> None:
        if message.msg in ("process_generating", "process_completed"):
            note("update", time.time(), bytes=len(message.model_dump_json()))
        send(self, event, message)

    Queue.push, Queue.send_message = pushed, sent
    leave(app.main(flags))


if __name__ == "__main__":
    main(sys.argv[1:])
