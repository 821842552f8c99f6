"""A study on the page and through the endpoints: consent, every question of the plan, the file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from personalize.preparation.prepare import prepare
from personalize.session.database_store import DatabaseStore
from personalize.settings import Settings
from personalize.study.analysis import analyse
from personalize.study.command import export_study
from personalize.study.export import read_study
from tests.apps import forked_app
from tests.browser import walk
from tests.fakes import FakeEmbedder, FakeRenderer, fake_vocabulary

LEARNING, COMMON = 2, 7
QUESTIONS = 2 * LEARNING + COMMON + 3
Screenshot = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def study_url(folder: Path) -> Iterator[str]:
    flags = ["--data", str(folder / "data"), "--strategy", "study",
             "--study-learning", str(LEARNING), "--study-common", str(COMMON)]  # fmt: skip
    with forked_app("tests.browser.serve", flags, folder / "log.txt") as url:
        yield url


def test_nobody_begins_without_agreeing(page: Page, study_url: str, screenshot: Screenshot) -> None:
    walk.open_page(page, study_url)
    expect(page.get_by_text("This is a study.")).to_be_visible()
    walk.accessible(page)
    screenshot(page, "study-start")
    page.locator("#subject input, #subject textarea").fill("a fox")
    page.locator("#begin").click()
    walk.notice(page, "you need to agree")
    page.get_by_label("I have read this and agree to take part").check()
    page.locator("#begin").click()
    walk.expect_round(page, 1)
    expect(page.locator(".round .eyebrow")).to_contain_text(f"of {QUESTIONS}")
    expect(page.locator(".round .asks")).to_have_count(0)  # it would tell the arms apart
    screenshot(page, "study-round")


def test_people_go_through_it_and_the_file_says_how(study_url: str, folder: Path) -> None:
    client = Client(study_url, verbose=False)
    with pytest.raises(AppError, match="consent"):
        client.predict("a fox", api_name="/start")
    for _ in range(2):
        token = client.predict("a fox", True, api_name="/start")["token"]
        for number in range(1, QUESTIONS + 1):
            round_ = client.predict(token, api_name="/next_round")
            prompts = [one["prompt"] for one in round_["pictures"]]
            liked = max(range(4), key=lambda at: ("night" in prompts[at], prompts[at]))
            taste = client.predict(token, number, liked + 1, api_name="/pick")
            assert taste["answered"] == number
    settings = Settings(data=folder / "data", strategy="study", study_learning=LEARNING, study_common=COMMON)
    store = DatabaseStore(settings.database, settings.picture_place)
    renderer, embedder = FakeRenderer(), FakeEmbedder()
    preparation = prepare(fake_vocabulary(), renderer, embedder, settings)
    assert export_study(preparation, store, renderer, embedder, settings, folder / "study.jsonl") >= 2
    store.close()
    lines = read_study(folder / "study.jsonl")
    whole = [person for person in lines[1:] if len(person["rounds"]) == QUESTIONS]
    assert len(whole) == 2
    kinds = [round_["kind"] for round_ in whole[0]["rounds"]]
    assert (kinds.count("learn"), kinds.count("common"), kinds.count("again")) == (2 * LEARNING, COMMON, 3)
    findings = analyse(lines)
    assert findings.people == 2 and findings.agreement.share == 1.0 and findings.agreement.trials >= 2
