"""Handlers as Gradio sees them, and events whose data is not what our scripts send."""

import inspect
from typing import Any, get_type_hints

import gradio as gr
import pytest

from personalize.errors import SessionError
from personalize.ui.browser_state import BrowserState
from personalize.ui.handlers.events import event_value, whole_number
from tests.ui.handlers.visitor import App, event, page_after, request, seen


def test_gradio_finds_the_inputs_of_a_decorated_handler(app: App) -> None:
    for handler in (app.handlers.rounds.pick, app.handlers.pictures.leave_out):
        assert list(inspect.signature(handler).parameters) == ["state", "event", "request"]
        hints = get_type_hints(handler)
        assert (hints["event"], hints["request"]) == (gr.EventData, gr.Request)
        assert inspect.isasyncgenfunction(handler)


@pytest.mark.parametrize("data", [None, "round", ["round"], 7, {}, {"other": 1}])
def test_an_event_without_a_value_has_an_empty_one(data: Any) -> None:
    odd = gr.EventData(None, data)
    assert event_value(odd, "round") == ""
    with pytest.raises(SessionError, match="number of the round"):
        whole_number(odd, "round")


@pytest.mark.parametrize("value", [True, "", "7.5", 7.5, None, [7], float("nan"), float("inf"), 10**400])
def test_only_whole_numbers_are_whole_numbers(value: object) -> None:
    with pytest.raises(SessionError):
        whole_number(event(round=value), "round")
    assert [whole_number(event(round=seven), "round") for seven in (7, 7.0, "7")] == [7, 7, 7]


def test_screens_have_their_former_names_too(app: App) -> None:
    here = BrowserState(app.token, "taste").kept()
    for former, screen in (("studio", "pictures"), ("taste", "taste"), ("nowhere", "start")):
        page = page_after(seen(app.handlers.session.go(here, event(screen=former), request())))
        assert page["browser"]["screen"] == screen
