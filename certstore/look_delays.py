"""Looks that their holder is to see only later: by service item, on a legal basis, decided by two people.

A holder sees every look at their data (ADR 59). Where the law lets an investigation go first, the looks of its service
item are shown some days later, never not at all: there is no rule without an end, and the auditor sees them at once. A
rule counts for looks made while it is in force; nothing that a holder has seen is hidden again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from certstore.purpose import MAX_BASIS, check_no_id_number
from certstore.reach import unknown_item
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from core.text import Text

MOST_DAYS = 730
_PROPOSERS = ("admin:security",)
_DECIDERS = ("admin:security", "admin:audit")


class DelayState(StrEnum):
    """Proposed by one person, decided by another; what is active ends by anybody's single act."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LookDelay:
    """One rule.

    Attributes:
        days: how long after a look its holder is shown it.
        basis: the law that allows it.
        since, until: looks made from one moment up to the other fall under it; None where it has not begun or ended.
    """

    id: str
    service_item: str
    days: int
    basis: str
    state: DelayState
    proposed_by: str
    proposed_at: dt.datetime
    decided_by: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class LookDelayStore(Protocol):
    """Rules; each is decided once and ended once."""

    async def add(self, tx: WriteTx, rule: LookDelay) -> None: ...

    async def rule(self, tx: ReadTx, rule_id: str) -> LookDelay | None: ...

    async def rules(self, tx: ReadTx) -> Sequence[LookDelay]:
        """Newest first; at most 200."""

    async def decide(self, tx: WriteTx, rule_id: str, state: DelayState, *, by: str, now: dt.datetime) -> bool:
        """From `proposed` to `active` or `refused`, by another person than the proposer; of many callers one gets
        True."""

    async def end(self, tx: WriteTx, rule_id: str, *, now: dt.datetime) -> bool:
        """False if it is not active (any more)."""


class LookDelays:
    """The use cases."""

    def __init__(self, repository: Repository, store: LookDelayStore) -> None:
        self._repository = repository
        self._store = store

    async def propose(self, service_item: str, days: int, basis: str, actor: Principal) -> LookDelay:
        """
        Raises:
            NotPermitted: `security-administrator-only`.
            InvalidInput: `service-item-unknown`, `delay-days-invalid`, `delay-basis-missing`, `purpose-personal`.
        """
        _require(actor, _PROPOSERS)
        repository, now = self._repository, self._repository.now()
        basis = _checked(days, basis)
        rule = LookDelay(new_id(repository.clock, "ldr"), service_item, days, basis, DelayState.PROPOSED, actor.id, now)
        async with repository.database.write() as tx:
            if await repository.catalogue.item(tx, service_item) is None:
                raise unknown_item()
            await self._store.add(tx, rule)
            detail: Detail = {"item": service_item, "days": days}
            tx.audit(AuditEvent("look-delay.propose", "done", actor, rule.id, detail=detail))
            await tx.commit()
        return rule

    async def decide(self, rule_id: str, approve: bool, actor: Principal) -> LookDelay:
        """
        Raises:
            NotPermitted: `security-administrator-only`, `second-person-needed`.
            NotFound: `look-delay-not-found`.
            Conflict: `look-delay-decided`.
        """
        _require(actor, _DECIDERS)
        repository, now = self._repository, self._repository.now()
        state = DelayState.ACTIVE if approve else DelayState.REFUSED
        async with repository.database.write() as tx:
            rule = await self._known(tx, rule_id)
            if rule.proposed_by == actor.id:
                raise NotPermitted(
                    "second-person-needed",
                    Text("这条规则是您提的，须由另一个人决定。", "You proposed this rule; another person must decide."),
                )
            if not await self._store.decide(tx, rule.id, state, by=actor.id, now=now):
                raise _decided()
            tx.audit(AuditEvent("look-delay.decide", "done", actor, rule.id, detail={"approved": approve}))
            await tx.commit()
        return replace(rule, state=state, decided_by=actor.id, since=now if approve else None)

    async def end(self, rule_id: str, actor: Principal) -> LookDelay:
        """No further look falls under the rule; those that did are shown on their day.

        Raises:
            NotPermitted: `security-administrator-only`.
            NotFound: `look-delay-not-found`.
            Conflict: `look-delay-decided`.
        """
        _require(actor, _DECIDERS)
        repository, now = self._repository, self._repository.now()
        async with repository.database.write() as tx:
            rule = await self._known(tx, rule_id)
            if not await self._store.end(tx, rule.id, now=now):
                raise _decided()
            tx.audit(AuditEvent("look-delay.end", "done", actor, rule.id))
            await tx.commit()
        return replace(rule, state=DelayState.ENDED, until=now)

    async def rules(self, actor: Principal) -> Sequence[LookDelay]:
        """
        Raises:
            NotPermitted: `security-administrator-only`.
        """
        _require(actor, _DECIDERS)
        async with self._repository.database.read() as tx:
            return await self._store.rules(tx)

    async def _known(self, tx: ReadTx, rule_id: str) -> LookDelay:
        rule = await self._store.rule(tx, rule_id)
        if rule is None:
            raise NotFound("look-delay-not-found", Text("没有这条规则。", "There is no such rule."))
        return rule


def _require(actor: Principal, scopes: Sequence[str]) -> None:
    if actor.kind is not PrincipalKind.SYSTEM and not any(actor.may(scope) for scope in scopes):
        raise NotPermitted(
            "security-administrator-only",
            Text(
                "延后显示的规则由安全管理员提出，另一名安全管理员或审计员决定。",
                "Rules that show looks later are proposed by a security administrator and decided by another one or "
                "an auditor.",
            ),
        )


def _checked(days: int, basis: str) -> str:
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(
            "delay-days-invalid",
            Text(f"延后天数应为 1 到 {MOST_DAYS} 天。", f"The delay takes 1 to {MOST_DAYS} days."),
            field="days",
        )
    basis = basis.strip()
    if not basis or len(basis) > MAX_BASIS or not basis.isprintable():
        raise InvalidInput(
            "delay-basis-missing",
            Text("请写明法律依据，至多 200 字。", "State the legal basis, up to 200 characters."),
            field="basis",
        )
    check_no_id_number(basis, "basis")
    return basis


def _decided() -> Conflict:
    return Conflict(
        "look-delay-decided",
        Text("这条规则已经处理过。请刷新页面。", "This rule was decided or ended before. Reload the page."),
    )
