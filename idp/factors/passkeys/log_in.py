"""Log-in by passkey, without typing: the device says who it is and proves it (WebAuthn L3 §7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.principal import ANONYMOUS
from idp.factors.changes import BoundKeyEvidence
from idp.factors.errors import AccountOutOfUse, PasskeyNotAccepted, PasskeySuspended
from idp.factors.passkeys.challenges import Ceremony, Challenges
from idp.factors.passkeys.enrol import TOLD
from idp.factors.passkeys.model import Passkey
from idp.factors.passkeys.ports import PasskeyStore
from idp.factors.refusals import Refusals
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.proofs import Kind, Method, Proof
from idp.login.steps import LoginSteps, MoreNeeded, SignedIn
from idp.model import Account, AccountStatus, NoticeKind
from idp.ports import AccountStore
from idp.telling import TellPerson, Told
from keys.passkeys.answers import presented
from keys.passkeys.ceremonies import judge_authentication
from keys.passkeys.model import Asserted, PasskeyRefused, RelyingParty

_KINDS = frozenset({Kind.POSSESSION, Kind.KNOWLEDGE})  # the device, and its PIN or the finger that stands for it
_SUSPENDED_REASON = "passkey-suspended"
_SUSPENDED = {**TOLD, "why": "suspended"}
_AMR = ("pop", "user")
_AMR_HARDWARE = ("pop", "hwk", "user")


@dataclass(frozen=True, slots=True)
class _Found:
    """A passkey and whose it is."""

    passkey: Passkey
    account: Account = field(repr=False)


class LogInByPasskey:
    """The use case."""

    def __init__(
        self,
        database: Database,
        passkeys: PasskeyStore,
        accounts: AccountStore,
        interactions: Interactions,
        challenges: Challenges,
        steps: LoginSteps,
        evidence: BoundKeyEvidence,
        tell: TellPerson,
        refusals: Refusals,
        party: RelyingParty,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passkeys = passkeys
        self._accounts = accounts
        self._interactions = interactions
        self._challenges = challenges
        self._steps = steps
        self._evidence = evidence
        self._tell = tell
        self._refusals = refusals
        self._party = party
        self._clock = clock

    async def __call__(self, answer: str, browser: str, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """
        Args:
            answer: JSON of the credential, as the browser sent it.
            browser: the secret that the challenge was made for.

        Raises:
            PasskeyNotAccepted: it proves nothing.
            PasskeySuspended: it looks copied; it is out of use from now on.
            AccountOutOfUse: only after the right passkey.
            InteractionGone: the portal's request has expired.
        """
        if circumstances.interaction_id is not None:
            await self._interactions.pending(circumstances.interaction_id)
        found, asserted = await self._judge(answer, browser, circumstances)
        if found.account.status is not AccountStatus.ACTIVE:
            await self._refused(found, f"account-{found.account.status.value}", circumstances)
            raise AccountOutOfUse
        await self._use(found, asserted, circumstances)
        return await self._steps.proved(found.account, self._proof(found.passkey), circumstances)

    async def _judge(self, answer: str, browser: str, here: Circumstances) -> tuple[_Found, Asserted]:
        try:
            said = presented(answer)
            if not await self._challenges.take(said.challenge, Ceremony.LOG_IN, browser):
                raise PasskeyNotAccepted(private="challenge")
            found = await self._find(said.credential_id)
            passkey = found.passkey
            asserted = judge_authentication(
                answer,
                said.challenge,
                self._party,
                credential_id=passkey.credential_id,
                public_key=passkey.public_key,
                user_handle=passkey.user_handle,
            )
        except PasskeyRefused as error:
            raise PasskeyNotAccepted(private=str(error)) from None
        if asserted.backup_eligible != passkey.backup_eligible:  # WebAuthn L3 §7.2 step 20
            await self._refused(found, "passkey-changed", here)
            raise PasskeyNotAccepted(private="backup eligibility has changed")
        return found, asserted

    async def _find(self, credential_id: bytes) -> _Found:
        async with self._database.read() as tx:
            passkey = await self._passkeys.by_credential(tx, credential_id)
            account = None if passkey is None else await self._accounts.get(tx, passkey.account_id)
        if passkey is None or account is None:
            raise PasskeyNotAccepted(private="unknown credential")
        return _Found(passkey, account)

    async def _use(self, found: _Found, asserted: Asserted, here: Circumstances) -> None:
        """Write the use down; a counter that does not go on says that there are two (WebAuthn L3 §7.2 step 22)."""
        passkey = found.passkey
        async with self._database.write() as tx:
            if await self._passkeys.used(
                tx,
                passkey.id,
                sign_count=asserted.sign_count,
                backed_up=asserted.backed_up,
                at=self._clock.now(),
            ):
                await tx.commit()
                return
            told = await self._suspended(tx, passkey)
            tx.audit(_refusal(found, _SUSPENDED_REASON))
            await tx.commit()
        self._note(found, _SUSPENDED_REASON, here)
        if told is not None:
            self._tell.send(told)
        raise PasskeySuspended

    async def _suspended(self, tx: WriteTx, passkey: Passkey) -> Told | None:
        """Out of use from now on; None where it was so already."""
        if not await self._passkeys.suspend(tx, passkey.id):
            return None
        await self._evidence.unbound(tx, passkey.account_id, method=Method.PASSKEY, reference=passkey.id)
        return await self._tell.write(tx, passkey.account_id, NoticeKind.FACTOR_REMOVED, detail=_SUSPENDED)

    def _proof(self, passkey: Passkey) -> Proof:
        amr = _AMR if passkey.model is None else _AMR_HARDWARE
        return Proof(Method.PASSKEY, amr, _KINDS, self._clock.now(), bound=passkey.bound)

    async def _refused(self, found: _Found, reason: str, here: Circumstances) -> None:
        self._note(found, reason, here)
        await self._database.record(_refusal(found, reason))

    def _note(self, found: _Found, reason: str, here: Circumstances) -> None:
        self._refusals.note(found.account.id, Method.PASSKEY, reason, source=here.source, user_agent=here.user_agent)


def _refusal(found: _Found, reason: str) -> AuditEvent:
    detail = {"reason": reason, "passkey": found.passkey.id}
    return AuditEvent("session.start", "refused", ANONYMOUS, found.account.id, detail=detail)
