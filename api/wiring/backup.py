"""Chooses the concrete stores that are backed up and restored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.backup.model import Signature
from api.backup.ports import KeyStoreTarget, ManifestSigner, OpenedKeys, Sources, Target
from api.backup.tables import Tables
from api.migrations.tables import ALL_TABLES
from api.settings import Settings
from api.wiring.ground import open_blobs, open_kv
from api.wiring.keys import KeysServices, build_keys
from api.wiring.master_key import read_master_key
from api.wiring.pki import build_pki
from core.clock import Clock
from core.db.database import Database
from core.db.engine import create_engine
from core.errors import AppError
from idp.stores.restored import end_everything
from keys.archive.runs import RunStore
from keys.errors import KeyStateConflict, SignatureRefused
from keys.key_wrap import KeyWrap
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.secrets.purposes import ACCESS_TOKENS
from keys.spec import KeyState, SignatureAlgorithm, Use
from keys.stores.backup_runs import SqlRunStore
from keys.stores.reencryption import SqlDiscardList
from keys.stores.restored import jump_ahead
from keys.stores.restoring import KeyStoreRestore, take_inventory
from keys.stores.sql import open_key_store
from keys.stores.tables import key_metadata
from keys.verification import check_signature
from keys.x509.settings import PkiSettings

STATEMENT = "statement.backup"
SIGNED_TOKENS = "oidc.es256"  # the key that signs access tokens

TABLES = Tables(ALL_TABLES, key_metadata)
RUNS: RunStore = SqlRunStore()
_store: type[KeyStoreTarget] = KeyStoreRestore


class RingSigner:
    """Implements `ManifestSigner`; makes the key when it is not there yet."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def prepare(self) -> None:
        await self._signer()

    async def sign(self, content: bytes) -> Signature:
        signer = await self._signer()
        value = await asyncio.to_thread(signer.sign, content)
        return Signature(signer.key_id, signer.algorithm.value, value)

    async def _signer(self) -> Signer:
        if not self._ring.verification_keys(STATEMENT):
            try:
                return await self._ring.create(STATEMENT, SignatureAlgorithm.ES256)
            except KeyStateConflict:  # another process was faster
                await self._ring.refresh()
        return self._ring.signer(STATEMENT)


class RestoredKeys:
    """Implements `OpenedKeys` over the services of a key store."""

    def __init__(self, services: KeysServices, clock: Clock, pki: PkiSettings) -> None:
        self._services = services
        self._clock = clock
        self._pki = pki

    def missing(self, key_ids: Sequence[str]) -> Sequence[str]:
        held = {record.key_id for record in self._services.ring.records()}
        return [key_id for key_id in key_ids if key_id not in held]

    def holds(self, content: bytes, signature: Signature) -> bool:
        for key in self._services.ring.verification_keys(STATEMENT):
            if key.key_id == signature.key_id and key.algorithm.value == signature.algorithm:
                try:
                    check_signature(
                        key.public_key,
                        key.algorithm,
                        signature.value,
                        content,
                        use=Use.STATEMENT,
                        at=self._clock.now(),
                    )
                except SignatureRefused:
                    return False
                return True
        return False

    async def end_tokens(self) -> None:
        ring = self._services.ring
        await self._end(SIGNED_TOKENS, [(key.key_id, key.state) for key in ring.verification_keys(SIGNED_TOKENS)])
        await self._end(ACCESS_TOKENS, [(key.key_id, key.state) for key in ring.accepted(ACCESS_TOKENS)])

    async def _end(self, purpose: str, before: Sequence[tuple[str, KeyState]]) -> None:
        ring, states = self._services.ring, {state for _, state in before}
        if KeyState.ACTIVE not in states:
            return
        if KeyState.NEXT not in states:
            await ring.prepare_next(purpose)
        await ring.rotate(purpose, at_once=True)
        for key_id, state in before:
            if state is not KeyState.NEXT:
                await ring.retire(key_id)

    async def authority_stands(self) -> bool | None:
        records = [record for record in self._services.ring.records() if record.purpose.startswith("ca.")]
        active = {record.key_id for record in records if record.state is KeyState.ACTIVE}
        if not active:
            return None
        found = await build_pki(self._services, self._clock, self._pki)
        return active <= {authority.key_id for authority in found.authorities.all()}

    async def close(self) -> None:
        await self._services.close()


_signer: type[ManifestSigner] = RingSigner
_keys: type[OpenedKeys] = RestoredKeys


@dataclass(frozen=True)
class LiveStores:
    """The live stores, and the master key that their backups are locked under."""

    sources: Sources
    master_key: bytes


@asynccontextmanager
async def live_stores(settings: Settings, clock: Clock, *, version: str) -> AsyncIterator[LiveStores]:
    """Open everything that is backed up.

    Raises:
        core.errors.AppError: the master key or a store cannot be used.
    """
    keys = await build_keys(settings.keys, clock)
    database = Database(create_engine(settings.database.url, pool_size=3), clock)
    blobs = open_blobs(settings.blobs)
    key_engine = create_engine(settings.keys.store_url, pool_size=1)
    try:
        sources = Sources(
            issuer=settings.issuer,
            made_by=version,
            clock=clock,
            database=database,
            key_engine=key_engine,
            take_inventory=take_inventory,
            blobs=blobs,
            hold_documents=SqlDiscardList().hold,
            tables=TABLES,
            runs=RUNS,
            signer=RingSigner(keys.ring),
        )
        yield LiveStores(sources, read_master_key(settings.keys))
    finally:
        await key_engine.dispose()
        await blobs.close()
        await keys.close()
        await database.close()


@asynccontextmanager
async def empty_target(settings: Settings, clock: Clock, *, rehearsal: bool = False) -> AsyncIterator[Target]:
    """The stores that the settings name, to restore into."""
    database = Database(create_engine(settings.database.url, pool_size=2), clock)
    key_store = KeyStoreRestore(settings.keys.store_url)
    blobs, kv = open_blobs(settings.blobs), open_kv(settings.kv, clock)
    master_key = master_key_at_hand(settings)

    async def open_keys() -> OpenedKeys:
        return RestoredKeys(await build_keys(settings.keys, clock), clock, settings.pki)

    try:
        yield Target(
            issuer=settings.issuer,
            clock=clock,
            database=database,
            key_store=key_store,
            blobs=blobs,
            tables=TABLES,
            runs=RUNS,
            open_keys=open_keys,
            master_key_check=KeyWrap(master_key).check if master_key else None,
            clear_short_lived=kv.clear,
            end_everything=(end_everything,),
            jump_ahead=(jump_ahead,),
            rehearsal=rehearsal,
        )
    finally:
        await kv.close()
        await blobs.close()
        await key_store.close()
        await database.close()


def master_key_at_hand(settings: Settings) -> bytes | None:
    """The master key of the settings; None when there is none.

    Raises:
        core.errors.AppError: there is one, and it cannot be used.
    """
    try:
        return read_master_key(settings.keys)
    except AppError as error:
        if error.code == "master-key-missing":
            return None
        raise


async def key_store_in_use(settings: Settings) -> bool:
    """Whether a key store was made where the settings say."""
    store = open_key_store(settings.keys.store_url)
    try:
        return await store.in_use()
    finally:
        await store.close()
