"""Runs the web server: uvicorn, one process per worker."""

from __future__ import annotations

import atexit
import gc
import resource
import sys
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from api.logging import configure_logging
from api.main import create_app
from api.middleware.proxies import behind_proxies
from api.middleware.whole_answers import WholeAnswersProtocol
from api.request_lines import RequestLines
from api.service import build_service
from api.settings import Settings
from api.startup import StartupFault, check_port, plain_faults
from api.tls import tls_options
from api.wiring.container import Container


def serve(settings: Settings, *, host: str, port: int, quiet: bool = False) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first (at most 20 s).

    Raises:
        StartupFault: another program took the port since it was checked.
    """
    configure_logging(quiet=quiet)
    leave_no_core_dump()
    try:
        if settings.workers > 1:
            uvicorn.run(
                "api.server:from_environment", factory=True, workers=settings.workers, **_options(settings, host, port)
            )
        else:
            app = _settled(create_app(settings, _build, log_requests=not quiet, request_log=_lines()), settings)
            uvicorn.run(app, **_options(settings, host, port))
    except SystemExit:
        check_port(host, port)  # uvicorn tells this only to its log, which is mute
        raise


def leave_no_core_dump() -> None:
    """A crash must not write memory, and the keys in it, to the disk; children and workers inherit this."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


async def _build(settings: Settings) -> Container:
    """The container; what prevents it is told here, for uvicorn's log is mute."""
    try:
        with plain_faults():
            container = await build_service(settings)
        gc.freeze()  # its parts stay too
        return container
    except StartupFault as fault:
        print(f"yizheng: {fault}", file=sys.stderr, flush=True)
        raise


def from_environment() -> ASGIApp:
    """Application factory for worker processes, which read their settings anew."""
    configure_logging()
    settings = Settings()
    return _settled(create_app(settings, _build, request_log=_lines()), settings)


def _lines() -> RequestLines:
    lines = RequestLines(sys.stderr.buffer)
    atexit.register(lines.flush)
    return lines


def _settled(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Behind its proxies; and what is loaded by now stays: collections under load need not walk through it, which
    takes 0.1 s each time."""
    served = behind_proxies(
        app, trusted=settings.trusted_proxies, certificate_header=settings.client_certificate_header
    )
    gc.freeze()
    return served


def _options(settings: Settings, host: str, port: int) -> dict[str, Any]:
    return {
        "host": host,
        "port": port,
        "access_log": False,  # it would log query strings, in which codes travel
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,  # `behind_proxies` does it, which must see the sender first
        "timeout_graceful_shutdown": 20,
        "timeout_keep_alive": 30,
        "h11_max_incomplete_event_size": 64 * 1024,
        "loop": "uvloop",
        "http": WholeAnswersProtocol,
        **tls_options(settings),
    }
