"""Where what the repository and the audit log find odd becomes a security event."""

from __future__ import annotations

from certstore.alerts.ports import AlertSink
from certstore.alerts.rules import Oddity, Seen
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents

_KINDS = {
    Oddity.SWEEP: SecurityEventKind.LICENCE_SWEEP,
    Oddity.OFF_HOURS: SecurityEventKind.LICENCE_OFF_HOURS,
    Oddity.QUOTA: SecurityEventKind.LICENCE_QUOTA,
    Oddity.ONE_CASE: SecurityEventKind.LICENCE_ONE_CASE,
    Oddity.PROBING: SecurityEventKind.LICENCE_PROBING,
}


class OddLooks:
    """`certstore.alerts.ports.AlertSink`."""

    def __init__(self, events: SecurityEvents) -> None:
        self._events = events

    def tell(self, oddity: Oddity, event: Seen) -> None:
        detail = {"action": event.action, "organisation": event.organisation or ""}
        account, client = (event.actor_id, None) if event.staff else (None, event.actor_id)
        self._events.note(_KINDS[oddity], account_id=account, client_id=client, detail=detail)


class AuditAlarm:
    """Tells that the audit log is not what was signed."""

    def __init__(self, events: SecurityEvents) -> None:
        self._events = events

    def __call__(self, code: str) -> None:
        self._events.note(SecurityEventKind.AUDIT_LOG_CHANGED, detail={"fault": code})


_: type[AlertSink] = OddLooks
