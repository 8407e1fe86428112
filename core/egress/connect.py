"""Connects to addresses that were judged before, never to a name: between check and connection no look-up happens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

import httpcore
from httpcore import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

from core.egress.networks import Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks a host name up; answers IP addresses as text."""

_MOST_TRIED = 3


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """The resolver of the operating system, in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedBackend(AsyncNetworkBackend):
    """Opens connections to fixed addresses, in their order; the host name serves for Host and TLS only."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses[:_MOST_TRIED]
        self._backend = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            checked = str(ip_address(address))  # digits only: nothing to look up
            try:
                return await self._backend.connect_tcp(checked, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
