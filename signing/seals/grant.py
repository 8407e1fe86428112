"""Grants the use of a seal, and takes it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import InvalidInput
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from core.text import Text
from signing.errors import SealGrantNotFound, SealNotActive, SealNotFound, SealNotYours, SealSecondPerson
from signing.lifecycle import ENDED
from signing.model import GranteeKind, GrantForm, Seal, SealGrant, SealKind
from signing.policy import may_approve, may_manage
from signing.ports import SealStore
from signing.refusals import refusals_on_record

MAX_USES = 10_000_000


@dataclass(frozen=True, slots=True)
class GrantSealCommand:
    """A right to give.

    Attributes:
        valid_from, valid_to: calendar days, both included.
        max_uses: how often it may be used; None for any number.
        approval: each use needs a second person's approval.
        form: what the holder hands in.
    """

    seal_id: str
    grantee_kind: GranteeKind
    grantee: str
    document_classes: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date
    actor: Principal
    max_uses: int | None = None
    approval: bool = False
    form: GrantForm = GrantForm.DOCUMENT


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
            SealSecondPerson: nobody gives themselves a seal.
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
            max_uses=command.max_uses,
            approval=command.approval,
            form=command.form,
        )
        async with (
            refusals_on_record(self._database, "seal.grant", command.actor, subject=command.seal_id),
            self._database.write() as tx,
        ):
            seal = await self._store.seal(tx, command.seal_id)
            if seal is None:
                raise SealNotFound
            if not may_manage(command.actor, seal.organisation):
                raise SealNotYours
            if _to_oneself(command):
                raise SealSecondPerson
            if seal.status in ENDED:
                raise SealNotActive
            _check_bearer(command, seal)
            await self._store.add_grant(tx, grant)
            detail: dict[str, str | int | bool | None] = {
                "grant": grant.id,
                "grantee_kind": grant.grantee_kind.value,
                "classes": ",".join(grant.document_classes)[:200],
                "from": grant.valid_from.isoformat(),
                "to": grant.valid_to.isoformat(),
                "max_uses": grant.max_uses,
                "approval": grant.approval,
                "form": grant.form.value,
            }
            tx.audit(AuditEvent("seal.grant", "done", command.actor, subject=seal.id, detail=detail))
            await tx.commit()
        return grant


class EndGrant:
    """Takes a grant back: once this has answered, no file leaves under it."""

    def __init__(self, database: Database, store: SealStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def __call__(self, grant_id: str, *, actor: Principal) -> SealGrant:
        """The grant; taking it back again changes nothing.

        Raises:
            SealGrantNotFound
            SealNotYours: neither the custodian nor the reviewer of the seal's owner.
        """
        async with (
            refusals_on_record(self._database, "seal.grant-end", actor, subject=grant_id),
            self._database.write() as tx,
        ):
            grant = await self._store.grant(tx, grant_id)
            seal = await self._store.seal(tx, grant.seal_id) if grant else None
            if grant is None or seal is None:
                raise SealGrantNotFound
            if not may_manage(actor, seal.organisation) and not may_approve(actor, seal.organisation):
                raise SealNotYours
            if await self._store.end_grant(tx, grant_id, by=actor.id[:128], at=self._clock.now()):
                tx.audit(AuditEvent("seal.grant-end", "done", actor, subject=seal.id, detail={"grant": grant_id}))
            ended = await self._store.grant(tx, grant_id)
            await tx.commit()
        assert ended is not None
        return ended


def _to_oneself(command: GrantSealCommand) -> bool:
    """Whether staff would hold what they give: by their account, or by a role of theirs."""
    actor = command.actor
    if actor.kind is not PrincipalKind.STAFF:
        return False
    if command.grantee_kind is GranteeKind.ROLE:
        return command.grantee in actor.roles
    return command.grantee_kind is GranteeKind.ACCOUNT and command.grantee == actor.id


def _check_bearer(command: GrantSealCommand, seal: Seal) -> None:
    to_bearer = command.grantee_kind is GranteeKind.ACCOUNT and command.grantee == seal.bearer
    if seal.kind is SealKind.PERSONAL and not to_bearer:
        raise InvalidInput(
            "grant-bearer",
            Text("个人签名章只能由本人使用。", "Nobody but its bearer uses a personal seal."),
            field="grantee",
        )


def _check(command: GrantSealCommand) -> None:
    if command.form is GrantForm.HASH and command.approval:
        raise InvalidInput(
            "grant-form-approval",
            Text(
                "哈希值看不出文件，没法逐次审批；要审批请授权“只送摘要”。",
                "A hash tells nothing to approve of. Grant digests where each use needs an approval.",
            ),
            field="approval",
        )
    classes = command.document_classes
    if (
        not classes
        or len(classes) > 32
        or not all(1 <= len(name) <= 64 and name.isascii() for name in classes)
        or not 1 <= len(command.grantee) <= 128
        or command.valid_to < command.valid_from
        or not (command.max_uses is None or 1 <= command.max_uses <= MAX_USES)
    ):
        raise InvalidInput(
            "grant-invalid",
            Text(
                "授权要写明给谁、哪几类文件、从哪天到哪天（截止日不早于起始日）；限次数的至少一次。",
                "A grant names the grantee, the document classes and the days; it cannot end before it begins, and "
                "a limit is at least one use.",
            ),
        )
