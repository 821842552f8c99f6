"""Many visitors at once through the events of the real page, against a server process of its own.

Each visitor does what the page's scripts do: it starts a session, loads the pictures, asks for those of the
next round, looks for a while, and sends the pick. Meanwhile /healthz is asked ten times a second.
"""

import asyncio
import json
import os
import random
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from personalize.experiments.benchmarks.crowd import Crowd, quantile
from personalize.progress import OnProgress, no_progress

PROBE_S = 0.1
"""Seconds between two questions to /healthz."""

LONGEST_S = 600.0
"""Seconds after which a request fails."""

_ROUND = re.compile(r'data-round=\\?"(\d+)\\?" data-busy=\\?"0\\?" data-shown=\\?"(\w+)\\?"')
_PICTURE = re.compile(r"picture/[\w-]+/[0-9a-f]{64}\.png")


@dataclass
class _Figures:
    """What was measured, in seconds, and in bytes of a reply; and how many pictures were loaded."""

    waits: list[float] = field(default_factory=list)
    probes: list[float] = field(default_factory=list)
    reply_bytes: list[int] = field(default_factory=list)
    pictures: int = 0


async def visit_page(
    crowd: Crowd, url: str, subjects: Sequence[str], on_progress: OnProgress = no_progress
) -> dict[str, Any]:
    """Seconds from pick to pictures, and of /healthz, while the crowd picks.

    Args:
        crowd: visitors, looks and duration; `lookers` is not used.
        url: of the page.
        subjects: what the sessions are about, in turn.
        on_progress: called every half second.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    figures = _Figures()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=1.0)
    async with httpx.AsyncClient(base_url=url, timeout=LONGEST_S, limits=limits, trust_env=False) as client:
        config = (await client.get("/config")).json()
        events = {one["api_name"]: one for one in config["dependencies"] if one["api_name"]}
        begun_s = time.monotonic()
        end_s = begun_s + crowd.seconds
        visits = [
            asyncio.create_task(
                _Visitor(client, events, figures, crowd, n).visit(subjects[n % len(subjects)], end_s)
            )
            for n in range(crowd.visitors)
        ]
        probing = asyncio.create_task(_probe(client, figures))
        while not all(visit.done() for visit in visits):
            on_progress(
                "visitors pick", int(min(crowd.seconds, time.monotonic() - begun_s)), int(crowd.seconds)
            )
            await asyncio.sleep(0.5)
        probing.cancel()
        await asyncio.gather(*visits)
    waits, probes = sorted(figures.waits), sorted(figures.probes)
    return {
        "visitors": crowd.visitors,
        "round_s": round(crowd.round_s, 3),
        "fair_turn_s": round(crowd.fair_turn_s, 3),
        "rounds": len(waits),
        "rounds_a_second": round(len(waits) / (time.monotonic() - begun_s), 2),
        "p50_s": quantile(waits, 0.5),
        "p95_s": quantile(waits, 0.95),
        "max_s": quantile(waits, 1.0),
        "p95_by_fair_turn": round(quantile(waits, 0.95) / crowd.fair_turn_s, 2),
        "reply_bytes": quantile(sorted(figures.reply_bytes), 0.5),
        "pictures_a_pick": round(figures.pictures / max(1, len(waits)), 1),
        "healthz_p50_s": quantile(probes, 0.5),
        "healthz_p95_s": quantile(probes, 0.95),
        "healthz_max_s": quantile(probes, 1.0),
    }


def process_cpu_s(process: int) -> float:
    """Seconds of all cores that a process has spent; NaN where the system does not tell."""
    try:
        told = Path(f"/proc/{process}/stat").read_text("ascii")
    except OSError:
        return float("nan")
    user, system = told.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _probe(client: httpx.AsyncClient, figures: _Figures) -> None:
    while True:
        begun = time.monotonic()
        (await client.get("/healthz")).raise_for_status()
        figures.probes.append(time.monotonic() - begun)
        await asyncio.sleep(PROBE_S)


OPTIONS = 4
"""Pictures in a round of every visitor."""


class _Visitor:
    """One browser: its session, and the events that it sends."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        events: dict[str, Any],
        figures: _Figures,
        crowd: Crowd,
        number: int,
    ) -> None:
        self._client, self._events, self._figures, self._crowd = client, events, figures, crowd
        self._page = uuid4().hex[:12]
        self._kept: Any = None
        self._loaded: set[str] = set()
        self._chance = random.Random(1_000_003 * crowd.seed + number)

    async def visit(self, subject: str, end_s: float) -> None:
        """Start a session, pick once, and go on until the end."""
        number, shown = await self._event("page_begin", [self._kept, subject, False, OPTIONS], None, 1)
        while True:
            ahead = asyncio.create_task(self._load_ahead(shown))
            await asyncio.sleep(self._chance.uniform(*self._crowd.thinking_s))
            answer = {"index": self._chance.randrange(OPTIONS), "round": number, "shown": shown}
            answer |= {"liked": [], "disliked": []}
            begun = time.monotonic()
            number, shown = await self._event("page_pick", [self._kept], answer, number + 1)
            self._figures.waits.append(time.monotonic() - begun)
            ahead.cancel()
            if time.monotonic() > end_s:
                return

    async def _event(self, name: str, inputs: list[Any], said: Any, number: int) -> tuple[int, str]:
        """Send an event, and read its updates until they show the round of that number, drawn."""
        event = self._events[name]
        body = {"data": inputs, "event_data": said, "fn_index": event["id"], "session_hash": self._page}
        joined = await self._client.post("/gradio_api/queue/join", json=body)
        joined.raise_for_status()
        found, size = None, 0
        async for line in self._updates():
            size += len(line)
            for seen, shown in _ROUND.findall(line):
                if int(seen) == number and found is None:
                    found = int(seen), shown
                    await self._load(dict.fromkeys(_PICTURE.findall(line)))
        self._figures.reply_bytes.append(size)
        if found is None:
            raise RuntimeError(f"Expected round {number} after {name}, found none in {size} bytes.")
        return found

    async def _updates(self) -> AsyncIterator[str]:
        """The lines of the page's stream until its event is complete."""
        async with self._client.stream(
            "GET", "/gradio_api/queue/data", params={"session_hash": self._page}
        ) as stream:
            async for line in stream.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] in ("process_generating", "process_completed"):
                    self._keep(message.get("output", {}).get("data", []))
                    yield line
                if message["msg"] == "process_completed":
                    return

    def _keep(self, data: Any) -> None:
        """Remember what the page keeps in the browser: the first output."""
        if data and isinstance(data[0], dict) and "token" in data[0]:
            self._kept = data[0]

    async def _load_ahead(self, shown: str) -> None:
        """The pictures of the next round for each likely answer; again when all further ones are drawn."""
        for stage in ("next", "pool"):
            answer = await self._client.get(f"/ahead/{self._kept['token']}/{shown}.json?stage={stage}")
            found = answer.json()
            cards = [card["url"].lstrip("/") for next_ in found["rounds"].values() for card in next_["cards"]]
            await self._load(dict.fromkeys(cards))
            if not found["more"]:
                return

    async def _load(self, pictures: Any) -> None:
        """Load pictures that this browser has not loaded yet."""
        pictures = [picture for picture in pictures if picture not in self._loaded]
        self._loaded.update(pictures)
        self._figures.pictures += len(pictures)
        await asyncio.gather(*(self._client.get(f"/{picture}") for picture in pictures))
