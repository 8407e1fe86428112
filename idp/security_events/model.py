"""Security events: what happened, how grave it is, to whom and from where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How soon somebody should look."""

    INFO = "info"
    WARNING = "warning"
    ALERT = "alert"


class SecurityEventKind(StrEnum):
    """What can happen. A name never changes once it is released."""

    TRIES_REFUSED = "tries-refused"  # an account's, or a source's, budget of tries is used up
    ACCOUNT_UNDER_ATTACK = "account-under-attack"  # one account is tried from many places
    STUFFING_SUSPECTED = "stuffing-suspected"  # one source tries many accounts
    SPRAYING_SUSPECTED = "spraying-suspected"  # one password is tried on many accounts
    CODE_GUESSING = "code-guessing"
    NEW_DEVICE = "new-device"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the event's name
    PASSWORD_RESET = "password-reset"  # noqa: S105 - the event's name
    RESET_REFUSED = "reset-refused"
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    FACTOR_REFUSED = "factor-refused"
    RECOVERY_CODE_USED = "recovery-code-used"
    PHONE_CHANGED = "phone-changed"
    ACCOUNT_FROZEN = "account-frozen"
    ACCOUNT_CLOSED = "account-closed"
    REFRESH_REUSED = "refresh-reused"
    STAFF_RIGHT_REFUSED = "staff-right-refused"
    LICENCE_SWEEP = "licence-sweep"  # numbers are tried in the repository: many look-ups find nobody
    LICENCE_OFF_HOURS = "licence-off-hours"
    LICENCE_QUOTA = "licence-quota"
    LICENCE_ONE_CASE = "licence-one-case"  # one case number stands for many look-ups
    LICENCE_PROBING = "licence-probing"
    AUDIT_LOG_CHANGED = "audit-log-changed"  # the log is not what was signed
    CONFIRMATION_REFUSED = "confirmation-refused"  # a person says that a log-in which asked them was not theirs


_GRAVE: Final[Mapping[SecurityEventKind, Severity]] = {
    SecurityEventKind.ACCOUNT_UNDER_ATTACK: Severity.ALERT,
    SecurityEventKind.STUFFING_SUSPECTED: Severity.ALERT,
    SecurityEventKind.SPRAYING_SUSPECTED: Severity.ALERT,
    SecurityEventKind.LICENCE_SWEEP: Severity.ALERT,
    SecurityEventKind.LICENCE_OFF_HOURS: Severity.ALERT,
    SecurityEventKind.LICENCE_ONE_CASE: Severity.ALERT,
    SecurityEventKind.LICENCE_QUOTA: Severity.WARNING,
    SecurityEventKind.LICENCE_PROBING: Severity.WARNING,
    SecurityEventKind.AUDIT_LOG_CHANGED: Severity.ALERT,
    SecurityEventKind.CODE_GUESSING: Severity.WARNING,
    SecurityEventKind.TRIES_REFUSED: Severity.WARNING,
    SecurityEventKind.RESET_REFUSED: Severity.WARNING,
    SecurityEventKind.FACTOR_REFUSED: Severity.WARNING,
    SecurityEventKind.REFRESH_REUSED: Severity.WARNING,
    SecurityEventKind.STAFF_RIGHT_REFUSED: Severity.WARNING,
    SecurityEventKind.CONFIRMATION_REFUSED: Severity.WARNING,
}


def severity_of(kind: SecurityEventKind) -> Severity:
    """How grave events of a kind are."""
    return _GRAVE.get(kind, Severity.INFO)


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """Equal things that happened within a moment are one event.

    Attributes:
        at: the latest of them.
        source: network address, as `idp.source.source_of` gives it.
        detail: short words and numbers; no personal data, no secret.
        times: how many there were.
    """

    id: str
    at: dt.datetime
    kind: SecurityEventKind
    severity: Severity
    account_id: str | None = None
    source: str | None = field(default=None, repr=False)
    client_id: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
