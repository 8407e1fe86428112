"""What one kind of fetch may do: schemes, ports, hosts, bounds. Rules are data, made once by the wiring."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

import idna

from core.egress.networks import Address

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HostList:
    """Hosts by name (`ocsp.example.cn`), by suffix (`.example.cn`: the names below it), or by network (CIDR)."""

    names: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[str]) -> Self:
        """
        Raises:
            ValueError: an entry is no host name, suffix or network.
        """
        names: set[str] = set()
        suffixes: list[str] = []
        networks: list[IPv4Network | IPv6Network] = []
        for entry in (one.strip().lower() for one in entries):
            try:
                if "/" in entry or ":" in entry or entry.replace(".", "").isdigit():
                    networks.append(ip_network(entry))
                elif entry.startswith("."):
                    suffixes.append(f".{_name(entry[1:])}")
                else:
                    names.add(_name(entry))
            except ValueError:
                message = f"{entry!r} is no host name, suffix (.example.cn) or network (10.0.0.0/8)"
                raise ValueError(message) from None
        return cls(frozenset(names), tuple(suffixes), tuple(networks))

    def names_host(self, host: str) -> bool:
        """Whether the list has this name (lower case, ASCII)."""
        return host in self.names or host.endswith(self.suffixes)

    def holds(self, address: Address) -> bool:
        """Whether one of the list's networks holds the address."""
        return any(address.version == network.version and address in network for network in self.networks)


def _name(name: str) -> str:
    """A host name as addresses are compared: by the same rules that read them (`core.egress.address`).

    Raises:
        ValueError: no host name.
    """
    if not all(part.replace("-", "").isalnum() for part in name.split(".")):
        raise ValueError("no host name")
    return name if name.isascii() else idna.encode(name, uts46=True).decode()


NO_HOSTS = HostList()


@dataclass(frozen=True, slots=True)
class EgressRules:
    """What a fetch may do.

    Attributes:
        schemes: `http`, `https`.
        ports: ports that may be called.
        only: the only hosts that may be called; None for any public one. Nothing at all with an empty list.
        inside: hosts and networks of the operator's own that may be called although they are not public.
        seconds: for one fetch in all: look-up, connection, answer.
        most_bytes: of an answer's body.
        at_once: fetches from one host at the same time; further ones wait, within their own time.
    """

    schemes: frozenset[str] = frozenset({"https"})
    ports: Container[int] = frozenset({80, 443})
    only: HostList | None = None
    inside: HostList = NO_HOSTS
    seconds: float = 3.0
    most_bytes: int = MIB
    at_once: int = 4

    def offline(self) -> EgressRules:
        """The same rules, and no host to call."""
        return replace(self, only=NO_HOSTS)
