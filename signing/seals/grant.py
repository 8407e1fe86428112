"""Grants the use of a seal, and looks grants up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from signing.errors import SealNotActive, SealNotFound, SealNotYours
from signing.model import GranteeKind, SealGrant, SealStatus
from signing.policy import may_manage
from signing.ports import SealStore


@dataclass(frozen=True, slots=True)
class GrantSealCommand:
    """A right to give: `valid_from` and `valid_to` are calendar days, both included."""

    seal_id: str
    grantee_kind: GranteeKind
    grantee: str
    document_classes: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date
    actor: Principal


class GrantSeal:
    """Gives a client, an account or a role the use of a seal for classes of documents and a span of days."""

    def __init__(self, database: Database, store: SealStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def __call__(self, command: GrantSealCommand) -> SealGrant:
        """
        Raises:
            SealNotFound, SealNotYours, SealNotActive
            core.errors.InvalidInput: `grant-invalid`.
        """
        _check(command)
        grant = SealGrant(
            id=new_id(self._clock, "grant"),
            seal_id=command.seal_id,
            grantee_kind=command.grantee_kind,
            grantee=command.grantee,
            document_classes=command.document_classes,
            valid_from=command.valid_from,
            valid_to=command.valid_to,
            granted_by=command.actor.id[:128],
            created_at=self._clock.now(),
        )
        async with self._database.write() as tx:
            seal = await self._store.seal(tx, command.seal_id)
            if seal is None:
                raise SealNotFound
            if not may_manage(command.actor, seal.organisation):
                tx.audit(AuditEvent("seal.grant", "refused", command.actor, subject=seal.id))
                await tx.commit()
                raise SealNotYours
            if seal.status is SealStatus.REVOKED:
                raise SealNotActive
            await self._store.add_grant(tx, grant)
            detail: dict[str, str | int | bool | None] = {
                "grant": grant.id,
                "grantee_kind": grant.grantee_kind.value,
                "classes": ",".join(grant.document_classes)[:200],
                "from": grant.valid_from.isoformat(),
                "to": grant.valid_to.isoformat(),
            }
            tx.audit(AuditEvent("seal.grant", "done", command.actor, subject=seal.id, detail=detail))
            await tx.commit()
        return grant


def _check(command: GrantSealCommand) -> None:
    classes = command.document_classes
    if (
        not classes
        or len(classes) > 32
        or not all(1 <= len(name) <= 64 and name.isascii() for name in classes)
        or not 1 <= len(command.grantee) <= 128
        or command.valid_to < command.valid_from
    ):
        raise InvalidInput(
            "grant-invalid",
            Text(
                "授权要写明给谁、哪几类文件、从哪天到哪天（截止日不早于起始日）。",
                "A grant names the grantee, the document classes and the days; it cannot end before it begins.",
            ),
        )
