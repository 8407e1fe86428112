"""The way to an application in the same process, for who asks over HTTP: the demo city has its registers inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message

from core.egress.errors import FetchFailed
from core.egress.port import Fetched, Fetcher


class InProcess:
    """Implements `core.egress.port.Fetcher` by calling an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(_scope(url, method, headers or {}), receive, send)
        start, *parts = sent
        named = {name.lower(): value for name, value in start.get("headers", ())}
        media_type = named.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        if media_types is not None and start["status"] == 200 and media_type not in media_types:
            raise FetchFailed("media-type")
        return Fetched(start["status"], media_type, b"".join(part.get("body", b"") for part in parts))


def _scope(url: str, method: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [
            (b"host", parts.netloc.encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname or "", parts.port or 443),
    }


_: type[Fetcher] = InProcess
