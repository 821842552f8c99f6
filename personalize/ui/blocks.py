"""Gradio's page, which leaves alone what an event does not change, and refuses calls with too few values."""

import copy
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction, convert_component_dict_to_list
from gradio.state_holder import SessionState


class Blocks(gr.Blocks):  # type: ignore[misc]
    """Gradio's page, with two corrections."""

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: Any, state: SessionState | None
    ) -> list[Any]:
        """The values of an event's outputs, as the browser gets them.

        Gradio itself builds each component anew that an event leaves as it is, and describes it as a JSON
        schema, on the event loop. An event of the page has thirty outputs and changes three. So that took
        most of its time, and everybody else waited for it.
        """
        outputs = list(block_fn.outputs)
        if isinstance(predictions, dict) and predictions:
            predictions = convert_component_dict_to_list(outputs, predictions)
        if len(outputs) < 2 or not isinstance(predictions, (list, tuple)) or len(predictions) != len(outputs):
            values: list[Any] = await super().postprocess_data(block_fn, predictions, state)
            return values
        places = [at for at, value in enumerate(predictions) if not _is_skip(value)]
        found = [gr.skip() for _ in outputs]
        if places:
            part = copy.copy(block_fn)
            part.outputs = [outputs[at] for at in places]
            kept: Any = [predictions[at] for at in places]
            if len(places) == 1 and not part.batch:
                kept = kept[0]
            values = await super().postprocess_data(part, kept, state)
            for at, value in zip(places, values, strict=True):
                found[at] = value
        return found

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Refuse a call that leaves required values out.

        Raises:
            gr.Error: there are fewer values than the endpoint takes.
        """
        wanted, found = len(block_fn.inputs), len(inputs)
        if found < wanted:
            sentence = f"Expected {wanted} values, found {found}. Send every value of this endpoint."
            raise gr.Error(sentence, print_exception=False)


def _is_skip(value: Any) -> bool:
    """Whether an output stays as it is."""
    return isinstance(value, dict) and value == gr.skip()
