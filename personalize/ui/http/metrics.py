"""Counters and durations of this process for Prometheus, without anything personal.

Labels are kinds of renders and kinds of answers, never subjects, prompts, tokens or addresses.
"""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 180.0)
"""Bounds of the histogram's buckets. A round takes 1 or 2 s on a laptop, and minutes with a large model."""

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counters of one app. Each app has its own registry, so tests do not share counters."""

    def __init__(self) -> None:
        """Start with all counters at zero."""
        self.registry = CollectorRegistry()
        self._drawing_s = Histogram(
            "palate_drawing_seconds",
            "Seconds that finished drawings took, waiting included, by kind of work.",
            ["kind"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._failed = Counter(
            "palate_drawings_failed", "Drawings that ended in an error.", ["kind"], registry=self.registry
        )
        self._under_way = Gauge(
            "palate_drawings_under_way", "Drawings that wait or run.", ["kind"], registry=self.registry
        )
        self._answers = Counter(
            "palate_answers", "Answers counted, by kind.", ["kind"], registry=self.registry
        )
        self._sessions = Counter("palate_sessions", "Sessions started.", registry=self.registry)

    def session(self) -> None:
        """Count a session that was started."""
        self._sessions.inc()

    def answer(self, kind: str) -> None:
        """Count an answer of a kind: "best", "marked" (other pictures have marks) or "none"."""
        self._answers.labels(kind).inc()

    def begun(self, kind: str) -> None:
        """Count a render of a kind as waiting or running."""
        self._under_way.labels(kind).inc()

    def ended(self, kind: str, seconds: float, *, failed: bool) -> None:
        """Count a render of a kind as ended after so many seconds, waiting included."""
        self._under_way.labels(kind).dec()
        if failed:
            self._failed.labels(kind).inc()
        else:
            self._drawing_s.labels(kind).observe(seconds)

    @property
    def counted(self) -> dict[str, int]:
        """Sums since the start: sessions, answers, failed renders, and renders that wait or run."""
        names = ("sessions_total", "answers_total", "drawings_failed_total", "drawings_under_way")
        sums = dict.fromkeys(names, 0.0)
        for family in self.registry.collect():
            for sample in family.samples:
                name = sample.name.removeprefix("palate_")
                if name in sums:
                    sums[name] += sample.value
        return {name.removesuffix("_total"): int(value) for name, value in sums.items()}

    def exposition(self) -> bytes:
        """All counters in the text format of Prometheus."""
        return generate_latest(self.registry)
