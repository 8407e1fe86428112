"""A holder makes a share, looks at those that they made, and takes one back.

个人信息保护法 Art. 13–16: only what is chosen is shown, for a purpose that is named, and taking it back is one step.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import holds, identity_of, refusals_audited
from certstore.codes import HolderCode
from certstore.errors import LicenceNotFound
from certstore.face_titles import face_titles
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, Licence, LicenceType
from certstore.own_numbers import newest_first
from certstore.ports import HolderDirectory, HolderIdentity
from certstore.purpose import check_no_id_number
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.shares.errors import not_valid_now, share_not_found, too_many_shares
from certstore.shares.model import (
    CODE_ALPHABET,
    CODE_LENGTH,
    MOST_DAYS,
    MOST_PURPOSE,
    MOST_VIEWS,
    MadeShare,
    MyShare,
    Share,
    ShareState,
)
from certstore.shares.ports import ShareStore
from certstore.status import Status, status_today
from certstore.step_memory import StepMemory, memory_of
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.errors import InvalidInput
from core.ids import new_code, new_id
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from keys.ports import TokenDigests

MOST_OPEN = 20
USE = "licence-share"
OPENED = Text("持证人分享", "the holder's share")


@dataclass(frozen=True, slots=True)
class ShareCommand:
    """What to show, what for, how often and how long."""

    licence_id: str
    fields: Sequence[str]
    purpose: str = field(repr=False)
    views: int = 1
    days: int = 1
    idempotency_key: str | None = None  # the same key makes no second share, and answers with the same code


class Shares:
    """The use cases of the holder."""

    def __init__(
        self, repository: Repository, store: ShareStore, holders: HolderDirectory, digests: TokenDigests
    ) -> None:
        self._repository = repository
        self._store = store
        self._holders = holders
        self._digests = digests

    async def make(self, command: ShareCommand, actor: Principal) -> MadeShare:
        """
        Raises:
            NotPermitted: `person-needed`.
            NotFound: `licence-not-found`.
            InvalidInput: `share-fields-invalid`, `share-purpose-invalid`, `share-limits-invalid`, `purpose-personal`.
            Conflict: `licence-not-valid-now`, `too-many-shares`, `idempotency-key-reused`.
        """
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        purpose = _checked(command)
        async with (
            refusals_audited(repository.database, "share.make", actor, subject=command.licence_id),
            repository.database.write() as tx,
        ):
            licence = await repository.licences.locked(tx, command.licence_id)
            if licence is None or not holds(licence, identity):
                raise LicenceNotFound
            memory = self._memory(command, purpose, actor)
            if memory is not None and (earlier := await memory.find(tx)) is not None:
                return await self._repeated(tx, earlier, memory, actor)
            if status_today(licence, repository.today()) is not Status.VALID:
                raise not_valid_now()
            fields = _chosen(command.fields, licence, await self._type(tx, licence))
            holder, now = _own_code(licence, identity), repository.now()
            if await self._store.open_count(tx, holder, now=now) >= MOST_OPEN:
                raise too_many_shares(MOST_OPEN)
            share_id = new_id(repository.clock, "shr")
            code = self._codes(share_id, memory)[0] if memory else new_code(CODE_ALPHABET, CODE_LENGTH)
            share = Share(
                id=share_id,
                licence_id=licence.id,
                holder=holder,
                fields=fields,
                purpose=purpose,
                code_digest=self._digests.digest(USE, code),
                views_allowed=command.views,
                created_at=now,
                expires_at=now + dt.timedelta(days=command.days),
            )
            if memory is not None:  # its licence is locked: of several requests with one key the first has kept it
                await memory.keep(tx, repository.clock, share.id)
            await self._store.add(tx, share)
            detail: Detail = {"share": share.id, "fields": len(fields), "views": command.views, "days": command.days}
            tx.audit(AuditEvent("share.make", "done", actor, licence.id, OWN_PURPOSE, detail))
            await tx.commit()
        return MadeShare(share, code)

    def _memory(self, command: ShareCommand, purpose: str, actor: Principal) -> StepMemory | None:
        if command.idempotency_key is None:
            return None
        said = [command.licence_id, sorted(command.fields), purpose, command.views, command.days]
        return memory_of(self._digests, "share.make", command.idempotency_key, said, actor)

    async def _repeated(self, tx: WriteTx, share_id: str, memory: StepMemory, actor: Principal) -> MadeShare:
        share = await self._store.share(tx, share_id)
        if share is None:  # swept since
            raise share_not_found()
        codes = self._codes(share.id, memory)
        code = next((one for one in codes if self._digests.matches(USE, one, share.code_digest)), None)
        if code is None:  # the key that it came from is gone
            raise share_not_found()
        tx.audit(AuditEvent("share.make", "done", actor, share.licence_id, OWN_PURPOSE, {"repeated": True}))
        await tx.commit()
        return MadeShare(share, code)

    def _codes(self, share_id: str, memory: StepMemory) -> list[str]:
        """The code of a share that may be asked for again: ours alone to compute, and nowhere kept; several while a
        digest key is rotated."""
        origin = f"{share_id}|{memory.scope}|{memory.key}"
        return [_spelled(one) for one in self._digests.digests("licence-share-code", origin)]

    async def mine(self, actor: Principal, cursor: str | None = None, limit: int | None = None) -> Page[MyShare]:
        """Newest first.

        Raises:
            NotPermitted: `person-needed`.
            InvalidInput: `cursor-invalid`.
        """
        repository, before, size = self._repository, last_id(cursor), page_size(limit)
        identity = await identity_of(self._holders, actor)
        async with repository.database.write() as tx:
            found = await newest_first(
                identity,
                lambda code: self._store.of_holder(tx, code, before=before, limit=size + 1),
                key=lambda one: one.id,
            )
            rows = [await self._mine(tx, one) for one in found[:size]]
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, {"what": "shares"}))
            await tx.commit()
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def withdraw(self, share_id: str, actor: Principal) -> Share:
        """From the return of this call on it opens for nobody. Twice is once.

        Raises:
            NotPermitted: `person-needed`.
            NotFound: `share-not-found`, also for somebody else's.
        """
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        async with (
            refusals_audited(repository.database, "share.withdraw", actor, subject=share_id),
            repository.database.write() as tx,
        ):
            share = await self._store.share(tx, share_id)
            if share is None or share.holder not in identity.codes:
                raise share_not_found()
            if await self._store.withdraw(tx, share.id):
                tx.audit(AuditEvent("share.withdraw", "done", actor, share.id, OWN_PURPOSE))
            await tx.commit()
        return replace(share, state=ShareState.WITHDRAWN)

    async def _mine(self, tx: ReadTx, share: Share) -> MyShare:
        licence = await self._repository.licences.licence(tx, share.licence_id)
        assert licence is not None  # licences are never removed
        licence_type = await self._type(tx, licence)
        titles = face_titles(licence_type.schema)
        names = [titles[name] for name in share.fields if name in titles]
        return MyShare(share, share.state_at(self._repository.now()), licence_type.name, names)

    async def _type(self, tx: ReadTx, licence: Licence) -> LicenceType:
        found = await self._repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert found is not None  # versions of types are never removed
        return found


def _spelled(digest: str) -> str:
    """A keyed digest as a code for people to type."""
    number = int.from_bytes(hashlib.sha256(digest.encode()).digest())  # 256 bits: every place has equal chances
    return "".join(CODE_ALPHABET[number // len(CODE_ALPHABET) ** at % len(CODE_ALPHABET)] for at in range(CODE_LENGTH))


def _own_code(licence: Licence, identity: HolderIdentity) -> HolderCode:
    """The number under which the licence is theirs."""
    held = {holder.code for holder in licence.current.holders}
    return next(code for code in identity.codes if code in held)


def _chosen(asked: Sequence[str], licence: Licence, licence_type: LicenceType) -> tuple[str, ...]:
    has = {HOLDER_NAME, HOLDER_CODE, NUMBER, *licence.current.data}
    there = [name for name in face_titles(licence_type.schema) if name in has]
    if not asked or not set(asked) <= set(there):
        raise InvalidInput(
            "share-fields-invalid",
            Text("请至少选一项要给对方看的内容。", "Choose at least one entry to show."),
            field="fields",
        )
    return tuple(name for name in there if name in set(asked))


def _checked(command: ShareCommand) -> str:
    purpose = " ".join(command.purpose.split())
    if not purpose or len(purpose) > MOST_PURPOSE or not purpose.isprintable():
        raise InvalidInput(
            "share-purpose-invalid",
            Text(
                f"请写明给谁看、为了什么，至多 {MOST_PURPOSE} 字。",
                f"Say whom you show it to and what for, up to {MOST_PURPOSE} characters.",
            ),
            field="purpose",
        )
    check_no_id_number(purpose, "purpose")
    if not 1 <= command.views <= MOST_VIEWS or not 1 <= command.days <= MOST_DAYS:
        raise InvalidInput(
            "share-limits-invalid",
            Text(
                f"可以打开 1 到 {MOST_VIEWS} 次，1 到 {MOST_DAYS} 天。",
                f"It opens 1 to {MOST_VIEWS} times within 1 to {MOST_DAYS} days.",
            ),
            field="views",
        )
    return purpose
