"""Gradio's page with three corrections.

Outputs that an event does not change cost nothing, calls with too few values get a sentence, and uploads are
deleted when they are read.
"""

import contextlib
import copy
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction, convert_component_dict_to_list
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from gradio.state_holder import SessionState
from gradio.utils import get_upload_folder


class Blocks(gr.Blocks):  # type: ignore[misc]
    """Gradio's page, with three corrections."""

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

    async def preprocess_data(self, block_fn: BlockFunction, inputs: list[Any], *more: Any) -> list[Any]:
        """The values for a handler. Uploads among them are read into memory and deleted.

        Raises:
            gr.Error: a file is missing, or it is no upload.
        """
        try:
            values: list[Any] = await super().preprocess_data(block_fn, inputs, *more)
        except (InvalidPathError, OSError, ComponentProcessingError) as error:
            if isinstance(error, ComponentProcessingError) and not isinstance(error.__cause__, OSError):
                raise
            sentence = "Expected a file that was sent just now, found none. Choose the file again."
            raise gr.Error(sentence, print_exception=False) from error
        finally:
            for value in inputs:
                if isinstance(value, dict) and isinstance(value.get("path"), str):
                    _delete_upload(value["path"])
        return values


def _delete_upload(path: str) -> None:
    """Delete the file and its folder, if it is an upload; a visitor may send any path."""
    with contextlib.suppress(OSError, ValueError):  # it is gone, or no path
        file, uploads = Path(path).resolve(), Path(get_upload_folder()).resolve()
        if file.is_relative_to(uploads):
            file.unlink()
            if file.parent != uploads:
                file.parent.rmdir()  # refused where an equal file came under another name


def _is_skip(value: Any) -> bool:
    """Whether an output stays as it is."""
    return isinstance(value, dict) and value == gr.skip()
