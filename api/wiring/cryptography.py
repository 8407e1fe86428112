"""What a deployment's cryptography is, as it is found: for those who compare it with what an assessment asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.settings import Settings
from api.wiring.keys import KeysServices
from core.audit.chain import ChainDigest
from core.audit.sql import read_change, read_digest, read_head
from core.db.database import Database
from keys.libcrypto import library
from keys.master_key import master_key_text, wrapping_uri
from keys.ports import KeyRecord
from keys.profile import Profile
from keys.tsa.settings import LOCAL
from signing.stores.national import count_profiles


@dataclass(frozen=True, slots=True)
class CryptographyFacts:
    """
    Attributes:
        library: the version of the system's libcrypto; None where it has no SM2.
        records: all keys that are not retired.
        digest: by which the audit log's next row is chained.
        change: number of the row from which on it is by SM3; None while it is by SHA-256.
        rows: of the audit log.
        seals: how many seals in use there are, by the forms that they have.
        wrapped: the key of a device that locks the master key; None for one in plain.
        own_tls: this process answers TLS itself.
        own_timestamps: time-stamps come from our own authority too.
        clock: how the clock of time-stamps is looked at, `kernel` or `unchecked`.
    """

    profile: Profile
    library: str | None
    records: Sequence[KeyRecord]
    digest: ChainDigest
    change: int | None
    rows: int
    seals: Mapping[Profile, int]
    wrapped: str | None
    own_tls: bool
    own_timestamps: bool
    clock: str


async def cryptography_facts(settings: Settings, database: Database, keys: KeysServices) -> CryptographyFacts:
    """Looked at once; nothing is changed."""
    async with database.read() as tx:
        digest, change = await read_digest(tx.connection), await read_change(tx.connection)
        rows, _ = await read_head(tx.connection)
        seals = await count_profiles(tx)
    return CryptographyFacts(
        profile=settings.profile,
        library=library.version() if library.available() else None,
        records=keys.ring.records(),
        digest=digest,
        change=change,
        rows=rows,
        seals=seals,
        wrapped=wrapping_uri(master_key_text(settings.keys)),
        own_tls=settings.tls_certificate_file is not None,
        own_timestamps=any(service.url == LOCAL for service in settings.tsa.services),
        clock=settings.tsa.clock,
    )
