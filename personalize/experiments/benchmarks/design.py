"""How fast the design is solved on CLIP-like vocabularies: seconds to certified gaps, memory, scaling."""

import math
import resource
import sys
import time
from typing import Any

import torch

from personalize.design.criterion import Criterion, DCriterion, VCriterion
from personalize.design.result import SolverStep
from personalize.design.solve import solve_design
from personalize.errors import SettingsError
from personalize.experiments.bank import SPREAD
from personalize.mdp.prompt_mdp import PromptMDP
from personalize.preference.estimate import TastePrior
from personalize.progress import SOLVING, GapProgress, OnProgress

GAPS = (1e-2, 1e-3)
ITERATIONS = 5000
ROUNDS = 60
SAMPLES = 1000
SIZES: dict[str, tuple[int, ...]] = {
    "tokens": (100, 300, 1000, 3000),
    "dimension": (16, 64, 256),
    "horizon": (2, 4, 6, 8),
    "options": (2, 4, 6, 9),
}
"""What `--scaling` runs over, one at a time."""


def clip_like_mdp(tokens: int, dimension: int, horizon: int, seed: int, device: str) -> PromptMDP:
    """Tokens dealt to slots round-robin, the blank in all; unit features of a falling spectrum."""
    generator = torch.Generator().manual_seed(seed)
    spread = (1.0 / torch.arange(1, dimension + 1, dtype=torch.float64)).sqrt()
    x = torch.randn(tokens, dimension, generator=generator, dtype=torch.float64) * spread
    x = x / x.norm(dim=1, keepdim=True)
    x[0] = 0.0
    allowed = torch.zeros(horizon, tokens, dtype=torch.bool)
    allowed[torch.arange(tokens) % horizon, torch.arange(tokens)] = True
    allowed[:, 0] = True
    return PromptMDP(x.to(device), allowed.to(device))


def measure_design(
    tokens: int,
    dimension: int,
    horizon: int,
    options: int,
    criterion: str = "V",
    device: str = "cpu",
    seed: int = 0,
    on_progress: OnProgress = lambda what, done, of: None,
) -> dict[str, Any]:
    """Seconds from nothing to each certified gap, in one run to the smallest.

    Raises:
        SettingsError: a size that makes no design, or a device that is not there.
    """
    if min(tokens, dimension, horizon, options) < 1 or options < 2 or tokens <= horizon:
        raise SettingsError(
            f"Expected more tokens than slots, and 2 options or more, found tokens {tokens}, dimension "
            f"{dimension}, horizon {horizon}, options {options}. Choose larger numbers."
        )
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("Expected a GPU for --device cuda, found none. Use --device cpu.")
    mdp = clip_like_mdp(tokens, dimension, horizon, seed, device)
    before = _peak_bytes(device)
    begun, spent = time.monotonic(), time.process_time()
    paths = mdp.random_paths(SAMPLES, torch.Generator(device=device).manual_seed(0))
    covariance = torch.cov(mdp.path_features(paths).T).reshape(dimension, dimension)
    prior = TastePrior(covariance)
    chosen: Criterion = DCriterion() if criterion == "D" else VCriterion(prior.contrast)
    reached: dict[float, float] = {}
    spent_until: dict[float, float] = {}

    way = GapProgress(GAPS[-1], ITERATIONS)

    def told(progress: SolverStep) -> None:
        relative = progress.gap / max(abs(progress.value), 1e-300)
        for gap in GAPS:
            if relative <= gap and gap not in reached:
                reached[gap] = time.monotonic() - begun
                spent_until[gap] = time.process_time() - spent
        on_progress(SOLVING, way.done(progress.iteration, progress.value, progress.gap), way.WHOLE)

    result = solve_design(
        mdp,
        chosen,
        options=options,
        rounds=ROUNDS,
        regularisation=prior.planning_precision(SPREAD),
        relative_gap=GAPS[-1],
        iterations=ITERATIONS,
        callback=told,
    )
    return {
        "tokens": tokens,
        "dimension": dimension,
        "horizon": horizon,
        "options": options,
        "criterion": criterion,
        "device": device,
        "threads": torch.get_num_threads(),
        "seed": seed,
        "seconds_to_gap": {f"{gap:g}": round(reached[gap], 3) for gap in GAPS if gap in reached},
        "seconds": round(result.seconds, 3),
        "processor_seconds_to_gap": {f"{gap:g}": round(value, 3) for gap, value in spent_until.items()},
        "processor_seconds": round(time.process_time() - spent, 3),
        "value": result.value,
        "gap_relative": result.relative_gap,
        "iterations": result.iterations,
        "status": result.status.name.lower(),
        "realised_ratio": result.realised_ratio,
        "rounded_ratio": result.rounded_ratio,
        "peak_mib": round((_peak_bytes(device) - (0 if device == "cuda" else before)) / 2**20, 1),
    }


def measure_scaling(
    base: dict[str, int],
    criterion: str,
    device: str,
    on_progress: OnProgress = lambda what, done, of: None,
) -> list[dict[str, Any]]:
    """`measure_design` over SIZES, one size at a time from `base`; an entry says what was varied."""
    rows = []
    for name, sizes in SIZES.items():
        for size in sizes:
            on_progress(f"scaling of {name}", sizes.index(size), len(sizes))
            one: dict[str, Any] = {**base, name: size}
            row = measure_design(**one, criterion=criterion, device=device)
            rows.append({"varied": name, **row})
    return rows


def scaling_exponent(rows: list[dict[str, Any]], name: str) -> float:
    """The slope of log seconds over log size, by least squares: 1 is linear; nan for too few points."""
    varied = [row for row in rows if row["varied"] == name]
    points = [(math.log(row[name]), math.log(max(row["seconds"], 1e-3))) for row in varied]
    n = len(points)
    if n < 2:
        return math.nan
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


def _peak_bytes(device: str) -> int:
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
