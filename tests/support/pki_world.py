"""The certificate authority over a real key ring, for tests: every worker of it, in development."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from api.wiring.keys import KeysServices
from api.wiring.pki import PkiServices, build_pki
from core.clock import Clock
from keys.keyring import KeyRing
from keys.stores.sql import SqlKeyStore
from keys.x509.settings import PkiSettings
from tests.unit.keys.rings import software_ring

CITY = "示范市"
PKI_URL = "http://pki.example.gov.cn"


@dataclass(frozen=True)
class _Keys:
    """What `build_pki` uses of `KeysServices`."""

    ring: KeyRing
    store: SqlKeyStore


async def pki_of(ring: KeyRing, store: SqlKeyStore, clock: Clock, **changes: Any) -> PkiServices:
    """The certificate authority of one worker over its ring, without making anything."""
    settings = PkiSettings(**({"url": PKI_URL, "city": CITY, "production": False} | changes))
    return await build_pki(cast(KeysServices, _Keys(ring, store)), clock, settings)


async def development_pki(ring: KeyRing, store: SqlKeyStore, clock: Clock, **changes: Any) -> PkiServices:
    """The same with the development authorities made."""
    pki = await pki_of(ring, store, clock, **changes)
    await pki.ensure_development()
    return pki


@asynccontextmanager
async def pki_worker(folder: Path, clock: Clock, **changes: Any) -> AsyncIterator[PkiServices]:
    """A worker on the key store in `folder`; call again for a second one or a restart."""
    async with software_ring(folder, clock) as (ring, store):
        yield await development_pki(ring, store, clock, **changes)
