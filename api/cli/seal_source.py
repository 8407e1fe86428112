"""What a seal is made of besides its words: a scanned impression, a key on a device, a key in a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from api.routes.signing.seal_orders import height_of
from api.wiring.container import Container
from core.principal import SYSTEM
from keys.pkcs12 import CarriedKey, read_pkcs12
from signing.appearance.drawn import DEFAULT_HEIGHT
from signing.appearance.official_seal import SealShape
from signing.seals.order import SealOrder
from signing.seals.workshop import KeySource

WARNING = (
    "warning: this key was outside; whoever had the file may still have it. It lives in memory here, sealed under the "
    "master key. Prefer a key that is made here or on a device."
)


@dataclass(frozen=True, slots=True)
class SealSource:
    """
    Attributes:
        scan: a PNG, JPEG or WebP file with the impression; `is_round` says whether it is a circle.
        pkcs12: content of a PKCS #12 file with the key, and what opens it.
    """

    scan: Path | None = None
    is_round: bool = True
    backend: str | None = None
    key_uri: str | None = None
    pkcs12: bytes | None = field(default=None, repr=False)
    passphrase: str = field(default="", repr=False)

    def key(self) -> tuple[KeySource, CarriedKey | None]:
        """
        Raises:
            core.errors.InvalidInput: `pkcs12-unreadable`, `key-refused`.
        """
        if self.pkcs12 is None:
            return KeySource(self.backend, self.key_uri), None
        carried = read_pkcs12(self.pkcs12, self.passphrase)
        return KeySource(private=carried.private), carried


async def with_scan(service: Container, order: SealOrder, source: SealSource, height: float | None) -> SealOrder:
    """The order with its height, and with the impression if there is one.

    Raises:
        SealInvalid: `seal-scan-…`.
    """
    if source.scan is None:
        return replace(order, diameter_mm=height or DEFAULT_HEIGHT[order.shape])
    scan = await service.signing.read_scan(source.scan.read_bytes(), is_round=source.is_round)
    high = height or height_of(scan, scan.measured_mm) or DEFAULT_HEIGHT[SealShape.SCAN]
    return replace(order, shape=SealShape.SCAN, scan=scan.ink, diameter_mm=high)


async def with_chain(service: Container, seal_id: str, carried: CarriedKey | None) -> list[str]:
    """Give a seal that is in use the certificate that came with its key; what to say about it."""
    if carried is None:
        return []
    if len(carried.chain) < 2:
        return [WARNING, f"its certificate is ours; give it another one with: yizheng seal certify {seal_id} CHAIN"]
    await service.signing.take_over_certificate(seal_id, carried.chain, actor=SYSTEM)
    return [WARNING, "its certificate is the one that came with the key"]
