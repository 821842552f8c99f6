"""What many people a day need: the page has the tables of the figures, and measured figures are real."""

import json
from pathlib import Path

import pytest

from personalize.__main__ import main
from personalize.experiments.benchmarks.footprint import measure_footprint
from personalize.experiments.benchmarks.growth import (
    egress_cost,
    growth_tables,
    machines,
    of_day,
    people_carried,
    pictures_of_visit,
    read_figures,
)
from personalize.experiments.benchmarks.growth_simulated import simulated_table
from personalize.settings import Settings
from tests.fakes import fake_vocabulary

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "assets" / "deploy" / "README.md"
EVIDENCE = ROOT / "assets" / "evidence" / "growth"


def test_the_page_has_the_tables_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "growth"]) == 0
    printed = capsys.readouterr().out.strip()
    page = PAGE.read_text("utf-8")
    assert printed == growth_tables()
    for table in printed.split("\n\n"):
        assert table in page


def test_the_page_has_what_the_simulation_says_of_the_arithmetic() -> None:
    page = PAGE.read_text("utf-8")
    rows = simulated_table(read_figures(), most=10).splitlines()
    assert len(rows) == 2 + 5  # the larger crowds take a minute
    assert all(row in page for row in rows)


def test_the_figures_are_those_of_the_app_and_of_the_evidence() -> None:
    figures, settings = read_figures(), Settings()
    assert figures["round"] == {"pictures": settings.options, "drawn_ahead": settings.drawn_ahead}
    measured = json.loads((EVIDENCE / "growth.json").read_text("utf-8"))
    costs, page, rows = figures["costs"], measured["page"], measured["footprint"]["postgresql"]
    assert costs["pick_cpu_s"] == page["server_cpu_s_a_pick"]
    assert costs["pictures_loaded"] == page["pictures_a_pick"]
    assert costs["reply_bytes"] == pytest.approx(page["reply_bytes"], rel=0.01)
    assert costs["rows"] == rows["all_rows_a_session"] and rows["answers"] == figures["visit"]["answers"]
    assert costs["row_bytes"] == pytest.approx(rows["bytes_a_session"], rel=0.01)


def test_twice_the_people_need_twice_of_everything() -> None:
    figures = read_figures()
    one, two = of_day(50_000, figures), of_day(100_000, figures)
    for name in ("at_once", "picks_s", "least_s", "most_s", "cores", "rows", "database_gb", "egress_mbit"):
        assert getattr(two, name) == pytest.approx(2 * getattr(one, name))
    assert one.least_s < one.most_s


def test_machines_carry_the_people_for_whom_they_are_counted() -> None:
    figures = read_figures()
    seconds = figures["models"]["sdxl"]["seconds"]
    people = people_carried(8, seconds, figures)[1]
    assert machines(of_day(people, figures).least_s, seconds, figures) in (8, 9)


def test_a_visit_draws_what_its_rounds_show() -> None:
    figures = read_figures()
    assert pictures_of_visit(figures) == (12 * 4 + 8, 4 + 12 * 16 + 8)


def test_bytes_are_paid_by_steps() -> None:
    figures = read_figures()
    assert egress_cost(1_000, figures) == pytest.approx(90)
    assert egress_cost(20_000, figures) == pytest.approx(10_000 * 0.09 + 10_000 * 0.085)
    assert egress_cost(1_000_000, figures) == pytest.approx(900 + 3_400 + 7_000 + 42_500)


def test_a_session_leaves_a_row_for_each_thing_that_it_keeps() -> None:
    found = measure_footprint(fake_vocabulary(), Settings(drawn_ahead=0, pool=64, candidates=200), 1, 3)
    rows = found["rows_a_session"]
    assert rows["palate_session"] == 1 and rows["palate_round"] == rows["palate_answer"] == 3
    assert rows["palate_record"] == rows["palate_embedding"] == 4 * 4 and found["bytes_a_session"] > 0
