"""Logs: one JSON object a line on standard error, control characters escaped by JSON itself (attacks L-13)."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog


def configure_commands() -> None:
    """For a command: what it prints is its own words; only warnings stand beside them, on standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,  # a server that the command starts configures its own
    )


def configure_logging(*, quiet: bool = False) -> None:
    """Route our own and the libraries' log lines to standard error; the server's access log stays off.

    uvicorn would log query strings, in which codes travel (attacks O-22).
    """
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
    for quiet_one in ("uvicorn", "httpx", "httpcore", "fontTools", "pyhanko"):
        logging.getLogger(quiet_one).setLevel(logging.ERROR)
    # A traceback's last line may quote what a person typed; `api.main` logs unexpected errors by place instead.
    for mute in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(mute).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
