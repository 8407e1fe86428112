"""Addresses of a demo portal: what the demo city registers and what the portal serves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortalAddresses:
    """All absolute, below one path, so that each portal's cookies stay its own."""

    home: str
    callback: str
    backchannel_logout: str
    path: str


def portal_addresses(issuer: str, key: str) -> PortalAddresses:
    """The addresses of the portal `key` (`zwfw`, `housing`) of the service at `issuer`."""
    path = f"/demo/portals/{key}"
    base = f"{issuer}{path}"
    return PortalAddresses(f"{base}/", f"{base}/callback", f"{base}/backchannel-logout", path)
