"""The commands of ``python -m personalize``. Each adds its flags to a parser and runs with their values.

::

    command.py       what a command is, and the flags that several commands have
    render.py        render
    design.py        design, simulate
    benchmark.py     benchmark
    crowd_server.py  the server process that the benchmark of a crowd visits
    study.py         experiments, study, unlock
"""

from personalize.commands.benchmark import benchmark_flags, run_benchmark
from personalize.commands.command import Command, FlagParser, add_shared
from personalize.commands.design import design_flags, run_design, run_simulate, simulate_flags
from personalize.commands.render import render_flags, run_render
from personalize.commands.study import (
    experiments_flags,
    run_experiments,
    run_study,
    run_unlock,
    study_flags,
    unlock_flags,
)

__all__ = ["COMMANDS", "FlagParser", "add_shared"]

COMMANDS: dict[str, Command] = {
    "render": Command(render_flags, run_render),
    "design": Command(design_flags, run_design, ("json", "questions")),
    "simulate": Command(simulate_flags, run_simulate, ("json", "questions")),
    "benchmark": Command(benchmark_flags, run_benchmark, ("json", "questions")),
    "experiments": Command(experiments_flags, run_experiments),
    "study": Command(study_flags, run_study, ("json",)),
    "unlock": Command(unlock_flags, run_unlock),
}
"""All commands by name."""
