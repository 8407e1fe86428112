"""From proofs to a session: the one way in, whatever a person logs in with.

Each method of log-in proves one thing and hands the proof over here. When what was proved is enough for whom it is
for, a session opens; until then the proofs are kept for this browser only, and the page of the next step shows. Nothing
that is kept is good for anything but that step (attacks O-50, O-55).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import Conflict
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Text
from idp import levels
from idp.abuse.devices import KnownDevices, Seen
from idp.errors import StepGone
from idp.levels import TWO_FACTORS
from idp.login.circumstances import Circumstances
from idp.login.interactions import Interactions
from idp.login.open_session import OpenedSession, OpenSession
from idp.login.ports import LoginPolicy, Requirement, SecondFactor, Vouching
from idp.login.proofs import Method, Proof, acr_of, adds, amr_of, resting_on
from idp.login.sessions import Authentication
from idp.logout.deliver import DeliverLogouts
from idp.model import Account, AccountStatus, NoticeKind
from idp.ports import AccountStore
from idp.source import source_of
from idp.telling import TellPerson
from idp.token_uses import STEP
from keys.ports import TokenDigests

GUARDED_PAGES = ("/me/security", "/me/details", "/me/data-copy", "/me/close", "/me/entrustments/new")
"""Where ways to log in change, or a person's data leave: whoever has two factors shows both (ASVS 7.5.1)."""

"""Below it people change how they log in."""

_LIFETIME = 600
_SWAPS = 8


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person has logged in; the page sets the cookie and goes on."""

    session_cookie_value: str = field(repr=False)
    account: str
    device_cookie_value: str = field(repr=False)
    interaction_id: str | None = field(default=None, repr=False)
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class MoreNeeded:
    """Not enough yet; the page sets the step's cookie and shows what can be added."""

    step_cookie_value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A log-in that has begun.

    Attributes:
        proofs: what was proved, in order.
        required: what they must reach, and what to go for.
        interaction_id: the portal's request that it is for.
        goal: the page of ours that it is for.
    """

    account_id: str
    proofs: tuple[Proof, ...]
    required: Requirement
    interaction_id: str | None = field(default=None, repr=False)
    goal: str | None = None


class LoginSteps:
    """The use case."""

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        interactions: Interactions,
        policy: LoginPolicy,
        factors: Sequence[SecondFactor],
        open_session: OpenSession,
        vouching: Vouching,
        devices: KnownDevices,
        tell: TellPerson,
        deliver: DeliverLogouts,
        kv: KeyValueStore,
        digests: TokenDigests,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._interactions = interactions
        self._policy = policy
        self._factors = factors
        self._open = open_session
        self._vouching = vouching
        self._devices = devices
        self._tell = tell
        self._deliver = deliver
        self._kv = kv
        self._digests = digests
        self._clock = clock

    async def proved(self, account: Account, proof: Proof, circumstances: Circumstances) -> SignedIn | MoreNeeded:
        """Take a proof of an active account.

        A log-in of the same person that has begun in this browser goes on; one of somebody else is forgotten.

        Raises:
            InteractionGone: the portal's request has expired.
        """
        assert account.status is AccountStatus.ACTIVE, "whoever proved it must have looked"
        cookie, kept = circumstances.step_cookie, await self._kept(circumstances.step_cookie)
        if cookie is None or kept is None or kept.account_id != account.id:
            required = await self._required(account, circumstances)
            begun = PendingLogin(account.id, (proof,), required, circumstances.interaction_id, circumstances.goal)
            if _enough(begun) or await self._is_all_there_is(begun):
                return await self._signed_in(account, begun, circumstances)
            return MoreNeeded(await self._begin(begun))
        grown = await self._add(cookie, proof)
        if not _enough(grown) and not await self._is_all_there_is(grown):
            return MoreNeeded(cookie)
        if await self._kv.take(self._key(cookie)) is None:
            raise StepGone(private="finished by another request")
        return await self._signed_in(account, grown, circumstances)

    async def pending(self, step_cookie: str | None) -> PendingLogin:
        """The log-in that has begun in a browser, for the pages of its next steps.

        Raises:
            StepGone: there is none, or it took too long.
        """
        kept = await self._kept(step_cookie)
        if kept is None:
            raise StepGone
        return kept

    async def account(self, pending: PendingLogin) -> Account:
        """Whose log-in it is.

        Raises:
            StepGone: the account was frozen or closed meanwhile.
        """
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, pending.account_id)
        if account is None or account.status is not AccountStatus.ACTIVE:
            raise StepGone(private="account out of use")
        return account

    async def options(self, pending: PendingLogin) -> Sequence[Method]:
        """What the person could add, in the order of preference; empty when they have nothing that would help."""
        account = await self.account(pending)
        counts = pending.required.methods
        useful = [
            one
            for one in self._factors
            if (counts is None or one.method in counts) and adds(one.method, _counted(pending))
        ]
        return [one.method for one in useful if await one.usable(account)]

    async def give_up(self, step_cookie: str | None) -> None:
        """Forget the log-in that has begun."""
        if step_cookie is not None:
            await self._kv.delete(self._key(step_cookie))

    async def _is_all_there_is(self, begun: PendingLogin) -> bool:
        """Whether more is wanted than this person has, but not demanded: then the log-in goes on with less.

        A portal is told that its requirement was not met (OIDC Core §5.5.1.1); what our own policy demands stays.
        """
        return _reached(begun) >= levels.rank(begun.required.must) and not await self.options(begun)

    async def _required(self, account: Account, circumstances: Circumstances) -> Requirement:
        client_id: str | None = None
        wanted: tuple[str, ...] = ()
        if circumstances.interaction_id is not None:
            request = (await self._interactions.pending(circumstances.interaction_id)).request
            client_id = request.client_id
            wishes = levels.for_log_in(request.acr_values)
            preferred = tuple(acr for acr in wishes if levels.rank(acr))[:1]
            wanted = levels.for_log_in(request.claims.essential_acr) or preferred
        async with self._database.read() as tx:
            roles = await self._accounts.roles(tx, account.id)
        required = await self._policy.needed(account, roles, circumstances, client_id=client_id, wanted_acr=wanted)
        if _guarded(circumstances.goal):  # a second factor guards the list of factors itself
            required = dataclasses.replace(required, wanted=max(required.wanted, TWO_FACTORS, key=levels.rank))
        return required

    async def _begin(self, begun: PendingLogin) -> str:
        cookie = new_secret()
        await self._kv.put(self._key(cookie), msgspec.json.encode(begun), _LIFETIME)
        return cookie

    async def _add(self, cookie: str, proof: Proof) -> PendingLogin:
        for _ in range(_SWAPS):
            raw = await self._kv.get(self._key(cookie))
            if raw is None:
                raise StepGone
            kept = msgspec.json.decode(raw, type=PendingLogin)
            others = tuple(one for one in kept.proofs if one.method is not proof.method)
            grown = dataclasses.replace(kept, proofs=(*others, proof))
            if await self._kv.compare_and_swap(self._key(cookie), raw, msgspec.json.encode(grown), _LIFETIME):
                return grown
        raise Conflict(
            "step-busy",
            Text(
                "这次登录正在另一个页面里进行，请只留一个页面。", "This log-in is open in another tab. Keep only one."
            ),
        )

    async def _kept(self, cookie: str | None) -> PendingLogin | None:
        raw = None if cookie is None else await self._kv.get(self._key(cookie))
        return None if raw is None else msgspec.json.decode(raw, type=PendingLogin)

    async def _signed_in(self, account: Account, done: PendingLogin, circumstances: Circumstances) -> SignedIn:
        how = Authentication(
            "+".join(proof.label for proof in done.proofs),
            acr_of(done.proofs),
            amr_of(done.proofs),
            at=max(proof.at for proof in done.proofs),
            provider=next((proof.vouched.provider_id for proof in done.proofs if proof.vouched), None),
            user_agent=circumstances.user_agent,
            source=source_of(circumstances.source),
        )
        opened, seen = await self._opened(account, done, circumstances, how)
        await self._deliver.attempt(opened.deliveries)
        if done.interaction_id is not None:
            await self._interactions.signed_in(done.interaction_id, opened.session.cookie_digest)
        return SignedIn(opened.cookie, account.id, seen.cookie, done.interaction_id, done.goal)

    async def _opened(
        self, account: Account, done: PendingLogin, here: Circumstances, how: Authentication
    ) -> tuple[OpenedSession, Seen]:
        told = None
        async with self._database.quick_write() as tx:
            await self._check_still_so(tx, account, done)
            opened = await self._open(tx, account, here.session_cookie, how)
            for proof in done.proofs:
                if proof.vouched is not None:
                    await self._vouching.begin(tx, opened.session, proof.vouched)
            seen = await self._devices.seen(tx, account.id, here.device_cookie, here.user_agent)
            if seen.new:
                told = await self._tell.write(tx, account.id, NoticeKind.NEW_DEVICE, source=here.source)
            await tx.commit()
        if told is not None:
            self._tell.send(told)
        return opened, seen

    async def _check_still_so(self, tx: WriteTx, account: Account, done: PendingLogin) -> None:
        """Whoever freezes the account or changes the password now waits, and then finds the session that opens here.

        Raises:
            StepGone: they were first.
        """
        held = await self._accounts.hold(tx, account.id)
        if held is None or held.status is not AccountStatus.ACTIVE:
            raise StepGone(private="account out of use")
        stands = {"", resting_on(held.password_hash)}
        if any(proof.rests_on not in stands for proof in done.proofs):
            raise StepGone(private="the password was changed meanwhile")

    def _key(self, cookie: str) -> str:
        return f"idp:step:{self._digests.digest(STEP, cookie)}"


def _enough(login: PendingLogin) -> bool:
    return _reached(login) >= levels.rank(login.required.wanted)


def _reached(login: PendingLogin) -> int:
    """The rank of what was proved; 0 while nothing counts."""
    counted = _counted(login)
    return levels.rank(acr_of(counted)) if counted else 0


def _counted(login: PendingLogin) -> Sequence[Proof]:
    """The proofs that count for whom the log-in is for."""
    counts = login.required.methods
    return [proof for proof in login.proofs if counts is None or proof.method in counts]


def _guarded(goal: str | None) -> bool:
    return goal is not None and any(goal == page or goal.startswith(f"{page}/") for page in GUARDED_PAGES)
