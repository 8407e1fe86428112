"""A holder raises an objection, or takes it back.

个人信息保护法 Art. 46: whoever finds that what is kept about them is wrong may ask for its correction, and it is
checked and put right in time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace

from certstore.authorise import holds, identity_of, refusals_audited
from certstore.errors import LicenceNotFound
from certstore.face_titles import face_titles
from certstore.model import Licence
from certstore.objections.errors import (
    already_objected,
    field_invalid,
    objection_moved,
    objection_not_found,
    text_invalid,
)
from certstore.objections.evidence import EvidenceFiles
from certstore.objections.model import (
    DAYS_TO_ANSWER,
    LIVING,
    MOST_TEXT,
    OTHER_FIELDS,
    Act,
    Objection,
    ObjectionState,
    ObjectionStep,
)
from certstore.objections.ports import ObjectionStore
from certstore.ports import HolderDirectory, HolderIdentity
from certstore.purpose import check_no_id_number
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.step_memory import StepMemory, memory_of
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.ids import new_id
from core.principal import Principal
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class ObjectionCommand:
    """What is wrong, and a file that shows it, if there is one."""

    licence_id: str
    about: str
    text: str = field(repr=False)
    evidence: bytes | None = field(default=None, repr=False)
    idempotency_key: str | None = None  # the same key raises no second one, and answers with the first


class RaiseObjection:
    """The use cases of the holder."""

    def __init__(
        self,
        repository: Repository,
        store: ObjectionStore,
        files: EvidenceFiles,
        holders: HolderDirectory,
        digests: TokenDigests,
    ) -> None:
        self._repository = repository
        self._store = store
        self._files = files
        self._holders = holders
        self._digests = digests

    async def __call__(self, command: ObjectionCommand, actor: Principal) -> Objection:
        """
        Raises:
            NotPermitted: `person-needed`.
            NotFound: `licence-not-found`.
            InvalidInput: `objection-field-invalid`, `objection-text-invalid`, `evidence-invalid`, `purpose-personal`.
            Conflict: `already-objected`, `idempotency-key-reused`.
        """
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        text = checked_text(command.text)
        memory = self._memory(command, text, actor)
        async with refusals_audited(repository.database, "objection.raise", actor, subject=command.licence_id):
            async with repository.database.read() as tx:
                await self._own(tx, await repository.licences.licence(tx, command.licence_id), identity, command.about)
                earlier = await memory.find(tx) if memory else None
            evidence = await self._files.keep(command.evidence) if command.evidence and earlier is None else None
            async with repository.database.write() as tx:
                licence = await self._own(
                    tx, await repository.licences.locked(tx, command.licence_id), identity, command.about
                )
                if memory is not None and (earlier := await memory.find(tx)) is not None:
                    return await self._repeated(tx, earlier, actor)
                objection = replace(self._opened(licence, identity, command.about), evidence=evidence)
                raised = ObjectionStep(1, Act.RAISE, objection.created_at, actor.id, None, text)
                if memory is not None:
                    await memory.keep(tx, repository.clock, objection.id)
                if not await self._store.add(tx, objection, raised):
                    raise already_objected()
                detail: Detail = {"objection": objection.id, "field": objection.about}
                tx.audit(AuditEvent("objection.raise", "done", actor, licence.id, OWN_PURPOSE, detail))
                await tx.commit()
        return objection

    def _memory(self, command: ObjectionCommand, text: str, actor: Principal) -> StepMemory | None:
        if command.idempotency_key is None:
            return None
        evidence = hashlib.sha256(command.evidence).hexdigest() if command.evidence else None
        said = [command.licence_id, command.about, text, evidence]
        return memory_of(self._digests, "objection.raise", command.idempotency_key, said, actor)

    async def _repeated(self, tx: WriteTx, objection_id: str, actor: Principal) -> Objection:
        found = await self._store.objection(tx, objection_id)
        if found is None:  # swept since
            raise objection_not_found()
        detail: Detail = {"objection": found.id, "repeated": True}
        tx.audit(AuditEvent("objection.raise", "done", actor, found.licence_id, OWN_PURPOSE, detail))
        await tx.commit()
        return found

    async def withdraw(self, objection_id: str, actor: Principal) -> Objection:
        """
        Raises:
            NotPermitted: `person-needed`.
            NotFound: `objection-not-found`.
            Conflict: `objection-moved`: it is closed.
        """
        repository, now = self._repository, self._repository.now()
        identity = await identity_of(self._holders, actor)
        async with (
            refusals_audited(repository.database, "objection.withdraw", actor, subject=objection_id),
            repository.database.write() as tx,
        ):
            found = await self._store.objection(tx, objection_id)
            if found is None or found.holder not in identity.codes:
                raise objection_not_found()
            closed = replace(found, state=ObjectionState.WITHDRAWN, revision=found.revision + 1, closed_at=now)
            step = ObjectionStep(closed.revision, Act.WITHDRAW, now, actor.id, None, "")
            if found.state not in LIVING or not await self._store.take(tx, closed, step):
                raise objection_moved()
            tx.audit(AuditEvent("objection.withdraw", "done", actor, found.id, OWN_PURPOSE))
            await tx.commit()
        return closed

    async def _own(self, tx: ReadTx, licence: Licence | None, identity: HolderIdentity, about: str) -> Licence:
        if licence is None or not holds(licence, identity):
            raise LicenceNotFound
        licence_type = await self._repository.catalogue.licence_type(
            tx, licence.type_code, licence.current.type_version
        )
        assert licence_type is not None  # versions of types are never removed
        if about not in OTHER_FIELDS and about not in face_titles(licence_type.schema):
            raise field_invalid()
        return licence

    def _opened(self, licence: Licence, identity: HolderIdentity, about: str) -> Objection:
        held = {holder.code for holder in licence.current.holders}
        return Objection(
            id=new_id(self._repository.clock, "obj"),
            licence_id=licence.id,
            version=licence.current.number,
            type_code=licence.type_code,
            issuer=licence.issuer,
            holder=next(code for code in identity.codes if code in held),
            about=about,
            state=ObjectionState.OPEN,
            revision=1,
            created_at=self._repository.now(),
            due_on=self._repository.today() + dt.timedelta(days=DAYS_TO_ANSWER),
        )


def checked_text(typed: str) -> str:
    """
    Raises:
        InvalidInput: `objection-text-invalid`, `purpose-personal`.
    """
    text = "\n".join(" ".join(line.split()) for line in typed.strip().splitlines())
    if not text or len(text) > MOST_TEXT or not text.replace("\n", "").isprintable():
        raise text_invalid()
    check_no_id_number(text, "text")
    return text
