"""Make handlers that Gradio can call from methods that take the browser's state.

Gradio passes the state that the browser kept as the first input, and the request as the last one. The
decorators read the state, and handle errors and newer events in the same way for all handlers.
"""

import functools
from collections.abc import AsyncIterator, Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

import gradio as gr

from personalize.errors import PersonalizeError, SessionError
from personalize.session import whole_number as numbers
from personalize.ui.browser_state import BrowserState, Screen
from personalize.ui.components import Updates
from personalize.ui.handlers.context import HandlerContext
from personalize.ui.text.catalogue import language_asked


class _Handlers(Protocol):
    @property
    def context(self) -> HandlerContext: ...


Owner = TypeVar("Owner", bound=_Handlers)
Inputs = ParamSpec("Inputs")
Method = Callable[Concatenate[Owner, BrowserState, Inputs], AsyncIterator[Updates]]
"""A method: it takes the browser's state, other inputs, and the request as the last of them."""

Handler = Callable[Concatenate[Owner, object, Inputs], AsyncIterator[Updates]]
"""The same for Gradio: it takes whatever the browser kept."""


def screen_event(
    on: Callable[[BrowserState], BrowserState] = lambda state: state,
) -> Callable[[Method[Owner, Inputs]], Handler[Owner, Inputs]]:
    """Make a handler that shows a screen.

    A newer event of the page ends its updates. An error becomes a message above the screen, which then offers
    to try again.

    Args:
        on: changes the state that the browser kept into the one that the method gets.
    """

    def decorated(method: Method[Owner, Inputs]) -> Handler[Owner, Inputs]:
        @functools.wraps(method)
        async def handler(
            self: Owner, kept: object, /, *inputs: Inputs.args, **named: Inputs.kwargs
        ) -> AsyncIterator[Updates]:
            request = _request(inputs)
            state = on(state_of(kept, request))
            async for updates in self.context.streams.stream(
                state, request, method(self, state, *inputs, **named)
            ):
                yield updates

        return handler

    return decorated


def input_event(method: Method[Owner, Inputs]) -> Handler[Owner, Inputs]:
    """Make a handler that checks inputs: an error becomes a message, and the screen stays as it is."""

    @functools.wraps(method)
    async def handler(
        self: Owner, kept: object, /, *inputs: Inputs.args, **named: Inputs.kwargs
    ) -> AsyncIterator[Updates]:
        state = state_of(kept, _request(inputs))
        try:
            async for updates in method(self, state, *inputs, **named):
                yield updates
        except PersonalizeError as error:
            yield self.context.streams.refuse(state, error)

    return handler


def _request(inputs: tuple[object, ...]) -> gr.Request:
    return cast(gr.Request, inputs[-1])


def to(screen: Screen) -> Callable[[BrowserState], BrowserState]:
    """The change of a state to another screen."""
    return lambda state: state.to(screen)


def state_of(kept: object, request: gr.Request) -> BrowserState:
    """The state that the browser kept, with the language that it asks for."""
    headers = getattr(request, "headers", {})
    return BrowserState.read(kept, language_asked(str(headers.get("accept-language", ""))))


def event_value(event: gr.EventData, name: str) -> object:
    """The event's value of that name; "" if it has none."""
    try:
        return getattr(event, name, "")
    except TypeError:  # the data of the event is no object
        return ""


def whole_number(event: gr.EventData, name: str) -> int:
    """The event's whole number of that name.

    Raises:
        SessionError: the event has none.
    """
    number = numbers.whole_number(event_value(event, name))
    if number is not None:
        return number
    raise SessionError("Expected the number of the {name}, found none. Reload the page.", name=name)


def whole_numbers(event: gr.EventData, name: str) -> tuple[int, ...]:
    """The event's list of whole numbers of that name; () if it has none.

    Raises:
        SessionError: it is something else.
    """
    value = event_value(event, name)
    listed = [] if value in ("", None) else value if isinstance(value, list) else [None]
    found = [numbers.whole_number(one) for one in listed]
    whole = tuple(number for number in found if number is not None)
    if len(whole) == len(found):
        return whole
    raise SessionError("Expected the number of the {name}, found none. Reload the page.", name=name)
