"""Ways to an authority: over HTTP (RFC 3161 §3.4), or our own one without a network."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from core.egress.port import Fetcher
from core.egress.rules import NO_HOSTS, EgressRules, HostList
from keys.tsa.authority import TimestampAuthority
from keys.tsa.errors import AnswerRefused
from keys.tsa.ports import TimestampSource
from keys.tsa.response import QUERY_TYPE, REPLY_TYPE
from keys.tsa.token import MAX_TOKEN

_MAX_ANSWER = MAX_TOKEN + 4096  # octets


class LocalSource:
    """Our own authority, in this process."""

    def __init__(self, authority: TimestampAuthority) -> None:
        self._authority = authority

    async def ask(self, request: bytes) -> bytes:
        return await self._authority.answer(request)


class HttpSource:
    """An authority at an address.

    Args:
        fetcher: under the rules that `egress_rules` makes for this address.
        credentials: `user:password` for HTTP Basic authentication (RFC 7617), if the authority wants it.
    """

    def __init__(self, fetcher: Fetcher, url: str, *, credentials: str | None = None) -> None:
        self._fetcher = fetcher
        self._url = url
        self._headers = {"Content-Type": QUERY_TYPE, "Accept": REPLY_TYPE}
        if credentials is not None:
            encoded = base64.b64encode(credentials.encode("utf-8")).decode("ascii")
            self._headers["Authorization"] = f"Basic {encoded}"

    async def ask(self, request: bytes) -> bytes:
        answer = await self._fetcher.fetch(
            self._url, method="POST", body=request, headers=self._headers, media_types=frozenset({REPLY_TYPE})
        )
        if answer.status != 200:
            raise AnswerRefused(f"answered with HTTP {answer.status}")
        return answer.body


def egress_rules(url: str, *, inside: bool, seconds: float) -> EgressRules:
    """What fetches from one authority may do: its own host and port, and nothing else.

    Args:
        inside: the host may be one of our own network.

    Raises:
        ValueError: the address has no host that can be named.
    """
    parts = urlsplit(url)
    host = HostList.of([parts.hostname or ""])
    return EgressRules(
        schemes=frozenset({parts.scheme}),
        ports=frozenset({parts.port or {"http": 80, "https": 443}[parts.scheme]}),
        only=host,
        inside=host if inside else NO_HOSTS,
        seconds=seconds,
        most_bytes=_MAX_ANSWER,
    )


_: tuple[type[TimestampSource], ...] = (LocalSource, HttpSource)
