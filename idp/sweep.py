"""Removes what has expired, so that tables stay as large as what is alive (reference pain 1)."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence

from core.clock import Clock
from core.db.database import Database, WriteTx
from idp.abuse.devices import KEPT_FOR as KEEP_DEVICES
from idp.abuse.ports import KnownDeviceStore
from idp.ciba.ports import BackchannelStore
from idp.clients.sweeping import SweepRegistrations
from idp.evidence.ports import EvidenceStore
from idp.export.ports import ExportStore
from idp.factors.certificates.ports import CertificateStore
from idp.login_history.ports import LogInRecordStore
from idp.login_history.record import KEPT_FOR as KEEP_LOG_INS
from idp.persons.ports import PersonProposals
from idp.ports import DeliveryStore, NoticeStore, SessionStore, TokenStore
from idp.proofing.ports import WindowProofStore
from idp.security_events.log import KEPT as MOST_EVENTS
from idp.security_events.log import KEPT_FOR as KEEP_EVENTS
from idp.security_events.ports import SecurityEventStore
from idp.staff.ports import RoleProposals

_KEEP = dt.timedelta(days=1)  # a spent code or an ended session can still be told from an unknown one
_KEEP_DELIVERIES = dt.timedelta(days=30)
_KEEP_NOTICES = dt.timedelta(days=180)
_KEEP_CHANGES = dt.timedelta(days=30)  # of who somebody is; the audit log keeps who decided
_KEEP_CERTIFICATES = dt.timedelta(days=90)  # the owner still sees what has run out
_KEEP_DECIDED = dt.timedelta(days=365)  # the audit log keeps who decided what, for good
_KEEP_PROOFS = dt.timedelta(days=180)  # what a confirmed one says stands in the evidence
_KEEP_EVIDENCE = dt.timedelta(days=3 * 365)  # after it ended; the audit log keeps it for ever
_PAUSE = 0.01  # seconds between two parts
Remove = Callable[[WriteTx], Awaitable[int]]
"""Removes a part of what has expired; answers how many rows went."""


class SweepExpired:
    """For the worker, every few minutes."""

    def __init__(
        self,
        database: Database,
        tokens: TokenStore,
        sessions: SessionStore,
        deliveries: DeliveryStore,
        notices: NoticeStore,
        registrations: SweepRegistrations,
        backchannel: BackchannelStore,
        log_ins: LogInRecordStore,
        certificates: CertificateStore,
        exports: ExportStore,
        evidence: EvidenceStore,
        windows: WindowProofStore,
        events: SecurityEventStore,
        devices: KnownDeviceStore,
        role_proposals: RoleProposals,
        person_changes: PersonProposals,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._sessions = sessions
        self._deliveries = deliveries
        self._notices = notices
        self._registrations = registrations
        self._backchannel = backchannel
        self._log_ins = log_ins
        self._certificates = certificates
        self._exports = exports
        self._evidence = evidence
        self._windows = windows
        self._events = events
        self._devices = devices
        self._role_proposals = role_proposals
        self._person_changes = person_changes
        self._clock = clock

    async def __call__(self) -> int:
        """How many rows went. A part at a time, each a unit of work of its own, with room for others between them."""
        now, count = self._clock.now(), 0
        for remove in self._steps(now):
            while removed := await self._part(remove):
                count += removed
                await asyncio.sleep(_PAUSE)
        return count

    def _steps(self, now: dt.datetime) -> Sequence[Remove]:
        return (
            lambda tx: self._tokens.delete_expired(tx, now - _KEEP),
            lambda tx: self._sessions.delete_expired(tx, now - _KEEP),
            lambda tx: self._deliveries.delete_finished(tx, now - _KEEP_DELIVERIES),
            lambda tx: self._notices.delete_before(tx, now - _KEEP_NOTICES),
            lambda tx: self._registrations(tx, now),
            lambda tx: self._backchannel.delete_expired(tx, now - _KEEP),
            lambda tx: self._log_ins.delete_before(tx, now - KEEP_LOG_INS),
            lambda tx: self._certificates.delete_expired(tx, now - _KEEP_CERTIFICATES),
            lambda tx: self._exports.delete_expired(tx, now),
            lambda tx: self._windows.lapse(tx, now),
            lambda tx: self._windows.delete_before(tx, now - _KEEP_PROOFS),
            lambda tx: self._evidence.delete_before(tx, now - _KEEP_EVIDENCE),
            lambda tx: self._events.trim(tx, before=now - KEEP_EVENTS, keep=MOST_EVENTS),
            lambda tx: self._devices.delete_before(tx, now - KEEP_DEVICES),
            lambda tx: self._role_proposals.delete_decided(tx, now - _KEEP_DECIDED),
            lambda tx: self._person_changes.delete_before(tx, now - _KEEP_CHANGES),
        )

    async def _part(self, remove: Remove) -> int:
        async with self._database.write() as tx:
            removed = await remove(tx)
            await tx.commit()
        return removed
