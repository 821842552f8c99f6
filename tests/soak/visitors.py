"""Visitors who pick through the endpoints for programs, and write down what was acknowledged."""

import hashlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_S = 90.0
"""Seconds for which a visitor tries the same thing again before giving up."""


class RefusedError(Exception):
    """The app answered with a sentence, or not at all."""


@dataclass
class Said:
    """One pick.

    Attributes:
        round: its number.
        best: number of the picture, from 1.
        shown: the fingerprint of the round.
        acknowledged: whether the app said that it counted.
    """

    round: int
    best: int
    shown: str
    acknowledged: bool = False


@dataclass
class Ledger:
    """What all visitors saw. Only its methods change it, from any thread.

    Attributes:
        sessions: the picks of each token, in order.
        shown: the fingerprint of each round as it was first seen, by token and number.
        pictures: SHA-256 of each picture as it was first seen, by address.
        counts: events by name.
        sentences: what the app said when it refused, and how often.
    """

    sessions: dict[str, list[Said]] = field(default_factory=dict)
    shown: dict[tuple[str, int], str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """One more of something."""
        with self.lock:
            self.counts[what] += 1

    def see_round(self, token: str, number: int, shown: str) -> None:
        """Compare a round with its first sight."""
        with self.lock:
            if self.shown.setdefault((token, number), shown) != shown:
                self.counts["different"] += 1

    def see_status(self, answer: httpx.Response) -> bool:
        """Count a status of 500 or more; whether it is one of the app.

        The proxy says the others, where a process was killed before it answered. The app names its server.
        """
        if answer.status_code < 500:
            return False
        of_the_app = "server" in answer.headers
        self.count("5xx" if of_the_app else "5xx of the proxy")
        return of_the_app

    def see_picture(self, address: str, content: bytes) -> None:
        """Compare a picture with its first sight."""
        digest = hashlib.sha256(content).hexdigest()
        with self.lock:
            if self.pictures.setdefault(address, digest) != digest:
                self.counts["different"] += 1


class Door:
    """The endpoints of several web processes. Each call goes to any of them."""

    def __init__(self, urls: Sequence[str], ledger: Ledger, seed: int) -> None:
        """Call any of `urls`."""
        self.urls, self._ledger = list(urls), ledger
        self._random = random.Random(seed)
        self._client = httpx.Client(timeout=30.0)

    def call(self, name: str, *values: Any, url: str = "") -> Any:
        """What an endpoint returns.

        Raises:
            RefusedError: it refused, or there was no answer.
        """
        base = f"{url or self._random.choice(self.urls)}/gradio_api/call/{name}"
        try:
            posted = self._checked(self._client.post(base, json={"data": list(values)}))
            with self._client.stream("GET", f"{base}/{posted.json()['event_id']}") as stream:
                kind = ""
                for line in self._checked(stream).iter_lines():
                    if line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: ") and kind == "complete":
                        return json.loads(line.removeprefix("data: "))[0]
                    elif line.startswith("data: ") and kind == "error":
                        raise self._refused(line.removeprefix("data: "))
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise RefusedError(type(error).__name__) from error
        raise RefusedError("the stream ended early")

    def get(self, path: str) -> bytes:
        """A file of the app.

        Raises:
            RefusedError: it refused, or there was no answer.
        """
        try:
            return self._checked(self._client.get(f"{self._random.choice(self.urls)}/{path}")).content
        except httpx.HTTPError as error:
            raise RefusedError(type(error).__name__) from error

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        self._ledger.see_status(answer)
        if answer.status_code >= 400:
            raise RefusedError(f"status {answer.status_code}")
        return answer

    def _refused(self, told: str) -> RefusedError:
        with self._ledger.lock:
            self._ledger.sentences[told[:200]] += 1
            self._ledger.counts["without a sentence"] += told in ("null", '{"error": null}')
        return RefusedError(told)


class Visitor(threading.Thread):
    """Begins sessions and picks until told to stop."""

    def __init__(
        self, door: Door, ledger: Ledger, seed: int, stop: threading.Event, rounds: int = 12
    ) -> None:
        """Visit through a door; `rounds` picks a session."""
        super().__init__(daemon=True)
        self._door, self._ledger, self._over, self._rounds = door, ledger, stop, rounds
        self._random = random.Random(seed)

    def run(self) -> None:
        """Session after session."""
        while not self._over.is_set():
            token = self._tried("start", "a fox", False)
            if token is None:
                continue
            token = token["token"]
            with self._ledger.lock:
                said = self._ledger.sessions.setdefault(token, [])
            while len(said) < self._rounds and not self._over.is_set() and self._one(token, said):
                self._over.wait(self._random.uniform(0.0, 0.3))

    def _one(self, token: str, said: list[Said]) -> bool:
        """One round; whether it was answered."""
        seen = self._tried("next_round", token)
        if seen is None:
            return False
        self._ledger.see_round(token, seen["round"], seen["shown"])
        self._look(seen["pictures"][0]["url"])
        pick = Said(seen["round"], self._random.randint(1, len(seen["pictures"])), seen["shown"])
        said.append(pick)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                self._door.call("pick", token, pick.round, pick.best, 0, pick.shown, None, None)
                pick.acknowledged = True
                self._ledger.count("acknowledged")
                return True
            except RefusedError:
                time.sleep(0.3)
            if (counted := self._counted(token)) is not None and counted >= pick.round:
                self._ledger.count("counted without an acknowledgement")
                return True
        self._ledger.count("given up")
        return False

    def _counted(self, token: str) -> int | None:
        """Answers of the session, as the app says; None if it does not say."""
        try:
            return int(self._door.call("taste", token)["answered"])
        except RefusedError:
            return None

    def _look(self, address: str) -> None:
        try:
            self._ledger.see_picture(address, self._door.get(address))
        except RefusedError:
            self._ledger.count("pictures not seen")

    def _tried(self, name: str, *values: Any) -> Any:
        """What the endpoint returns, tried again while the visitor has patience; None after that."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and not self._over.is_set():
            try:
                return self._door.call(name, *values)
            except RefusedError:
                time.sleep(0.3)
        if not self._over.is_set():
            self._ledger.count("given up")
        return None


def check(door: Door, ledger: Ledger) -> None:
    """Compare the ledger with the taste file of every session, and with its open round and pictures."""
    for token, said in ledger.sessions.items():
        if not said:
            continue
        acknowledged = [pick for pick in said if pick.acknowledged]
        try:
            rounds = json.loads(door.get(f"taste/{token}.json"))["rounds"]
        except RefusedError:
            ledger.counts["lost"] += len(acknowledged)
            continue
        for pick in acknowledged:
            kept = rounds[pick.round - 1] if pick.round <= len(rounds) else None
            ledger.counts["lost"] += kept is None or kept.get("best") != pick.best
        ledger.counts["doubled"] += max(0, len(rounds) - len(said))
    for address in list(ledger.pictures):
        ledger.see_picture(address, door.get(address))
