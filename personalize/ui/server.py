"""The port, the launch line and the address."""

import socket
from collections.abc import Callable

import gradio as gr

from personalize.errors import SettingsError
from personalize.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui.routes import routes
from personalize.ui.theme import HEAD, theme


def free_port(host: str, port: int) -> int:
    """The port to listen on: `port` itself, or a free one for 0. Found by binding it once.

    Raises:
        SettingsError: the port is in use, or the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"Expected to listen on {host} port {port}, found: {error.strerror or error}. "
                "Choose another with --port (0 takes a free one) or --host."
            ) from None
        return int(probe.getsockname()[1])


def serve(
    page: gr.Blocks,
    personalizer: Personalizer,
    settings: Settings,
    port: int,
    on_ready: Callable[[str], None],
) -> None:
    """Serve the page until interrupted; `on_ready(url)` once it answers."""
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
        mcp_server=False,
        footer_links=[],
        theme=theme(),
        head=HEAD,
        app_kwargs={"routes": routes(personalizer), "docs_url": None, "redoc_url": None},
    )
    shown = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    on_ready(f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}")
    page.block_thread()
