"""Signs the report for machines with a seal (XAdES baseline B-B, ETSI EN 319 132-1 §6): a use of that seal like any
other, under a grant, counted, and in the ledger before it leaves the house.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from lxml import etree

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database
from core.ids import new_id
from core.principal import Principal
from keys.ports import KeyProvider
from keys.trust.xml_signature import sign_xml
from signing.errors import SealNotActive, SealNotGranted, SealUsesSpent
from signing.model import Seal, SealGrant, SealStatus, SignatureRecord
from signing.policy import grants_for
from signing.ports import SealStore
from signing.refusals import refusals_on_record
from signing.reports.model import Report

LEVEL = "XAdES-B-B"


class SealXml:
    """Seals one XML document of ours; never one of a stranger."""

    def __init__(self, database: Database, store: SealStore, keys: KeyProvider, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._clock = clock

    async def __call__(self, document: bytes, *, seal_id: str, actor: Principal, document_class: str) -> Report:
        """
        Raises:
            SealNotGranted, SealNotActive, SealUsesSpent
            core.errors.Unavailable: the key does not answer; nothing was signed.
        """
        async with refusals_on_record(self._database, "seal.use", actor, subject=seal_id):
            seal, grants = await self._granted(seal_id, actor, document_class)
            signed_at = self._clock.now().replace(microsecond=0)
            root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
            signer = self._keys.signer(seal.key_purpose)
            content = await sign_xml(root, signer, seal.certificate, signed_at, chain=seal.certificates[1:])
            record = SignatureRecord(
                id=new_id(self._clock, "sig"),
                seal_id=seal.id,
                actor_kind=actor.kind.value,
                actor_id=actor.id,
                actor_organisation=actor.organisation,
                document_class=document_class,
                reason=None,
                digest_before=hashlib.sha256(document).hexdigest(),
                digest_after=hashlib.sha256(content).hexdigest(),
                level=LEVEL,
                signed_at=signed_at,
                certificate=hashlib.sha256(seal.certificate).hexdigest(),
            )
            await self._enter(record, grants, actor)
        return Report(content, record.id, LEVEL)

    async def _granted(self, seal_id: str, actor: Principal, document_class: str) -> tuple[Seal, list[SealGrant]]:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
            given = await self._store.grants_of(tx, seal_id) if seal else []
        today = calendar_day(self._clock.now())
        grants = grants_for(actor, seal, given, document_class=document_class, today=today) if seal else []
        usable = [grant for grant in grants if not grant.approval]
        if seal is None or not usable:
            raise SealNotGranted
        if seal.status is not SealStatus.ACTIVE:
            raise SealNotActive
        return seal, usable

    async def _enter(self, record: SignatureRecord, grants: list[SealGrant], actor: Principal) -> None:
        async with self._database.write() as tx:
            for grant in grants:
                if await self._store.count_use(tx, grant.id):
                    break
            else:
                raise SealUsesSpent
            # the seal must be active at this very moment
            if not await self._store.add_signature(tx, replace(record, grant_id=grant.id)):
                raise SealNotActive
            detail: dict[str, str | int | bool | None] = {
                "signature": record.id,
                "grant": grant.id,
                "class": record.document_class,
                "before": record.digest_before,
                "after": record.digest_after,
                "level": record.level,
            }
            tx.audit(AuditEvent("seal.use", "done", actor, subject=record.seal_id, detail=detail))
            await tx.commit()
