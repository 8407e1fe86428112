"""The life of a seal (印章) as a pure transition table, and whose step each step is.

What makes a seal able to bind takes two people: nobody reviews what they asked for, makes what they approved, activates
what they made, gives back what they stopped, or destroys what they ended. What stops a seal takes one, for it must
never wait. The use cases over the table are in `signing.seals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.principal import Principal, PrincipalKind
from core.text import Text
from signing.errors import SealNotYours, SealSecondPerson, SealStepNotAllowed
from signing.model import SealStatus, SealStep


class SealEvent(StrEnum):
    """What happens to a seal."""

    APPLY = "apply"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    MAKE = "make"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVOKE = "revoke"
    REPLACE = "replace"  # its successor was activated
    DESTROY = "destroy"


MANAGE, APPROVE = "seal:manage", "seal:approve"
"""The two duties: to look after seals (印章保管), and to review what is done with them (印章审批)."""

TRANSITIONS: Mapping[tuple[SealStatus | None, SealEvent], SealStatus] = {
    (None, SealEvent.APPLY): SealStatus.APPLIED,
    (SealStatus.APPLIED, SealEvent.APPROVE): SealStatus.APPROVED,
    (SealStatus.APPLIED, SealEvent.REFUSE): SealStatus.REFUSED,
    (SealStatus.APPLIED, SealEvent.WITHDRAW): SealStatus.WITHDRAWN,
    (SealStatus.APPROVED, SealEvent.WITHDRAW): SealStatus.WITHDRAWN,
    (SealStatus.APPROVED, SealEvent.MAKE): SealStatus.MADE,
    (SealStatus.MADE, SealEvent.ACTIVATE): SealStatus.ACTIVE,
    (SealStatus.MADE, SealEvent.REVOKE): SealStatus.REVOKED,
    (SealStatus.ACTIVE, SealEvent.SUSPEND): SealStatus.SUSPENDED,
    (SealStatus.ACTIVE, SealEvent.REVOKE): SealStatus.REVOKED,
    (SealStatus.ACTIVE, SealEvent.REPLACE): SealStatus.REPLACED,
    (SealStatus.SUSPENDED, SealEvent.RESUME): SealStatus.ACTIVE,
    (SealStatus.SUSPENDED, SealEvent.REVOKE): SealStatus.REVOKED,
    (SealStatus.SUSPENDED, SealEvent.REPLACE): SealStatus.REPLACED,
    (SealStatus.REVOKED, SealEvent.DESTROY): SealStatus.DESTROYED,
    (SealStatus.REPLACED, SealEvent.DESTROY): SealStatus.DESTROYED,
}

ENDED = frozenset({SealStatus.REVOKED, SealStatus.REPLACED, SealStatus.DESTROYED})
"""A seal in one of these never seals again."""

STATUS_NAMES: Mapping[SealStatus, Text] = {
    SealStatus.APPLIED: Text("待审核", "waits for review"),
    SealStatus.APPROVED: Text("待制作", "to be made"),
    SealStatus.REFUSED: Text("不同意", "refused"),
    SealStatus.WITHDRAWN: Text("已撤回", "withdrawn"),
    SealStatus.MADE: Text("待启用", "not activated yet"),
    SealStatus.ACTIVE: Text("可用", "in use"),
    SealStatus.SUSPENDED: Text("暂停", "suspended"),
    SealStatus.REVOKED: Text("注销", "cancelled"),
    SealStatus.REPLACED: Text("已更换", "replaced"),
    SealStatus.DESTROYED: Text("已销毁", "destroyed"),
}

EVENT_NAMES: Mapping[SealEvent, Text] = {
    SealEvent.APPLY: Text("申请", "apply"),
    SealEvent.APPROVE: Text("同意", "approve"),
    SealEvent.REFUSE: Text("不同意", "refuse"),
    SealEvent.WITHDRAW: Text("撤回", "withdraw"),
    SealEvent.MAKE: Text("制作", "make"),
    SealEvent.ACTIVATE: Text("启用", "activate"),
    SealEvent.SUSPEND: Text("暂停", "suspend"),
    SealEvent.RESUME: Text("恢复", "resume"),
    SealEvent.REVOKE: Text("注销", "cancel"),
    SealEvent.REPLACE: Text("更换", "replace"),
    SealEvent.DESTROY: Text("销毁", "destroy"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose step it is.

    Attributes:
        duties: one of them is needed.
        apart_from: whoever took the latest of one of these steps may not take this one.
    """

    duties: frozenset[str]
    apart_from: frozenset[SealEvent] = frozenset()


_EITHER = frozenset({MANAGE, APPROVE})
RULES: Mapping[SealEvent, Rule] = {
    SealEvent.APPLY: Rule(frozenset({MANAGE})),
    SealEvent.APPROVE: Rule(frozenset({APPROVE}), frozenset({SealEvent.APPLY})),
    SealEvent.REFUSE: Rule(frozenset({APPROVE}), frozenset({SealEvent.APPLY})),
    SealEvent.WITHDRAW: Rule(frozenset({MANAGE})),
    SealEvent.MAKE: Rule(frozenset({MANAGE}), frozenset({SealEvent.APPROVE})),
    SealEvent.ACTIVATE: Rule(frozenset({APPROVE}), frozenset({SealEvent.MAKE})),
    SealEvent.SUSPEND: Rule(_EITHER),
    SealEvent.RESUME: Rule(frozenset({APPROVE}), frozenset({SealEvent.SUSPEND})),
    SealEvent.REVOKE: Rule(_EITHER),
    SealEvent.REPLACE: Rule(frozenset({APPROVE}), frozenset({SealEvent.MAKE})),
    SealEvent.DESTROY: Rule(frozenset({APPROVE}), frozenset({SealEvent.REVOKE})),
}


def next_status(status: SealStatus | None, event: SealEvent) -> SealStatus:
    """The status after `event`; None stands for a seal that nobody has asked for yet.

    Raises:
        SealStepNotAllowed: the table has no such row.
    """
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise SealStepNotAllowed(STATUS_NAMES[status] if status else Text("未申请", "not asked for")) from None


def sources_of(event: SealEvent) -> tuple[SealStatus, ...]:
    """The statuses from which `event` leads on."""
    return tuple(status for status, one in TRANSITIONS if one is event and status is not None)


def works_alone(actor: Principal) -> bool:
    """The service itself; and a department's system that was registered, by two people, for both duties: its own
    approvals are behind it."""
    if actor.kind is PrincipalKind.SYSTEM:
        return True
    return actor.kind is PrincipalKind.CLIENT and actor.may(MANAGE) and actor.may(APPROVE)


def require_step(event: SealEvent, actor: Principal, organisation: str, story: Iterable[SealStep] = ()) -> None:
    """
    Args:
        story: what happened so far to the application or the seal.

    Raises:
        SealNotYours: the actor does not have the duty for this organisation's seals.
        SealSecondPerson: it takes somebody else.
    """
    rule = RULES[event]
    if actor.kind is PrincipalKind.SYSTEM:
        return
    if actor.organisation != organisation or not any(actor.may(duty) for duty in rule.duties):
        raise SealNotYours
    if not works_alone(actor) and _took_part(actor, rule.apart_from, story):
        raise SealSecondPerson


def _took_part(actor: Principal, events: frozenset[SealEvent], story: Iterable[SealStep]) -> bool:
    latest = {step.event: (step.actor_kind, step.actor) for step in story if step.event in events}  # later ones win
    return (actor.kind.value, actor.id[:128]) in latest.values()
