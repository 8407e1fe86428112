"""What a provider publishes about itself: metadata and keys, checked, remembered, asked for again when they change.

OpenID Connect Discovery 1.0 §3, §4.3; RFC 8414 §3.3; RFC 9126 §5; RFC 9207 §3; OpenID Connect Core §10.1.1 (rotation).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from core.clock import Clock
from idp.upstream.errors import UpstreamUnavailable
from idp.upstream.model import Provider
from idp.upstream.transport import JWKS, Transport
from keys.errors import KeyRefused
from keys.jose.jwk_set import JwkSet, read_jwk_set

METADATA_FOR = dt.timedelta(hours=1)
KEYS_FOR = dt.timedelta(minutes=10)
USABLE_FOR = dt.timedelta(hours=24)
"""How long a document is used that could not be fetched again meanwhile."""

PAUSE = dt.timedelta(seconds=15)
"""Between two fetches of one document at least, whatever tokens come by (Core §10.1.1)."""

_MOST_REMEMBERED = 200
_REQUIRED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_OPTIONAL = ("userinfo_endpoint", "pushed_authorization_request_endpoint", "end_session_endpoint")
Document = TypeVar("Document")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we use of a provider's metadata."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    pushed_authorization_request_endpoint: str | None
    end_session_endpoint: str | None
    names_issuer: bool  # authorization_response_iss_parameter_supported (RFC 9207 §3)


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Document]):
    document: Document | None
    fetched_at: dt.datetime
    tried_at: dt.datetime


class _Shelf(Generic[Document]):
    """Documents by address; one fetch at a time for each."""

    def __init__(self, clock: Clock, fresh_for: dt.timedelta) -> None:
        self._clock = clock
        self._fresh_for = fresh_for
        self._kept: dict[str, _Kept[Document]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(
        self, provider: Provider, address: str, fetch: Callable[[], Awaitable[Document]], *, anew: bool = False
    ) -> Document:
        async with self._lock(address):
            now, kept = self._clock.now(), self._kept.get(address)
            document = kept.document if kept is not None and now - kept.fetched_at < USABLE_FOR else None
            if kept is not None:
                fresh = document is not None and now - kept.fetched_at < self._fresh_for and not anew
                if fresh or now - kept.tried_at < PAUSE:
                    return _there(provider, document)
            try:
                document = await fetch()
                self._kept[address] = _Kept(document, now, now)
            except UpstreamUnavailable:
                self._kept[address] = _Kept(document, kept.fetched_at if kept else now, now)
                if document is None:
                    raise
            return document

    def _lock(self, address: str) -> asyncio.Lock:
        if address not in self._locks and len(self._locks) >= _MOST_REMEMBERED:
            self._locks.clear()
            self._kept.clear()
        return self._locks.setdefault(address, asyncio.Lock())


class Documents:
    """Metadata and keys of providers, in this process.

    Args:
        secure: True where only https counts.
    """

    def __init__(self, transport: Transport, clock: Clock, *, secure: bool) -> None:
        self._transport = transport
        self._secure = secure
        self._metadata: _Shelf[Metadata] = _Shelf(clock, METADATA_FOR)
        self._keys: _Shelf[JwkSet] = _Shelf(clock, KEYS_FOR)

    async def metadata(self, provider: Provider) -> Metadata:
        """
        Raises:
            UpstreamUnavailable: not to be had, or not as it should be.
        """
        address = f"{provider.issuer.removesuffix('/')}/.well-known/openid-configuration"  # Discovery §4

        async def fetch() -> Metadata:
            return self._read(provider, await self._transport.get(provider, address))

        return await self._metadata.get(provider, address, fetch)

    async def keys(self, provider: Provider, *, anew: bool = False) -> JwkSet:
        """
        Args:
            anew: a key was asked for that the known set does not have.

        Raises:
            UpstreamUnavailable: not to be had, or no JWK Set.
        """
        address = (await self.metadata(provider)).jwks_uri

        async def fetch() -> JwkSet:
            content = await self._transport.get(provider, address, media_types=JWKS)
            try:
                return read_jwk_set(content)
            except KeyRefused as refused:
                raise UpstreamUnavailable(provider.name, private=refused.private) from None

        return await self._keys.get(provider, address, fetch, anew=anew)

    def _read(self, provider: Provider, found: dict[str, Any]) -> Metadata:
        if found.get("issuer") != provider.issuer:  # Discovery §4.3: MUST exactly match
            raise UpstreamUnavailable(provider.name, private="metadata names another issuer")
        addresses = {name: found.get(name) for name in (*_REQUIRED, *_OPTIONAL)}
        for name, address in addresses.items():
            if address is None and name in _OPTIONAL:
                continue
            if not isinstance(address, str) or not self._acceptable(address):
                raise UpstreamUnavailable(provider.name, private=f"metadata: {name}")
        return Metadata(names_issuer=found.get("authorization_response_iss_parameter_supported") is True, **addresses)  # type: ignore[arg-type]  # checked above

    def _acceptable(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        allowed = ("https",) if self._secure else ("https", "http")
        plain = address.isascii() and address.isprintable() and not any(c in " \"'<>\\;," for c in parts.netloc)
        return (
            parts.scheme in allowed
            and bool(parts.hostname)
            and not parts.fragment
            and "@" not in parts.netloc
            and plain
        )


def _there(provider: Provider, document: Document | None) -> Document:
    if document is None:
        raise UpstreamUnavailable(provider.name, private="asked a moment ago")
    return document
