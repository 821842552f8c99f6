"""Bars of utilities around zero, with intervals of one standard error."""

from collections.abc import Sequence

from personalize.taste.summary import Opinion


def reach_of(opinions: Sequence[Opinion]) -> float:
    """The utility at the end of the axis, in nats, so that all intervals fit on it; 1 without opinions."""
    return max((abs(opinion.utility) + opinion.error for opinion in opinions), default=0.0) or 1.0


def rows(opinions: Sequence[Opinion], reach: float) -> list[dict[str, object]]:
    """Each opinion with its bar and its interval, in percent of an axis from -reach to reach (in nats)."""

    def at(utility: float) -> float:
        return 50 + 50 * min(max(utility / reach, -1.0), 1.0)

    bars: list[dict[str, object]] = []
    for opinion in opinions:
        low, high = at(opinion.utility - opinion.error), at(opinion.utility + opinion.error)
        ends = sorted((50.0, at(opinion.utility)))
        mood = "liked" if opinion.liked else "disliked" if opinion.disliked else "open"
        bars.append(
            {
                "token": opinion.token,
                "mood": mood,
                "side": "up" if opinion.utility > 0 else "down",
                "left": f"{ends[0]:.1f}",
                "width": f"{ends[1] - ends[0]:.1f}",
                "low": f"{low:.1f}",
                "span": f"{high - low:.1f}",
                **numbers(opinion),
            }
        )
    return bars


def numbers(opinion: Opinion) -> dict[str, object]:
    """The texts of a utility and its standard error, with one digit after the point."""
    written = f"{abs(opinion.utility):.1f}"
    sign = "" if written == "0.0" else "+" if opinion.utility > 0 else "\N{MINUS SIGN}"
    return {"written": sign + written, "error": f"{opinion.error:.1f}"}
