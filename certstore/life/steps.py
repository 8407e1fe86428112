"""One step in a licence's life, the same for all: who may, on what, in one unit that wins once.

Look (who, which licence, seen at which revision, may this happen now) → make (render and seal, outside any unit) →
write (key, state or version, mark, file, audit; one unit, which the licence's revision decides). A crash between any
two leaves the licence as it was; a sealed file that no row names is removed a day later (`certstore.documents`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.end import checked_reason
from certstore.errors import AlreadyHeld, LicenceNotFound, RevisionMoved, StepNotForType
from certstore.lifecycle import Event, effective_state, lapses, next_state
from certstore.model import Licence, LicenceChange, LicenceFile, LicenceType
from certstore.repository import Repository
from certstore.step_memory import StepMemory, memory_of
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.idempotency import AlreadyDone
from core.principal import Principal
from keys.ports import TokenDigests

OF_THE_VERSION = frozenset({Event.CORRECT, Event.REISSUE, Event.CONFIRM})
"""Steps that say again what was issued, under the type's version of then; the others follow the newest."""


@dataclass(frozen=True, slots=True)
class Step:
    """On which licence, why, and as the caller saw it.

    Attributes:
        reason: in words; the holder sees it. Obligatory for most steps.
        if_revision: the revision that the caller saw (If-Match); None to act whatever it is now.
    """

    licence_id: str
    idempotency_key: str
    reason: str = field(default="", repr=False)
    if_revision: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The licence that a step is about, with the version of its type that the step is taken under.

    Attributes:
        seal_id: of the seal on its current version; None where that has no file yet.
    """

    licence: Licence
    licence_type: LicenceType
    today: dt.date
    seal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step leads to.

    Attributes:
        licence: as it will be.
        file: of a new version.
        also: done in the unit once the licence has moved; what it raises undoes the step.
    """

    licence: Licence
    file: LicenceFile | None = None
    also: Callable[[WriteTx], Awaitable[None]] | None = None


Make = Callable[[Found], Awaitable[Outcome]]


class LifeSteps:
    """Takes steps; what they lead to is for each use case to say."""

    def __init__(self, repository: Repository, digests: TokenDigests) -> None:
        self._repository = repository
        self._digests = digests

    async def take(
        self,
        step: Step,
        event: Event,
        actor: Principal,
        make: Make,
        *,
        said: Sequence[object] = (),
        reason_needed: bool = True,
    ) -> Licence:
        """The licence after the step, or as it is now when the same Idempotency-Key took it before.

        Args:
            said: what else the caller said, beside `step`: the same key with other content is refused.

        Raises:
            InvalidInput: `reason-invalid`, or what `make` finds wrong.
            NotPermitted: no `licence:issue`, or the actor's role does not cover the type.
            NotFound: `licence-not-found`, also for another authority's licence.
            Conflict: `transition-not-allowed`, `step-not-for-type`, `precondition-failed`, `licence-already-held`,
                `idempotency-key-reused`.
            Unavailable: nothing happened.
        """
        repository = self._repository
        action = f"licence.{event.value}"
        async with refusals_audited(repository.database, action, actor, subject=step.licence_id):
            require_scope(actor, "licence:issue")
            organisation = acting_organisation(actor)
            reason = checked_reason(step.reason) if step.reason.strip() or reason_needed else ""
            content = [step.licence_id, step.reason, *said]
            memory = memory_of(self._digests, action, step.idempotency_key, content, actor)
            async with repository.database.read() as tx:
                earlier = await memory.find(tx)
                found = await self._look(tx, earlier or step.licence_id, event, organisation, actor)
            if earlier is not None:
                return found.licence
            _require_possible(found, event, step)
            outcome = await make(found)
            try:
                return await self._write(found, outcome, event, reason, actor, memory)
            except AlreadyDone as done:
                return await self._now(done.result)

    async def _look(self, tx: ReadTx, licence_id: str, event: Event, organisation: str, actor: Principal) -> Found:
        repository = self._repository
        licence = await repository.licences.licence(tx, licence_id)
        if licence is None or licence.issuer != organisation:
            raise LicenceNotFound
        require_type(actor, "licence:issue", licence.type_code)
        newest = await repository.catalogue.licence_type(tx, licence.type_code)
        assert newest is not None  # types are never removed
        licence_type: LicenceType | None = newest
        if event in OF_THE_VERSION:
            licence_type = await repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert licence_type is not None
        # what the life of a type may bring is said by its newest version, whatever the face was made under
        rules = replace(
            licence_type, profile=newest.profile, inspection=newest.inspection, one_per_holder=newest.one_per_holder
        )
        file = await repository.files.original(tx, licence.id, licence.current.number)
        return Found(licence, rules, repository.today(), file.seal_id if file else None)

    async def _write(
        self, found: Found, outcome: Outcome, event: Event, reason: str, actor: Principal, memory: StepMemory
    ) -> Licence:
        repository, before, after = self._repository, found.licence, outcome.licence
        change = LicenceChange(
            before.revision + 1,
            event,
            after.state,
            after.current.number,
            repository.now(),
            actor.kind,
            actor.id,
            actor.organisation,
            reason,
        )
        async with repository.database.write() as tx:
            await memory.keep(tx, repository.clock, before.id)
            if not await self._moved(tx, before, outcome, change):
                raise RevisionMoved
            await self._keep_single(tx, found, after)
            if outcome.also is not None:
                await outcome.also(tx)
            detail: Detail = {"revision": change.sequence, "version": after.current.number, "state": after.state.value}
            if (file := outcome.file) is not None:
                detail = {**detail, "file": file.sha256, "seal": file.seal_id}
            tx.audit(AuditEvent(f"licence.{event.value}", "done", actor, before.id, detail=detail))
            await tx.commit()
        return replace(after, revision=change.sequence)

    async def _moved(self, tx: WriteTx, before: Licence, outcome: Outcome, change: LicenceChange) -> bool:
        licences, after = self._repository.licences, outcome.licence
        if outcome.file is None:
            return await licences.change_state(tx, replace(after, revision=before.revision), change)
        if not await licences.add_version(tx, after, change):
            return False
        await self._repository.files.add(tx, outcome.file)
        return True

    async def _keep_single(self, tx: WriteTx, found: Found, after: Licence) -> None:
        """Of a type that a holder has once, what comes to life again, or to other holders, must win its mark anew."""
        if not found.licence_type.one_per_holder or not lapses(after.state):
            return
        if not await self._repository.licences.claim_single(tx, after, today=found.today):
            raise AlreadyHeld

    async def _now(self, licence_id: str) -> Licence:
        async with self._repository.database.read() as tx:
            licence = await self._repository.licences.licence(tx, licence_id)
        assert licence is not None  # written in the same unit as the key
        return licence


def state_after(found: Found, event: Event) -> Licence:
    """The licence in the state that `event` leads to from today's.

    Raises:
        TransitionNotAllowed: the table has no such row.
    """
    licence = found.licence
    state = next_state(effective_state(licence.state, licence.current.valid_until, found.today), event)
    return replace(licence, state=state)


def _require_possible(found: Found, event: Event, step: Step) -> None:
    if step.if_revision is not None and step.if_revision != found.licence.revision:
        raise RevisionMoved
    state_after(found, event)
    if not found.licence_type.allows(event):
        raise StepNotForType
