"""What counts as one source of tries."""

from __future__ import annotations

import hashlib
import ipaddress


def source_of(address: str) -> str:
    """An IPv4 address, or the /64 that an IPv6 customer has to themself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return hashed(address.encode())
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def hashed(subject: bytes, place: str = "") -> str:
    """A short name for keys of counters."""
    return hashlib.sha256(len(subject).to_bytes(2, "big") + subject + place.encode()).hexdigest()[:32]
