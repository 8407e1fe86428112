"""Making a passkey: a person who has just shown that it is they adds one of their devices (WebAuthn L3 §7.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.ids import new_id
from idp import real_name
from idp.directory import PersonVault
from idp.factors.changes import BoundKeyEvidence
from idp.factors.errors import PasskeyNotMade, TooManyKeys
from idp.factors.key_names import read_key_name
from idp.factors.passkeys.challenges import Ceremony, Challenges
from idp.factors.passkeys.model import Passkey, PasskeyState, name_context
from idp.factors.passkeys.ports import PasskeyStore
from idp.factors.strong import StrongVisits, actor_of
from idp.login.proofs import Method
from idp.login.sessions import Visit
from idp.model import NoticeKind
from idp.telling import TellPerson
from keys.passkeys.answers import challenge_of
from keys.passkeys.ceremonies import judge_registration
from keys.passkeys.model import AttestationMode, AttestationPolicy, NewPasskey, PasskeyRefused, RelyingParty
from keys.ports import FieldCipher

TOLD = {"factor": Method.PASSKEY.value}
MOST = 10
"""Passkeys of one person."""


@dataclass(frozen=True, slots=True)
class EnrolmentTerms:
    """What the browser must be told to make a passkey.

    Attributes:
        user_name: what the authenticator shows its holder, besides their name; no ID number.
        known: credentials of this person, so that no device makes a second one.
        attested: the authenticator is asked to prove its model.
    """

    challenge: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    user_name: str = field(repr=False)
    known: Sequence[Passkey]
    attested: bool


class EnrolPasskey:
    """The use case."""

    def __init__(
        self,
        database: Database,
        passkeys: PasskeyStore,
        visits: StrongVisits,
        challenges: Challenges,
        vault: PersonVault,
        fields: FieldCipher,
        evidence: BoundKeyEvidence,
        tell: TellPerson,
        party: RelyingParty,
        policy: AttestationPolicy,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passkeys = passkeys
        self._visits = visits
        self._challenges = challenges
        self._vault = vault
        self._fields = fields
        self._evidence = evidence
        self._tell = tell
        self._party = party
        self._policy = policy
        self._clock = clock

    async def begin(self, session_cookie: str | None) -> EnrolmentTerms:
        """
        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            TooManyKeys: ten.
        """
        visit = await self._visits.require(session_cookie)
        async with self._database.read() as tx:
            known = await self._passkeys.of_account(tx, visit.account.id)
        if len(known) >= MOST:
            raise TooManyKeys(MOST)
        return EnrolmentTerms(
            self._challenges.make(Ceremony.ENROL, visit.session.id),
            user_handle_of(visit.account.id),
            self._vault.name(visit.account),
            known,
            self._policy.mode is not AttestationMode.NONE,
        )

    async def __call__(self, session_cookie: str | None, answer: str, name: str) -> Passkey:
        """Keep the passkey that the authenticator made.

        Args:
            answer: JSON of the credential.
            name: what its owner calls it.

        Raises:
            NotAuthenticated, NotFresh, NotStrong: as `StrongVisits.require`.
            PasskeyNotMade: the answer is not accepted, is late, or the passkey is known already.
            KeyNameInvalid
            TooManyKeys
        """
        visit = await self._visits.require(session_cookie)
        called, now = read_key_name(name), self._clock.now()
        try:
            challenge = challenge_of(answer)
            if not await self._challenges.take(challenge, Ceremony.ENROL, visit.session.id):
                raise PasskeyNotMade(private="challenge")
            made = judge_registration(answer, challenge, self._party, self._policy, now=now)
        except PasskeyRefused as error:
            raise PasskeyNotMade(private=str(error)) from None
        return await self._kept(visit, self._passkey(visit.account.id, made, called))

    async def _kept(self, visit: Visit, passkey: Passkey) -> Passkey:
        async with self._database.write() as tx:
            if len(await self._passkeys.of_account(tx, passkey.account_id)) >= MOST:
                raise TooManyKeys(MOST)
            if not await self._passkeys.add(tx, passkey):
                raise PasskeyNotMade(private="credential known already")
            if passkey.bound and visit.account.level >= real_name.IN_PERSON:
                await self._evidence.bound(tx, visit.account, method=Method.PASSKEY, reference=passkey.id, until=None)
            detail: Detail = {"passkey": passkey.id, "aaguid": passkey.aaguid, "bound": passkey.bound}
            tx.audit(AuditEvent("passkey.add", "done", actor_of(visit), passkey.account_id, detail=detail))
            told = await self._tell.write(tx, passkey.account_id, NoticeKind.FACTOR_ADDED, detail=TOLD)
            await tx.commit()
        self._tell.send(told)
        return passkey

    def _passkey(self, account_id: str, made: NewPasskey, name: str) -> Passkey:
        passkey_id = new_id(self._clock, "pky")
        trusted = made.model is not None or self._policy.mode is AttestationMode.NONE
        return Passkey(
            id=passkey_id,
            account_id=account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            user_handle=user_handle_of(account_id),
            aaguid=made.aaguid,
            model=made.model,
            sign_count=made.sign_count,
            backup_eligible=made.backup_eligible,
            backed_up=made.backed_up,
            bound=trusted and not made.backup_eligible,
            transports=made.transports,
            name=self._fields.encrypt(name, context=name_context(passkey_id)),
            state=PasskeyState.ACTIVE,
            created_at=self._clock.now(),
        )


def user_handle_of(account_id: str) -> bytes:
    """Opaque, without personal data, the same for all passkeys of an account (WebAuthn L3 §14.6.1)."""
    return hashlib.sha256(f"passkey holder:{account_id}".encode()).digest()
