"""The page of Gradio: too few values get a sentence, and uploads are deleted when they are read."""

import contextlib
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from gradio.utils import get_upload_folder


class Blocks(gr.Blocks):  # type: ignore[misc]
    """Gradio's page. Gradio itself would log a traceback and keep every upload."""

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
