"""Log-in by certificate: whose it is, told by who has bound it, or by the ID number that its authority put into it."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx
from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from core.kv.port import KeyValueStore
from core.principal import ANONYMOUS
from idp.directory import PersonVault
from idp.factors.certificates.errors import CertificateNobodys, CertificateNotAccepted, ShowingGone, too_many_starts
from idp.factors.certificates.model import Begun, BoundCertificate, Purpose, Shown
from idp.factors.certificates.ports import CertificateStore
from idp.factors.certificates.showing import Showing
from idp.factors.errors import AccountOutOfUse
from idp.factors.refusals import Refusals
from idp.identifiers import CITIZEN_ID
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account, AccountStatus
from idp.ports import AccountStore
from idp.settings import IdpSettings
from idp.source import source_of
from keys.trust.model import Assurance

_WINDOW = 60  # seconds
_AMR = ("swk",)
_AMR_HIGH = ("sc", "pin")
_BY_NUMBER = frozenset({Assurance.SUBSTANTIAL, Assurance.HIGH})
"""How sure an authority must be of whom it certified, for the ID number in its certificates to count."""


class LogInByCertificate:
    """The use case."""

    def __init__(
        self,
        database: Database,
        certificates: CertificateStore,
        accounts: AccountStore,
        interactions: Interactions,
        showing: Showing,
        steps: LoginSteps,
        vault: PersonVault,
        refusals: Refusals,
        kv: KeyValueStore,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._certificates = certificates
        self._accounts = accounts
        self._interactions = interactions
        self._showing = showing
        self._steps = steps
        self._vault = vault
        self._refusals = refusals
        self._kv = kv
        self._clock = clock
        self._settings = settings

    async def begin(self, browser: str, circumstances: Circumstances) -> str:
        """The word to go to the TLS handshake with.

        Args:
            browser: a secret that only this browser has.

        Raises:
            InteractionGone: the portal's request has expired.
            LimitExceeded: `too-many-starts`.
        """
        await self._admit(circumstances.source)
        if circumstances.interaction_id is not None:
            await self._interactions.pending(circumstances.interaction_id)
        return await self._showing.begin(
            Begun(
                Purpose.LOG_IN,
                self._showing.browser(browser),
                interaction_id=circumstances.interaction_id,
                goal=circumstances.goal,
            )
        )

    async def __call__(self, shown: Shown, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Args:
            shown: what `Showing.take` gave to this browser.
            circumstances: with the portal's request and the page that the log-in was begun for.

        Raises:
            CertificateNotAccepted, CertificateNobodys.
            AccountOutOfUse: only after the right certificate.
            InteractionGone: the portal's request has expired.
        """
        if shown.begun.purpose is not Purpose.LOG_IN:
            raise ShowingGone(private="begun for something else")
        if shown.fault is not None:
            raise CertificateNotAccepted(shown.fault)
        async with self._database.read() as tx:
            bound = await self._certificates.by_thumbprint(tx, shown.thumbprint)
            account = await self._whose(tx, bound, shown)
        if account is None:
            raise CertificateNobodys
        if account.status is not AccountStatus.ACTIVE:
            await self._refused(account, f"account-{account.status.value}", circumstances)
            raise AccountOutOfUse
        if bound is not None:
            await self._used(bound)
        return await self._steps.proved(account, self._proof(shown), circumstances)

    async def _admit(self, source: str) -> None:
        place = source_of(source)
        if await self._kv.incr(f"idp:cert-starts:{place}", _WINDOW) > self._settings.certificate_starts:
            raise too_many_starts(_WINDOW)

    async def _whose(self, tx: ReadTx, bound: BoundCertificate | None, shown: Shown) -> Account | None:
        if bound is not None:
            return await self._accounts.get(tx, bound.account_id)
        if shown.assurance not in _BY_NUMBER:
            return None
        indexes = number_indexes(self._vault, shown.numbers, self._clock)
        return await self._accounts.by_identifier(tx, indexes) if indexes else None

    async def _used(self, bound: BoundCertificate) -> None:
        async with self._database.write() as tx:
            if not await self._certificates.used(tx, bound.id, self._clock.now()):
                raise CertificateNobodys  # its owner has just removed it
            await tx.commit()

    def _proof(self, shown: Shown) -> Proof:
        """Authorities of high assurance give out keys in devices with a PIN, which their holders cannot copy. What such
        a key signed can still be passed on, where it was no handshake with us."""
        if shown.assurance is Assurance.HIGH:
            kinds = frozenset({Kind.POSSESSION, Kind.KNOWLEDGE})
            return Proof(Method.CERTIFICATE, _AMR_HIGH, kinds, self._clock.now(), bound=not shown.by_challenge)
        return Proof(Method.CERTIFICATE, _AMR, frozenset({Kind.POSSESSION}), self._clock.now())

    async def _refused(self, account: Account, reason: str, here: Circumstances) -> None:
        self._refusals.note(account.id, Method.CERTIFICATE, reason, source=here.source, user_agent=here.user_agent)
        await self._database.record(
            AuditEvent("session.start", "refused", ANONYMOUS, account.id, detail={"reason": reason})
        )


def number_indexes(vault: PersonVault, numbers: Sequence[str], clock: Clock) -> tuple[bytes, ...]:
    """The blind indexes of the one ID number that a certificate names; empty where it names none, or several."""
    found = set()
    for one in numbers:
        try:
            found.add(parse_citizen_id(one, today=calendar_day(clock.now())).number)
        except InvalidInput:
            continue
    return vault.indexes(CITIZEN_ID, found.pop()) if len(found) == 1 else ()
