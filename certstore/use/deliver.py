"""Delivers the annotated copies of everything that is exempt to the case, in one call.

All or nothing: each call judges the materials anew, makes the copies that are missing, and writes them in one unit;
when one of them cannot be made or used any more, none is. A repeated call answers with the same copies and adds those
of materials that have become exempt since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certstore.authorise import refusals_audited
from certstore.copies import AnnotatedCopies, CopyCommand
from certstore.exemption import ExemptionAnswer, MaterialAnswer
from certstore.exemption_words import Exemption
from certstore.model import AnnotatedCopy
from certstore.repository import Repository
from certstore.use.checks import CaseChecks
from certstore.use.model import CaseCheck, Delivered
from certstore.use.ports import CheckStore
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.principal import Principal


@dataclass(frozen=True, slots=True)
class Delivery:
    """What stands in now, and how each material was judged.

    Attributes:
        new: how many copies this call made.
    """

    answer: ExemptionAnswer
    delivered: Sequence[Delivered]
    new: int

    @property
    def open(self) -> Sequence[MaterialAnswer]:
        """Materials without a copy."""
        there = {one.material for one in self.delivered}
        return [one for one in self.answer.materials if one.number not in there]


class _AnotherWasFirst(Exception):  # a signal within this use case, not a failure
    """Another call delivered between our look and our write."""


class DeliverCopies:
    """The use case."""

    def __init__(self, repository: Repository, checks: CaseChecks, store: CheckStore, copies: AnnotatedCopies) -> None:
        self._repository = repository
        self._checks = checks
        self._store = store
        self._copies = copies

    async def __call__(self, check_id: str, actor: Principal) -> Delivery:
        """
        Raises:
            NotFound: `check-not-found`.
            NotPermitted: `consent-not-in-force`, `licence-not-valid` and what else a copy can be refused for; then
                nothing was delivered.
            Unavailable: a seal or the store does not answer; nothing was delivered.
        """
        async with refusals_audited(self._repository.database, "exemption.deliver", actor, subject=check_id):
            answer = await self._checks.again(check_id, actor)
            for _ in range(3):  # each turn that is lost was won by another call, whose copies are then there
                check, there = await self._seen(check_id, actor)
                missing = _missing(answer, there)
                if not missing:
                    return Delivery(answer, there, 0)
                try:
                    new = await self._make(check, missing, actor)
                except _AnotherWasFirst:
                    continue
                return Delivery(answer, sorted([*there, *new], key=lambda one: one.material), len(new))
        _, there = await self._seen(check_id, actor)
        return Delivery(answer, there, 0)

    async def _seen(self, check_id: str, actor: Principal) -> tuple[CaseCheck, Sequence[Delivered]]:
        async with self._repository.database.read() as tx:
            check = await self._checks.found(tx, check_id, actor)
            return check, await self._store.delivered(tx, check_id)

    async def _make(self, check: CaseCheck, missing: Sequence[MaterialAnswer], actor: Principal) -> Sequence[Delivered]:
        made: list[Delivered] = []

        async def deliver(tx: WriteTx, copies: Sequence[AnnotatedCopy]) -> None:
            if not await self._store.begin_round(tx, check.id, after=check.rounds):
                raise _AnotherWasFirst
            by_licence = {copy.licence_id: copy.id for copy in copies}
            made.extend(
                Delivered(one.number, by_licence[one.licence_id], one.licence_id) for one in missing if one.licence_id
            )
            await self._store.deliver(tx, check.id, made)
            detail: Detail = {"copies": len(copies), "materials": len(made)}
            tx.audit(AuditEvent("exemption.deliver", "done", actor, check.id, check.purpose, detail))

        # one copy for each licence, also where it stands in for several materials
        wanted = {one.licence_id: one for one in missing if one.licence_id is not None}
        purpose = check.purpose
        commands = [
            CopyCommand(
                licence_id,
                purpose.service_item or "",
                purpose.case_number or "",
                purpose.basis or "",
                one.consent_id,
            )
            for licence_id, one in wanted.items()
        ]
        await self._copies.make_all(commands, actor, within=deliver)
        return made


def _missing(answer: ExemptionAnswer, there: Sequence[Delivered]) -> list[MaterialAnswer]:
    done = {one.material for one in there}
    return [one for one in answer.materials if one.outcome is Exemption.EXEMPT and one.number not in done]
