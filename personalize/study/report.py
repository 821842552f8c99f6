"""The findings of a study as text and as JSON."""

import math
from dataclasses import asdict
from typing import Any

from personalize.study.analysis import Findings, Interval, Rate


def as_json(findings: Findings) -> dict[str, Any]:
    """All numbers of the findings; unknown numbers are null."""

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(name): known(part) for name, part in value.items()}
        return None if isinstance(value, float) and not math.isfinite(value) else value

    found: dict[str, Any] = known(asdict(findings))
    return found


def in_words(findings: Findings) -> str:
    """The findings as text, with negative results as prominent as positive ones."""
    short = f" ({findings.left_out} left out: too few answers)" if findings.left_out else ""
    lines = [
        f"{findings.people} participants{short}",
        f"share of common questions predicted correctly (chance {findings.chance:.3f}):",
    ]
    lines += [f"  {arm:16} {_interval(found)}" for arm, found in findings.arms.items()]
    lines.append("differences between arms, within people:")
    for name, found in findings.differences.items():
        lines.append(f"  {name:32} {_interval(found)}  {_verdict(found)}")
    lines.append(f"same pick at a repeated question: {_rate(findings.agreement)}")
    lines.append(f"blind trials won by the personal picture: {_rate(findings.wins)} (chance 0.500)")
    if findings.sample_sizes:
        sizes = ", ".join(f"{count} for {effect:.0%}" for effect, count in findings.sample_sizes.items())
        lines.append(f"people needed to find a difference with a power of 80 %: {sizes}")
    return "\n".join(lines)


def _interval(found: Interval) -> str:
    if not math.isfinite(found.error):
        return f"{found.mean:+.3f} (one person: no interval)"
    return f"{found.mean:.3f} +- {found.error:.3f} (95 %: {found.low:.3f} to {found.high:.3f})"


def _verdict(found: Interval) -> str:
    if found.low > 0:
        return "the first arm is better"
    if found.high < 0:
        return "the first arm is worse"
    return "no significant difference"


def _rate(found: Rate) -> str:
    if not found.trials:
        return "no trials"
    return f"{found.share:.3f} ({found.hits} of {found.trials}; 95 %: {found.low:.3f} to {found.high:.3f})"
