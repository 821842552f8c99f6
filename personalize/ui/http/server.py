"""Start the server of the page, and end it when the process is told to."""

import contextlib
import importlib.util
import os
from collections.abc import AsyncIterator, Callable
from urllib.request import getproxies_environment

import gradio as gr
from starlette.middleware import Middleware

from personalize.errors import SettingsError
from personalize.rendering.png import LARGEST_PICTURE
from personalize.rounds.personalizer import Personalizer
from personalize.settings import Settings
from personalize.ui.http.ahead import ahead_routes
from personalize.ui.http.bounds import Bounds
from personalize.ui.http.earlier import earlier_routes
from personalize.ui.http.first_scripts import FirstScripts
from personalize.ui.http.health import health_routes
from personalize.ui.http.listening import Server
from personalize.ui.http.metrics import Metrics
from personalize.ui.http.pictures import picture_routes
from personalize.ui.http.port import THIS_MACHINE, bound_socket, is_any, without_brackets
from personalize.ui.http.settings import settings_routes
from personalize.ui.http.shutdown import shutdown_requested
from personalize.ui.http.staff import staff_routes
from personalize.ui.http.staff_access import StaffAccess
from personalize.ui.http.vote import vote_routes
from personalize.ui.http.wall import wall_routes
from personalize.ui.theme import HEAD, theme


def serve(
    page: gr.Blocks,
    personalizer: Personalizer,
    settings: Settings,
    on_ready: Callable[[str], None],
    metrics: Metrics | None = None,
) -> None:
    """Serve the page until the process is told to end.

    Args:
        page: the page.
        personalizer: the loop behind it.
        settings: host, port, address, MCP, PIN, metadata, kiosk; all are shown on the page of settings.
        on_ready: called with the page's URL once it answers.
        metrics: the counters that /metrics shows.

    Raises:
        SettingsError: the port is in use, or MCP was asked for without its package.
    """
    if settings.mcp and importlib.util.find_spec("mcp") is None:
        raise SettingsError(
            'Expected the package mcp with mcp = 1, found none. Install it: pip install "mcp>=1.21,<2"'
        )
    store, metrics = personalizer.store, metrics or Metrics()
    staff = StaffAccess(settings.staff_pin, store.limits, store.notes, settings.folder)
    bound = bound_socket(settings.host, settings.port)
    url = url_of(settings.host, bound.getsockname()[1])
    bypass_proxies(settings.host)

    @contextlib.asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        page.run_startup_events()
        await page.run_extra_startup_events()
        yield

    page.queue(default_concurrency_limit=None, api_open=False)
    # Gradio's own start gives the server 5 seconds and its first answer 3, asks through proxies, and builds
    # no URL for IPv6. Gradio starts no server for a page that says that it runs.
    page.is_running, page.is_colab, page.local_url = True, False, url
    page.launch(
        _frontend=False,
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
        css='[id^="screen-"] { display: none; }',  # until the style sheet is loaded
        head=HEAD,
        app_kwargs={
            "middleware": [Middleware(Bounds), Middleware(FirstScripts)],
            "routes": [
                *picture_routes(personalizer, settings.address, metadata=bool(settings.metadata)),
                *ahead_routes(personalizer),
                *earlier_routes(personalizer),
                *health_routes(personalizer, metrics),
                *vote_routes(personalizer, settings.address),
                *settings_routes(settings, staff, personalizer.preparation.foresight),
                *staff_routes(personalizer, staff, settings, metrics),
                *wall_routes(personalizer, staff),
            ],
            "lifespan": lifespan,
            "docs_url": None,
            "redoc_url": None,
        },
    )
    page.has_launched = True  # only then Gradio checks which files a visitor may name
    if page.mcp_server_obj:
        page.mcp_server_obj._local_url = url
    page._queue.set_server_app(page.server_app)
    page.server = Server(page.server_app, bound)
    page.server.start()
    shutdown = shutdown_requested()
    on_ready(url)
    while not shutdown.wait(0.5):
        pass
    page.close(verbose=False)


def url_of(host: str, port: int) -> str:
    """The URL of the page for a browser on this machine."""
    host = without_brackets(host)
    if is_any(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host.replace('%', '%25')}]:{port}" if ":" in host else f"http://{host}:{port}"


def bypass_proxies(host: str) -> None:
    """Let this process reach its own page without a proxy: its MCP tools call the page.

    The function adds this machine to `no_proxy` in the environment, where Gradio's HTTP client looks. It
    changes nothing if the environment names no proxy.

    Args:
        host: the host that the page listens on.
    """
    if not {"http", "https", "all"} & getproxies_environment().keys():
        return
    lower, upper = os.environ.get("no_proxy", ""), os.environ.get("NO_PROXY", "")
    for name, value in (("no_proxy", lower or upper), ("NO_PROXY", upper or lower)):
        known = [part.strip() for part in value.split(",") if part.strip()]
        if "*" not in known:  # alone it means every host; beside other entries it means nothing
            more = [part for part in (*THIS_MACHINE, host) if part not in known]
            os.environ[name] = ",".join(dict.fromkeys([*known, *more]))
