"""Ways to an authority: over HTTP (RFC 3161 §3.4), or our own one without a network."""

from __future__ import annotations

import base64

from keys.tsa.authority import TimestampAuthority
from keys.tsa.ports import Post, TimestampSource
from keys.tsa.response import QUERY_TYPE, REPLY_TYPE


class LocalSource:
    """Our own authority, in this process."""

    def __init__(self, authority: TimestampAuthority) -> None:
        self._authority = authority

    async def ask(self, request: bytes) -> bytes:
        return await self._authority.answer(request)


class HttpSource:
    """An authority at an address.

    Args:
        credentials: `user:password` for HTTP Basic authentication (RFC 7617), if the authority wants it.
    """

    def __init__(self, post: Post, url: str, *, credentials: str | None = None) -> None:
        self._post = post
        self._url = url
        self._authorization = None
        if credentials is not None:
            self._authorization = "Basic " + base64.b64encode(credentials.encode("utf-8")).decode("ascii")

    async def ask(self, request: bytes) -> bytes:
        return await self._post(
            self._url, request, content_type=QUERY_TYPE, accept=REPLY_TYPE, authorization=self._authorization
        )


_: tuple[type[TimestampSource], ...] = (LocalSource, HttpSource)
