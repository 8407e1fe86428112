"""Reads an address strictly and judges it, before anything is looked up (RFC 3986 §3; attacks O-19).

One reading only: whatever two parsers could read in two ways (user information, backslashes, control characters,
IPv4 in octal, hexadecimal or with fewer than four parts) is refused, not repaired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

import idna

from core.egress.errors import AddressRefused
from core.egress.networks import Address, is_never_reached, is_public
from core.egress.rules import EgressRules

_LONGEST = 2048
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PATH = re.compile(r"[!-~]*")


@dataclass(frozen=True, slots=True)
class Target:
    """An address that the rules allow as far as it can be told from its text.

    Attributes:
        host: lower-case ASCII name, or the canonical text of an IP address without brackets.
        literal: the IP address if the host is one.
        path: path and query, as they are sent.
    """

    scheme: str
    host: str
    port: int
    path: str
    literal: Address | None


def read_target(url: str, rules: EgressRules) -> Target:
    """
    Raises:
        AddressRefused: `malformed`, `scheme`, `user-info`, `port`, `host-form`, `not-listed` or `inside`.
    """
    if not 0 < len(url) <= _LONGEST or "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        raise AddressRefused("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("malformed") from None
    if parts.scheme not in rules.schemes or parts.scheme not in _PORTS:
        raise AddressRefused("scheme")
    if "@" in parts.netloc:
        raise AddressRefused("user-info")
    port = _PORTS[parts.scheme] if port is None else port
    if port not in rules.ports:
        raise AddressRefused("port")
    host, literal = _host(parts)
    if literal is not None:
        check_addresses(host, [literal], rules)
    elif rules.only is not None and not rules.only.names_host(host):
        raise AddressRefused("not-listed")
    return Target(parts.scheme, host, port, _path(parts), literal)


def check_addresses(host: str, addresses: list[Address], rules: EgressRules) -> None:
    """Every address must be allowed: a name that also leads inside is not called at all.

    Raises:
        AddressRefused: `not-listed` or `inside`.
    """
    listed = rules.inside.names_host(host)
    by_name = rules.only is None or rules.only.names_host(host)
    for address in addresses:
        if not by_name and not (rules.only is not None and rules.only.holds(address)):
            raise AddressRefused("not-listed")
        if is_public(address) or rules.inside.holds(address):
            continue
        if not listed or is_never_reached(address):
            raise AddressRefused("inside")


def _host(parts: SplitResult) -> tuple[str, Address | None]:
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        try:
            address = IPv6Address(host)
        except AddressValueError:
            raise AddressRefused("host-form") from None
        if address.scope_id is not None:
            raise AddressRefused("host-form")
        return str(address), address
    name = _ascii(host)
    labels = name.removesuffix(".").split(".")
    if _NUMERIC.fullmatch(labels[-1]):  # by the URL standard such a host is an IPv4 address or nothing
        try:
            literal = IPv4Address(name)  # four decimal parts without leading zeros
        except AddressValueError:
            raise AddressRefused("host-form") from None
        return str(literal), literal
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("host-form")
    return ".".join(labels), None


def _ascii(host: str) -> str:
    """Lower-case ASCII; full-width digits, ideographic full stops and the like become what they stand for."""
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise AddressRefused("host-form") from None


def _path(parts: SplitResult) -> str:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.startswith("/") or not _PATH.fullmatch(path):
        raise AddressRefused("malformed")
    return path
