"""Gradio's page gives the values that Gradio itself would give, and builds no component for them."""

import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState

from personalize.ui.blocks import Blocks

Change = Callable[[list[Any]], Any]


def page_of(kind: type[gr.Blocks]) -> tuple[gr.Blocks, list[Any], BlockFunction]:
    """A page with an event of four outputs."""
    with kind() as page:
        parts = [gr.HTML("a"), gr.Textbox("b"), gr.HTML("c"), gr.BrowserState({"d": 1})]
        gr.Button().click(lambda: None, None, parts)
    return page, parts, page.fns[0]


def answered(kind: type[gr.Blocks], change: Change, meanwhile: Callable[[], object] = list) -> list[Any]:
    """What the browser gets for a change; `meanwhile` is called when the page is built."""

    async def answer() -> list[Any]:
        page, parts, function = page_of(kind)
        state = SessionState(page)
        meanwhile()
        found: list[Any] = await page.postprocess_data(function, change(parts), state)
        return found

    found = asyncio.run(answer())
    for value in found:
        if isinstance(value, dict) and value.get("__type__") == "update":
            value.pop("props", None)  # Gradio repeats the type of an update there
    return found


CHANGES: list[Change] = [
    lambda parts: {parts[0]: "new"},
    lambda parts: {parts[1]: gr.update(label="named"), parts[2]: ""},
    lambda parts: {part: value for part, value in zip(parts, ("w", "x", "y", {"z": 2}), strict=True)},
    lambda parts: {parts[2]: gr.skip()},
    lambda parts: {parts[3]: {"token": "t"}},
    lambda parts: ["w", gr.skip(), gr.skip(), {"z": 2}],
    lambda parts: gr.skip(),
    lambda parts: [gr.components._Keywords.FINISHED_ITERATING] * 4,
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_values_are_those_of_gradio(change: Change) -> None:
    assert answered(Blocks, change) == answered(gr.Blocks, change)


def test_what_stays_as_it_is_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[object] = []
    described = gr.Textbox.get_config

    def describe(self: gr.Textbox, *given: Any) -> Any:
        built.append(self)
        return described(self, *given)

    monkeypatch.setattr(gr.Textbox, "get_config", describe)
    for kind, rebuilds in ((gr.Blocks, True), (Blocks, False)):
        assert answered(kind, lambda parts: {parts[0]: "new"}, built.clear)[0] == "new"
        assert bool(built) == rebuilds


def test_too_few_values_are_refused_in_a_sentence() -> None:
    async def refuse() -> None:
        page, _, function = page_of(Blocks)
        function.inputs = [gr.Textbox(), gr.Textbox()]
        with pytest.raises(gr.Error, match="Expected 2 values, found 1"):
            page.validate_inputs(function, ["one"])

    asyncio.run(refuse())
