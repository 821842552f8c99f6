"""Figures that can be read in grey and by colour-blind people: lines differ in colour, dash and marker.

Colours are of Okabe and Ito (2008), ordered by lightness so that neighbours differ in grey too. Matplotlib
is read only when something is drawn.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from personalize.experiments.benchmarks.design import GAPS, SIZES
from personalize.experiments.statistics import Curves

LOOKS = (
    ("#0072B2", "-", "o"),
    ("#D55E00", "--", "s"),
    ("#000000", ":", "^"),
    ("#56B4E9", "-.", "D"),
    ("#CC79A7", (0, (5, 1)), "v"),
    ("#009E73", (0, (1, 1)), "P"),
    ("#E69F00", (0, (3, 1, 1, 1)), "X"),
    ("#777777", (0, (6, 2)), "*"),
)
"""Colour, dash and marker of the first line, the second, ..."""


HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "++++", "oooo", "----")


DPI = 110


PANEL = (4.6, 3.5)


def panels(count: int, share_y: bool = False, rows: int = 1) -> tuple[Any, list[Any]]:
    """A figure of so many panels, in `rows` rows."""
    pyplot = _pyplot()
    columns = -(-count // rows)
    size = (PANEL[0] * columns, PANEL[1] * rows)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, sharey=share_y, squeeze=False)
    flat = list(axes.flat)
    for axis in flat[count:]:
        axis.set_visible(False)
    for axis in flat[:count]:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, flat[:count]


def lines(
    axis: Any,
    x: Sequence[float],
    curves: Mapping[str, Mapping[str, Any]],
    levels: Mapping[str, float] | None = None,
    legend: bool = True,
) -> None:
    """Curves {name: {"mean": [...], "se": [...]}} over x, one standard error shaded, and level lines."""
    for number, (name, curve) in enumerate(curves.items()):
        colour, dash, marker = LOOKS[number % len(LOOKS)]
        mean = curve["mean"]
        every = max(1, len(mean) // 8)
        axis.plot(
            x, mean, color=colour, linestyle=dash, marker=marker, markersize=4.5, markevery=every, label=name
        )
        if any(curve.get("se", ())):
            low = [m - e for m, e in zip(mean, curve["se"], strict=True)]
            high = [m + e for m, e in zip(mean, curve["se"], strict=True)]
            axis.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
    _levels(axis, levels or {})
    if legend:
        axis.legend(frameon=False, fontsize=7.5)


def bars(
    axis: Any,
    groups: Sequence[str],
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    levels: Mapping[str, float] | None = None,
) -> None:
    """Grouped bars {name: (means, errors)} with hatches, and level lines."""
    width = 0.8 / max(1, len(series))
    for number, (name, (means, errors)) in enumerate(series.items()):
        colour = LOOKS[number % len(LOOKS)][0]
        at = [place + (number - (len(series) - 1) / 2) * width for place in range(len(groups))]
        axis.bar(
            at,
            means,
            width,
            yerr=errors,
            label=name,
            color=colour,
            alpha=0.75,
            edgecolor="black",
            linewidth=0.6,
            hatch=HATCHES[number % len(HATCHES)],
            error_kw={"elinewidth": 1, "capsize": 2},
        )
    axis.set_xticks(range(len(groups)), groups, fontsize=8)
    _levels(axis, levels or {})
    if len(series) > 1:
        axis.legend(
            frameon=False, fontsize=7.5, loc="lower center", bbox_to_anchor=(0.5, 1.08), ncol=len(series)
        )


def points(
    axis: Any,
    groups: Sequence[str],
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    levels: Mapping[str, float] | None = None,
) -> None:
    """Points with errors {name: (means, errors)}, side by side in each group; a mean of nan has no point."""
    width = 0.8 / max(1, len(series))
    for number, (name, (means, errors)) in enumerate(series.items()):
        colour, _, marker = LOOKS[number % len(LOOKS)]
        at = [place + (number - (len(series) - 1) / 2) * width for place in range(len(groups))]
        axis.errorbar(at, means, errors, fmt=marker, color=colour, label=name, markersize=5, capsize=2)
    axis.set_xticks(range(len(groups)), groups, fontsize=8)
    _levels(axis, levels or {})
    axis.legend(frameon=False, fontsize=7.5, loc="center left", bbox_to_anchor=(1.01, 0.5))


def _levels(axis: Any, levels: Mapping[str, float]) -> None:
    """Level lines, named at their right and left ends in turn, as two may lie close together."""
    for number, (name, level) in enumerate(levels.items()):
        axis.axhline(level, color="0.4", linewidth=1, linestyle=(0, (2, 2)))
        at, side = (1.0, "right") if number % 2 == 0 else (0.01, "left")
        where = ("axes fraction", "data")
        axis.annotate(name, (at, level), xycoords=where, ha=side, va="bottom", fontsize=7.5)


def log_x(axis: Any, values: Sequence[float]) -> None:
    """A logarithmic axis with these ticks, written as they are."""
    axis.set_xscale("log")
    kept = [v for n, v in enumerate(values) if len(values) <= 7 or n % 2 == 0 or n == len(values) - 1]
    axis.set_xticks(kept, [f"{v:g}" for v in kept])
    axis.set_xticks([], minor=True)


def legend_beside(figure: Any, axis: Any, columns: int = 4) -> None:
    """One legend for all panels, above them."""
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncol=columns,
        frameon=False,
        fontsize=8,
    )


def named(axis: Any, x: str, y: str, title: str = "") -> None:
    """Names of the axes."""
    axis.set_xlabel(x)
    axis.set_ylabel(y)
    if title:
        axis.set_title(title, fontsize=10)


def save(figure: Any, file: Path) -> list[Path]:
    """As PNG and SVG; the same numbers give the same SVG."""
    matplotlib = _matplotlib()
    figure.tight_layout()
    written = [file.with_suffix(".png"), file.with_suffix(".svg")]
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": file.name}):
        figure.savefig(written[0], dpi=DPI, bbox_inches="tight", metadata={"Software": None})
        figure.savefig(written[1], bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return written


def close(figure: Any) -> None:
    """Free it."""
    _pyplot().close(figure)


def plot_learning(curves: dict[str, Curves], oracle: float, chance: float, file: Path) -> None:
    """Accuracy over answers with its standard error, the oracle above and chance below."""
    pyplot = _pyplot()
    figure, axis = pyplot.subplots(figsize=(6.4, 4))
    for name, curve in curves.items():
        people, answers = curve.accuracy.shape
        mean, error = curve.accuracy.mean(dim=0), curve.accuracy.std(dim=0) / people**0.5
        turns = range(1, answers + 1)
        (line,) = axis.plot(turns, mean, label=name)
        axis.fill_between(turns, mean - error, mean + error, color=line.get_color(), alpha=0.15, linewidth=0)
    axis.axhline(oracle, color="gray", linestyle="--", linewidth=1)
    axis.axhline(chance, color="gray", linestyle=":", linewidth=1)
    axis.set_xlabel("answers")
    axis.set_ylabel("share of exam picks foreseen")
    axis.legend(frameon=False)
    _write(figure, file)


def plot_scaling(rows: list[dict[str, Any]], file: Path) -> None:
    """Seconds over each size, in log scales."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(1, len(SIZES), figsize=(3.2 * len(SIZES), 3), sharey=True)
    for axis, name in zip(axes, SIZES, strict=True):
        points = [(row[name], row["seconds"]) for row in rows if row["varied"] == name]
        axis.loglog(*zip(*points, strict=True), "o-")
        axis.set_xlabel(name)
        axis.grid(alpha=0.3, which="both")
    axes[0].set_ylabel(f"seconds to a gap of {GAPS[-1]:g}")
    _write(figure, file)


def _write(figure: Any, file: Path) -> None:
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    _pyplot().close(figure)


def _matplotlib() -> Any:
    import matplotlib

    return matplotlib


def _pyplot() -> Any:
    _matplotlib().use("Agg")
    from matplotlib import pyplot

    return pyplot
