"""Tries with a key that were refused: in the person's own history, and before those who watch."""

from __future__ import annotations

from idp.login.proofs import Method
from idp.login_history.record import RecordLogIns
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.source import source_of


class Refusals:
    """Takes note; does not wait and never fails."""

    def __init__(self, history: RecordLogIns, events: SecurityEvents) -> None:
        self._history = history
        self._events = events

    def note(
        self,
        account_id: str,
        method: Method,
        reason: str,
        *,
        source: str,
        user_agent: str,
        kind: SecurityEventKind = SecurityEventKind.FACTOR_REFUSED,
    ) -> None:
        """
        Args:
            reason: a short word, as in the audit log.
            source, user_agent: of the browser that would have been logged in.
        """
        place = source_of(source)
        self._history.refused(account_id, method=method.value, reason=reason, source=place, user_agent=user_agent)
        self._events.note(kind, account_id=account_id, source=place, detail={"method": method.value, "reason": reason})
