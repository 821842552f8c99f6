"""Requests that no browser sends. None of them may end in a status of 500 or more."""

import json
import random
import threading
from collections import Counter
from typing import Any

import httpx

from tests.soak.visitors import Ledger

PATHS = (
    "", "healthz", "metrics", "settings", "wall", "staff", "taste/{}.json", "card/{}.png", "code/{}.svg",
    "picture/{}/{}.png", "ahead/{}/{}.json", "earlier/{}.html", "vote/{}", "vote/{}/state", 
    "vote/{}/{}/{}.png",
    "audience/{}/code.svg", "look/{}", "gradio_api/info", "gradio_api/call/{}/{}", "wall/{}.png",
)  # fmt: skip

POSTED = (
    "gradio_api/call/pick", "gradio_api/call/start", "gradio_api/call/next_round", "gradio_api/call/taste",
    "gradio_api/call/undo", "gradio_api/queue/join", "vote/{}/vote", "audience/{}", "staff", "wall/card/{}",
)  # fmt: skip


class Fuzz(threading.Thread):
    """Sends random requests until told to stop, or until so many were sent."""

    def __init__(self, urls: list[str], ledger: Ledger, seed: int, stop: threading.Event, most: int) -> None:
        """Send at most `most` requests to any of `urls`."""
        super().__init__(daemon=True)
        self._urls, self._ledger, self._over, self._most = urls, ledger, stop, most
        self._random = random.Random(seed)
        self.statuses: Counter[int] = Counter()

    def run(self) -> None:
        """Send them."""
        with httpx.Client(timeout=20.0) as client:
            for _ in range(self._most):
                if self._over.wait(self._random.uniform(0.0, 0.02)):
                    return
                self._send(client)

    def _send(self, client: httpx.Client) -> None:
        url = f"{self._random.choice(self._urls)}/"
        post = self._random.random() < 0.5
        path = self._random.choice(POSTED if post else PATHS)
        address = url + path.format(*(self._word() for _ in range(path.count("{}"))))
        try:
            if post:
                kind = self._random.choice(["application/json", "text/plain", ""])
                answer = client.post(address, content=self._body(), headers={"content-type": kind})
            else:
                with client.stream("GET", address, headers={"range": self._word()}) as answer:
                    pass
        except (httpx.HTTPError, httpx.InvalidURL):
            self._ledger.count("fuzzed without an answer")
            return
        self.statuses[answer.status_code] += 1
        self._ledger.count("fuzzed")
        if self._ledger.see_status(answer):
            self._ledger.sentences[f"{answer.status_code} of a fuzzed /{path}"] += 1

    def _word(self) -> str:
        """A part of an address."""
        return self._random.choice(
            (
                "a" * self._random.randint(1, 300),
                str(self._random.randint(-(10**12), 10**30)),
                "%00", "..%2f..%2fetc%2fpasswd", "null", "NaN", "bytes=9-1", "%F0%9F%A6%8A", "-1", "1e999",
            )
        )  # fmt: skip

    def _body(self) -> bytes:
        """JSON of any form, or bytes that are none."""
        if self._random.random() < 0.3:
            return self._random.randbytes(self._random.randint(0, 200))
        return json.dumps(self._random.choice([self._value(0), {"data": self._value(0)}])).encode()

    def _value(self, depth: int) -> Any:
        if depth < 4 and self._random.random() < 0.5:
            values = [self._value(depth + 1) for _ in range(self._random.randint(0, 6))]
            return (
                values if self._random.random() < 0.7 else dict.fromkeys(map(str, range(len(values))), values)
            )
        return self._random.choice(
            [None, True, 1.5, -1, 10**40, "", "a fox", "x" * 500, 1e308, "\ud800", "a\0b"]
        )
