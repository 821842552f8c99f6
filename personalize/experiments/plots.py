"""Plots of the benchmarks; matplotlib is read only when one is asked for."""

from pathlib import Path
from typing import Any

from personalize.experiments.benchmarks.design import GAPS, SIZES
from personalize.experiments.statistics import Curves


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


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _write(figure: Any, file: Path) -> None:
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)
    _pyplot().close(figure)
