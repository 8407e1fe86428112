"""A person's own certificates: bound to the account, seen, removed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database, ReadTx
from core.ids import new_id
from idp import real_name
from idp.directory import PersonVault
from idp.factors.certificates.errors import CertificateNotAccepted, CertificateOthers, ShowingGone
from idp.factors.certificates.log_in import number_indexes
from idp.factors.certificates.model import Begun, BoundCertificate, Purpose, Shown, certificate_name_context
from idp.factors.certificates.ports import CertificateStore
from idp.factors.certificates.showing import Showing
from idp.factors.changes import BoundKeyEvidence
from idp.factors.errors import KeyUnknown, TooManyKeys
from idp.factors.key_names import read_key_name
from idp.factors.strong import StrongVisits, actor_of
from idp.factors.ways_in import HeldKeys, WaysIn
from idp.login.proofs import Method
from idp.login.sessions import Visit
from idp.model import Account, NoticeKind
from idp.ports import AccountStore
from idp.telling import TellPerson
from keys.ports import FieldCipher
from keys.trust.model import Assurance

_TOLD = {"factor": Method.CERTIFICATE.value}
MOST = 10
"""Certificates of one person."""


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """One of them, as its owner sees it."""

    id: str
    name: str = field(repr=False)
    issuer: str
    bound: bool
    not_after: dt.datetime
    created_at: dt.datetime
    used_at: dt.datetime | None


class OwnCertificates:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        certificates: CertificateStore,
        accounts: AccountStore,
        showing: Showing,
        visits: StrongVisits,
        ways_in: WaysIn,
        vault: PersonVault,
        fields: FieldCipher,
        evidence: BoundKeyEvidence,
        tell: TellPerson,
        clock: Clock,
    ) -> None:
        self._database = database
        self._certificates = certificates
        self._accounts = accounts
        self._showing = showing
        self._visits = visits
        self._ways_in = ways_in
        self._vault = vault
        self._fields = fields
        self._evidence = evidence
        self._tell = tell
        self._clock = clock

    async def of(self, account_id: str) -> Sequence[OwnCertificate]:
        """In the order in which they were bound."""
        async with self._database.read() as tx:
            return [self._shown(one) for one in await self._certificates.of_account(tx, account_id)]

    async def get(self, account_id: str, certificate_id: str) -> OwnCertificate:
        """
        Raises:
            KeyUnknown: also for somebody else's (attacks O-68).
        """
        async with self._database.read() as tx:
            return self._shown(await self._own(tx, account_id, certificate_id))

    async def begin(self, session_cookie: str | None, browser: str, name: str) -> str:
        """The word to go to the TLS handshake with, to bind what is shown there.

        Args:
            browser: a secret that only this browser has.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            KeyNameInvalid
        """
        visit = await self._visits.require(session_cookie)
        called, stands_for = read_key_name(name), self._showing.browser(browser)
        return await self._showing.begin(Begun(Purpose.BIND, stands_for, session_id=visit.session.id, name=called))

    async def bind(self, session_cookie: str | None, shown: Shown) -> None:
        """Bind what was shown to the account that began it.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            ShowingGone: begun in another session.
            CertificateNotAccepted
            CertificateOthers: it names somebody else, or somebody has bound it (attacks O-57).
            TooManyKeys
        """
        visit = await self._visits.require(session_cookie)
        if shown.begun.purpose is not Purpose.BIND or shown.begun.session_id != visit.session.id:
            raise ShowingGone(private="another session")
        if shown.fault is not None:
            raise CertificateNotAccepted(shown.fault)
        await self._keep(visit, self._certificate(visit.account.id, shown), shown)

    async def remove(self, session_cookie: str | None, certificate_id: str) -> None:
        """
        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            KeyUnknown: also for somebody else's.
            LastWayIn
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.write() as tx:
            held = await self._own(tx, visit.account.id, certificate_id)
            await self._ways_in.require_other(tx, visit.account, Method.CERTIFICATE, certificate_id)
            await self._certificates.remove(tx, certificate_id, account_id=visit.account.id)
            if held.bound:
                await self._evidence.unbound(tx, visit.account.id, method=Method.CERTIFICATE, reference=certificate_id)
            detail = {"certificate": certificate_id}
            tx.audit(AuditEvent("certificate.unbind", "done", actor_of(visit), visit.account.id, detail=detail))
            told = await self._tell.write(tx, visit.account.id, NoticeKind.FACTOR_REMOVED, detail=_TOLD)
            await tx.commit()
        self._tell.send(told)

    async def _keep(self, visit: Visit, certificate: BoundCertificate, shown: Shown) -> None:
        account = visit.account
        async with self._database.write() as tx:
            if not await self._is_own(tx, account.id, shown) or not await self._certificates.add(tx, certificate):
                raise CertificateOthers
            if len(await self._certificates.of_account(tx, account.id)) > MOST:
                raise TooManyKeys(MOST)  # the unit of work is rolled back
            if certificate.bound and account.level >= real_name.IN_PERSON:
                until = certificate.not_after
                await self._evidence.bound(
                    tx, account, method=Method.CERTIFICATE, reference=certificate.id, until=until
                )
            detail: Detail = {"certificate": certificate.id, "bound": certificate.bound}
            tx.audit(AuditEvent("certificate.bind", "done", actor_of(visit), account.id, detail=detail))
            told = await self._tell.write(tx, account.id, NoticeKind.FACTOR_ADDED, detail=_TOLD)
            await tx.commit()
        self._tell.send(told)

    async def _is_own(self, tx: ReadTx, account_id: str, shown: Shown) -> bool:
        """Whether it names nobody, or this very person."""
        if not shown.numbers:
            return True
        indexes = number_indexes(self._vault, shown.numbers, self._clock)
        named = await self._accounts.by_identifier(tx, indexes) if indexes else None
        return named is not None and named.id == account_id

    async def _own(self, tx: ReadTx, account_id: str, certificate_id: str) -> BoundCertificate:
        for one in await self._certificates.of_account(tx, account_id):
            if one.id == certificate_id:
                return one
        raise KeyUnknown

    def _certificate(self, account_id: str, shown: Shown) -> BoundCertificate:
        assert shown.not_after is not None, "one that was accepted"
        certificate_id = new_id(self._clock, "pct")
        return BoundCertificate(
            id=certificate_id,
            account_id=account_id,
            thumbprint=shown.thumbprint,
            name=self._fields.encrypt(shown.begun.name, context=certificate_name_context(certificate_id)),
            issuer=shown.issuer,
            bound=shown.assurance is Assurance.HIGH and not shown.by_challenge,
            not_after=shown.not_after,
            created_at=self._clock.now(),
        )

    def _shown(self, held: BoundCertificate) -> OwnCertificate:
        name = self._fields.decrypt(held.name, context=certificate_name_context(held.id))
        return OwnCertificate(held.id, name, held.issuer, held.bound, held.not_after, held.created_at, held.used_at)


class CertificateFactor:
    """Implements `idp.login.ports.SecondFactor`.

    Args:
        shown: certificates can be shown here, in a handshake or by signing.
    """

    method = Method.CERTIFICATE

    def __init__(self, database: Database, in_force: HeldKeys, *, shown: bool) -> None:
        self._database = database
        self._in_force = in_force
        self._shown = shown

    async def usable(self, account: Account) -> bool:
        """Whether they have bound one that has not run out."""
        if not self._shown:
            return False
        async with self._database.read() as tx:
            return bool(await self._in_force.held(tx, account.id))
