"""The launch line, and the end."""

import importlib.util
from collections.abc import Callable

import gradio as gr

from personalize.errors import SettingsError
from personalize.rendering.png import LARGEST_PICTURE
from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui import go_direct
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.pictures import routes
from personalize.ui.http.port import free_port
from personalize.ui.http.settings import settings_routes
from personalize.ui.http.shutdown import told_to_end
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import Staff
from personalize.ui.http.wall import wall_routes
from personalize.ui.theme import HEAD, theme


def serve(
    page: gr.Blocks,
    personalizer: Personalizer,
    settings: Settings,
    on_ready: Callable[[str], None],
    metrics: Metrics | None = None,
) -> None:
    """Serve the page until the process is told to end; `on_ready(url)` once it answers.

    Raises:
        SettingsError: the port is in use, or MCP was asked for without its package.
    """
    if settings.mcp and importlib.util.find_spec("mcp") is None:
        raise SettingsError(
            'Expected the package mcp with mcp = 1, found none. Install it: pip install "mcp>=1.21,<2"'
        )
    staff, counted = Staff(settings.staff_pin), metrics or Metrics()
    port = free_port(settings.host, settings.port)
    go_direct(settings.host)
    page.queue(default_concurrency_limit=None, api_open=False)
    page.launch(
        server_name=settings.host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        inbrowser=False,
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=bool(settings.mcp),
        footer_links=[],
        max_file_size=LARGEST_PICTURE,
        theme=theme(),
        css='[id^="screen-"] { display: none; }',  # until the style sheet is there
        head=HEAD,
        app_kwargs={
            "routes": [
                *routes(personalizer, counted, settings.address, metadata=bool(settings.metadata)),
                *settings_routes(settings, staff),
                *staff_routes(personalizer, staff, settings, counted),
                *wall_routes(personalizer, staff),
            ],
            "docs_url": None,
            "redoc_url": None,
        },
    )
    told = told_to_end()
    on_ready(url_of(settings.host, port))
    while not told.wait(0.5):
        pass
    page.close(verbose=False)


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine finds the page."""
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
