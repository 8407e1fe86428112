"""What the proxies in front of us say of a connection, believed only where it comes from them (attacks O-41, O-47).

The client's address and scheme (`X-Forwarded-*`), and the certificate that a TLS client has shown (RFC 9440).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from keys.trust.peer import read_forwarded_certificate

CERTIFICATE = "yizheng.client_certificate"
"""Where the ASGI scope has the client's certificate, as DER."""

ISSUERS = "yizheng.client_certificate_issuers"
"""Where it has those that came along."""

ANYBODY = "*"
_MOST_ISSUERS = 5
_log = logging.getLogger(__name__)


def behind_proxies(app: ASGIApp, *, trusted: str, certificate_header: str) -> ASGIApp:
    """The application as it is served: the sender of the connection is looked at before anything replaces it.

    Args:
        trusted: addresses and networks of the proxies, separated by commas; `*` for any.
        certificate_header: empty where no proxy hands certificates on.
    """
    inner = _Forwarded(app, trusted)
    return ForwardedCertificate(inner, certificate_header, trusts(trusted)) if certificate_header else inner


class _Forwarded:
    """uvicorn's own reading of `X-Forwarded-*`, for requests that have any of them."""

    def __init__(self, app: ASGIApp, trusted: str) -> None:
        self._app = app
        self._forwarded: ASGIApp = ProxyHeadersMiddleware(app, trusted_hosts=trusted)  # type: ignore[arg-type,assignment]  # uvicorn has ASGI types of its own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name.startswith(b"x-forwarded-") for name, _ in scope["headers"]):
            await self._forwarded(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class ForwardedCertificate:
    """ASGI middleware: puts the certificate of a TLS client into the scope, if a trusted proxy names it."""

    def __init__(self, app: ASGIApp, header: str, trusted: Callable[[str], bool]) -> None:
        self.app = app
        self._header = header.lower().encode("ascii")
        self._chain = self._header + b"-chain"  # RFC 9440 §2.2
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            named = [value for name, value in scope["headers"] if name == self._header]
            sender = scope.get("client")
            if named and sender is not None and self._trusted(sender[0]):
                scope[CERTIFICATE] = _read(named)
                scope[ISSUERS] = _read_chain([value for name, value in scope["headers"] if name == self._chain])
        await self.app(scope, receive, send)


def trusts(entries: str) -> Callable[[str], bool]:
    """Whether an address is one of the proxies'.

    Raises:
        ValueError: an entry is neither an address nor a network.
    """
    if entries.strip() == ANYBODY:
        return lambda _sender: True
    networks = [ip_network(one.strip()) for one in entries.split(",") if one.strip()]

    def one_of_them(sender: str) -> bool:
        try:
            address = ip_address(sender)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return one_of_them


def _read(values: list[bytes]) -> bytes | None:
    """The certificate; None where the client has shown none. One that cannot be read proves nothing."""
    if values == [b""]:
        return None
    try:
        (value,) = values
        return read_forwarded_certificate(value.decode("ascii"))
    except ValueError as error:
        _log.warning("the proxy named a client certificate that cannot be read: %s", error)
        return None


def _read_chain(values: list[bytes]) -> tuple[bytes, ...]:
    """The list that RFC 9440 §2.2 describes, without what cannot be read: it only helps, and proves nothing."""
    found = []
    for one in b",".join(values).decode("latin-1").split(",")[:_MOST_ISSUERS]:
        with contextlib.suppress(ValueError):
            found.append(read_forwarded_certificate(one.strip()))
    return tuple(found)
