"""The life of a licence as a pure transition table.

撤销 (withdrawn: wrongly granted), 吊销 (revoked: a penalty) and 注销 (cancelled: the procedural end) are three
different legal facts (行政许可法 §69, §70, §81) and stay three states. The table is the superset used in the
field; that a version gave way to the next is no state of its licence, and a copy made of it no event. The use cases
over the table are in `certstore.life`, `certstore.issue` and `certstore.end`.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from certstore.errors import TransitionNotAllowed
from core.text import Text


class State(StrEnum):
    """What a licence is now; `expired` is stored only after a check by date, and computed before it."""

    DRAFT = "draft"
    VALID = "valid"
    SUSPENDED = "suspended"  # 暂扣
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # 注销
    WITHDRAWN = "withdrawn"  # 撤销
    REVOKED = "revoked"  # 吊销
    ANNULLED = "annulled"  # issued in error
    TRANSFERRED_OUT = "transferred-out"


class Event(StrEnum):
    """What happens to a licence."""

    CREATE = "create"
    ISSUE = "issue"
    RECORD = "record"  # 登记入库: taken over from a register, issued long before
    RENEW = "renew"
    CHANGE = "change"
    ANNUAL_PASS = "annual-pass"  # noqa: S105 - an inspection passed
    ANNUAL_FAIL = "annual-fail"
    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    ANNUL = "annul"
    TRANSFER_OUT = "transfer-out"
    TRANSFER_IN = "transfer-in"
    TRANSFER_UNDO = "transfer-undo"
    REISSUE = "reissue"  # 补办
    CORRECT = "correct"  # 更正
    CONFIRM = "confirm"  # a clerk has seen the original: trust C becomes B


STATE_NAMES: dict[State, Text] = {
    State.DRAFT: Text("未颁发", "not issued yet"),
    State.VALID: Text("有效", "valid"),
    State.SUSPENDED: Text("暂扣", "suspended"),
    State.EXPIRED: Text("已过期", "expired"),
    State.CANCELLED: Text("注销", "cancelled"),
    State.WITHDRAWN: Text("撤销", "withdrawn"),
    State.REVOKED: Text("吊销", "revoked"),
    State.ANNULLED: Text("作废（误发）", "annulled (issued in error)"),
    State.TRANSFERRED_OUT: Text("已转出", "transferred out"),
}

_STILL_HELD = (State.VALID, State.SUSPENDED, State.EXPIRED)  # may be ended in any of the three ways

TRANSITIONS: dict[tuple[State | None, Event], State] = {
    (None, Event.CREATE): State.DRAFT,
    (None, Event.ISSUE): State.VALID,
    (None, Event.RECORD): State.VALID,
    (None, Event.TRANSFER_IN): State.VALID,
    (State.DRAFT, Event.ISSUE): State.VALID,
    (State.DRAFT, Event.CANCEL): State.CANCELLED,
    **{(State.VALID, event): State.VALID for event in (Event.RENEW, Event.CHANGE, Event.ANNUAL_PASS)},
    **{(State.VALID, event): State.VALID for event in (Event.REISSUE, Event.CORRECT, Event.CONFIRM)},
    (State.VALID, Event.ANNUAL_FAIL): State.SUSPENDED,
    (State.VALID, Event.SUSPEND): State.SUSPENDED,
    (State.VALID, Event.EXPIRE): State.EXPIRED,
    (State.VALID, Event.TRANSFER_OUT): State.TRANSFERRED_OUT,
    (State.SUSPENDED, Event.RESUME): State.VALID,
    (State.SUSPENDED, Event.ANNUAL_PASS): State.VALID,
    (State.SUSPENDED, Event.CORRECT): State.SUSPENDED,
    (State.SUSPENDED, Event.EXPIRE): State.EXPIRED,
    (State.EXPIRED, Event.RENEW): State.VALID,
    (State.EXPIRED, Event.CORRECT): State.EXPIRED,
    (State.TRANSFERRED_OUT, Event.TRANSFER_UNDO): State.VALID,
    (State.TRANSFERRED_OUT, Event.CANCEL): State.CANCELLED,
    **{(state, Event.CANCEL): State.CANCELLED for state in _STILL_HELD},
    **{(state, Event.WITHDRAW): State.WITHDRAWN for state in _STILL_HELD},
    **{(state, Event.REVOKE): State.REVOKED for state in _STILL_HELD},
    **{(state, Event.ANNUL): State.ANNULLED for state in _STILL_HELD},
}

# Why it ended stays the public answer: none of these has a way out, not even by 注销 afterwards.
FINAL = frozenset({State.CANCELLED, State.WITHDRAWN, State.REVOKED, State.ANNULLED})
ENDINGS: dict[Event, State] = {
    Event.WITHDRAW: State.WITHDRAWN,
    Event.REVOKE: State.REVOKED,
    Event.CANCEL: State.CANCELLED,
    Event.ANNUL: State.ANNULLED,
}


def next_state(state: State | None, event: Event) -> State:
    """The state after `event`; None stands for a licence that does not exist yet.

    Raises:
        TransitionNotAllowed: the table has no such row.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionNotAllowed(STATE_NAMES[state] if state else STATE_NAMES[State.DRAFT]) from None


def events_from(state: State | None) -> tuple[Event, ...]:
    """What may happen in `state`, in the order of the table."""
    return tuple(event for before, event in TRANSITIONS if before is state)


def lapses(state: State) -> bool:
    """Whether a licence in `state` runs out by date."""
    return (state, Event.EXPIRE) in TRANSITIONS


def effective_state(state: State, valid_until: dt.date | None, day: dt.date) -> State:
    """`state` as it is on `day`: what runs out by date has expired, whether or not somebody wrote it down.

    The last day counts as valid; days are calendar days in Asia/Shanghai.
    """
    return State.EXPIRED if lapses(state) and valid_until is not None and day > valid_until else state
