"""Fetches an address that came from outside: judged, pinned, bounded, and without following anywhere.

1. the text of the address is read strictly and judged;
2. the name is looked up once, and every address it has must be allowed;
3. the connection goes to a judged address; the name serves for Host and for the certificate only;
4. one time for all of it, one bound on the body, no redirects, no cookies, no proxies, no content codings.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address

import httpcore

from core.egress.address import Target, check_addresses, read_target
from core.egress.connect import PinnedBackend, Resolver, system_resolver
from core.egress.errors import AddressRefused, FetchFailed
from core.egress.lanes import Lanes
from core.egress.networks import Address
from core.egress.port import Fetched, Fetcher
from core.egress.rules import EgressRules

_MOST_ADDRESSES = 16


class Egress:
    """Implements `core.egress.port.Fetcher` under one set of rules."""

    def __init__(
        self, rules: EgressRules, *, resolver: Resolver = system_resolver, tls: ssl.SSLContext | None = None
    ) -> None:
        self.rules = rules
        self._resolver = resolver
        self._given_tls = tls
        self._lanes = Lanes(rules.at_once)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        target = read_target(url, self.rules)
        try:
            async with asyncio.timeout(self.rules.seconds), self._lanes.taken(target.host):
                addresses = await self._resolve(target)
                answer = await self._ask(target, addresses, method, body, headers or {})
        except (TimeoutError, httpcore.TimeoutException):
            raise FetchFailed("timeout") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError):
            raise FetchFailed("unreachable") from None
        if media_types is not None and answer.status == 200 and answer.media_type not in media_types:
            raise FetchFailed("media-type")
        return answer

    async def _resolve(self, target: Target) -> list[Address]:
        if target.literal is not None:
            return [target.literal]
        try:
            found = [ip_address(text) for text in await self._resolver(target.host, target.port)]
        except ValueError:  # a scope id, as in fe80::1%eth0, or a name that cannot be looked up
            raise AddressRefused("inside") from None
        if not 0 < len(found) <= _MOST_ADDRESSES:
            raise FetchFailed("unreachable")
        check_addresses(target.host, found, self.rules)
        return found

    async def _ask(
        self, target: Target, addresses: list[Address], method: str, body: bytes, headers: Mapping[str, str]
    ) -> Fetched:
        sent = {
            "Host": _authority(target),
            "User-Agent": "yizheng",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **headers,
        }
        if body or method == "POST":
            sent["Content-Length"] = str(len(body))
        origin = httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port)
        url = httpcore.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target.path.encode())
        async with (
            httpcore.AsyncHTTPConnection(
                origin,
                ssl_context=self._tls if target.scheme == "https" else None,
                network_backend=PinnedBackend(addresses),
            ) as connection,
            connection.stream(method, url, headers=list(sent.items()), content=body) as answer,
        ):
            return await self._read(answer)

    async def _read(self, answer: httpcore.Response) -> Fetched:
        received = {name.lower(): value for name, value in answer.headers}
        if received.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            raise FetchFailed("encoded")
        length = received.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self.rules.most_bytes:
            raise FetchFailed("too-large")
        body = bytearray()
        async for chunk in answer.aiter_stream():
            body += chunk
            if len(body) > self.rules.most_bytes:
                raise FetchFailed("too-large")
        media_type = received.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        return Fetched(answer.status, media_type, bytes(body))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._given_tls or ssl.create_default_context()


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    default = {"http": 80, "https": 443}[target.scheme]
    return host if target.port == default else f"{host}:{target.port}"


_: type[Fetcher] = Egress
