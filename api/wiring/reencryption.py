"""Puts re-encryption together: everything that the domains store under keys, in one list."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass

from api.wiring.ground import Ground
from certstore.stores.attachments import attachment_collection, attachment_documents
from certstore.stores.bulk_holders import part_documents
from certstore.stores.key_holders import licence_collections, licence_digests, licence_documents
from certstore.stores.own_key_holders import evidence_documents, holder_collections, share_digests
from idp.stores.factor_holders import factor_collections
from idp.stores.key_factor_holders import key_name_collections
from idp.stores.key_holders import people_collections, token_holders
from idp.stores.upstream_holders import upstream_collections
from keys.reencrypt.control import ReencryptionControl
from keys.reencrypt.documents import RemoveDiscarded
from keys.reencrypt.ports import Collection
from keys.reencrypt.run import Reencryption
from keys.reencrypt.target import SettledTarget
from keys.reencrypt.usage import StoredKeyUsage
from keys.secrets.vault import EncryptedVault
from keys.stores.reencryption import SqlDiscardList, SqlJobStore
from signing.stores.key_holders import batch_collections, batch_documents, request_documents, signature_documents

_BATCH = 50
_IDLE = 15.0  # seconds between two looks
_SWEEP = 300.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReencryptionServices:
    """What workers, the command line and pages use."""

    work: Reencryption
    control: ReencryptionControl
    usage: StoredKeyUsage
    discarded: RemoveDiscarded
    pause: float

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        return self.work.forever(pause=self.pause, idle=_IDLE), self._sweep()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP)
            try:
                await self.discarded()
            except Exception as error:  # whatever it is, the next look must come
                _log.warning("discarded documents could not be removed: %s", type(error).__name__)


def build_reencryption(ground: Ground) -> ReencryptionServices:
    """Compose on the service's ground."""
    database, clock, keys = ground.database, ground.clock, ground.keys
    secrets, jobs, discards = keys.secrets, SqlJobStore(), SqlDiscardList()
    vault = EncryptedVault(ground.blobs, secrets.fields.documents)
    documents = (
        licence_documents(database, vault, discards, clock),
        part_documents(database, vault, discards, clock),
        evidence_documents(database, vault, discards, clock),
        attachment_documents(database, vault, discards, clock),
        signature_documents(database, vault, discards, clock),
        request_documents(database, vault, discards, clock),
        batch_documents(database, vault, discards, clock),
    )
    collections: Sequence[Collection] = (
        *people_collections(database, secrets.fields.people, secrets.indexes.people),
        *upstream_collections(database, secrets.fields.people),
        *factor_collections(database, secrets.fields.people),
        *key_name_collections(database, secrets.fields.people),
        *licence_collections(database, secrets.fields.licences, secrets.indexes.licences),
        *holder_collections(database, secrets.fields.licences, secrets.indexes.licences),
        attachment_collection(database, secrets.fields.licences),
        *batch_collections(database, secrets.fields.documents),
        *documents,
    )
    # after this time a worker has heard of the keys, or uses none until it has
    settle = dt.timedelta(seconds=keys.settings.stale_seconds + keys.settings.known_seconds)
    target = SettledTarget(keys.ring.records, clock, settle)
    holders = (*collections, *token_holders(clock), *licence_digests(clock), *share_digests(clock))
    return ReencryptionServices(
        work=Reencryption(database, jobs, collections, target, clock, rows=_BATCH),
        control=ReencryptionControl(database, jobs, collections, clock),
        usage=StoredKeyUsage(database, keys.store.find, holders, clock),
        discarded=RemoveDiscarded(database, discards, vault, documents, clock),
        pause=_BATCH / ground.settings.reencrypt_per_second,
    )
