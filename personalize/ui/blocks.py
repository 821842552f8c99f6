"""The page of Gradio, which answers a call with too few values in a sentence."""

from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction


class Blocks(gr.Blocks):  # type: ignore[misc]
    """Gradio's page. Gradio itself would log a traceback and send an error without a message."""

    def validate_inputs(self, block_fn: BlockFunction, inputs: list[Any]) -> None:
        """Refuse a call that leaves required values out.

        Raises:
            gr.Error: there are fewer values than the endpoint takes.
        """
        wanted, found = len(block_fn.inputs), len(inputs)
        if found < wanted:
            sentence = f"Expected {wanted} values, found {found}. Send every value of this endpoint."
            raise gr.Error(sentence, print_exception=False)
