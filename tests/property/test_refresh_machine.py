"""Random lives of token families against a model: rotation, lost answers, reuse, both ends, log-out (attacks O-36)."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from api.wiring.idp import sql_stores
from idp.errors import InvalidGrant
from idp.grants.base import TokenRequest
from idp.grants.refresh_token import RefreshTokenGrant
from idp.model import Client, ClientAuthMethod, Confirmation
from idp.notices import Notices
from idp.protocol.params import Parameters, parse_parameters
from idp.security_events.log import SecurityLog
from idp.settings import IdpSettings
from idp.telling import NoReach, TellPerson
from idp.tokens.lifetimes import RefreshLifetimes
from idp.tokens.refresh import RefreshTokens
from tests.conformance.idp_stores import account, client, family, indexes, session
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.idp_keys import keys_on, shared_ring
from tests.support.idp_world import ISSUER
from tests.support.servers import PostgresServer

DAY = 86400
SETTINGS = IdpSettings(issuer=ISSUER, even_answers=0)
KEY = Confirmation("jkt", "thumbprint")
CLIENTS = {
    "asymmetric": ClientAuthMethod.PRIVATE_KEY_JWT,
    "secret": ClientAuthMethod.BASIC,
    "public": ClientAuthMethod.NONE,
    "public-with-key": ClientAuthMethod.NONE,
}
# Written down a second time, so that a slip in the settings shows.
ENDS = {
    "asymmetric": (30 * DAY, 90 * DAY),
    "secret": (14 * DAY, 30 * DAY),
    "public": (7 * DAY, 30 * DAY),
    "public-with-key": (30 * DAY, 90 * DAY),
}
RETRY = 15
kinds = st.sampled_from(sorted(CLIENTS))
picks = st.integers(0, 3)
ages = st.sampled_from([0, 0, 0, 1, 1, 2])
pauses = st.sampled_from([0, 0, 1, 14, 16])
retry_keys = st.sampled_from([None, None, "one-and-the-same-key", "quite-another-key"])


@dataclass
class Model:
    """What should be true of a family."""

    kind: str
    offline: bool
    idle_end: dt.datetime
    absolute_end: dt.datetime
    handed: list[str] = field(default_factory=list)  # every token ever handed out; the last one is good
    stepped_at: dt.datetime | None = None
    stepped_under: str | None = None
    dead: bool = False
    reused: bool = False

    @property
    def stays(self) -> bool:
        return self.kind in ("asymmetric", "public-with-key")


class RefreshMachine(RuleBasedStateMachine):
    """One person, four clients, any number of families in one session."""

    server: PostgresServer | None = None
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-refresh-"))
        self.stack = AsyncExitStack()
        self.families: dict[str, Model] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        self.run(self._found())
        for kind in sorted(CLIENTS):
            self.begin(kind, offline=True)

    async def _found(self) -> None:
        self.clock = FakeClock()
        opened = (
            sqlite_database(self.folder, self.clock)
            if self.server is None
            else postgres_database(self.server, self.clock)
        )
        self.database = await self.stack.enter_async_context(opened)
        self.stores = sql_stores()
        keys = keys_on(await shared_ring(), self.clock)
        digests = keys.secrets.tokens
        self.tokens, self.lifetimes = RefreshTokens(digests, keys.ring), RefreshLifetimes(SETTINGS)
        notices = Notices(self.database, self.stores.notices, self.clock)
        events = SecurityLog(self.database, self.stores.abuse.security_events, self.clock)
        tell = TellPerson(notices, events, NoReach())
        self.grant = self.make(
            self.database, self.stores.tokens, self.tokens, self.lifetimes, tell, digests, self.clock, SETTINGS
        )
        self.session_end = self.clock.now() + dt.timedelta(hours=12)
        self.clients = {name: client(name, auth_method=method) for name, method in CLIENTS.items()}
        async with self.database.write() as tx:
            await self.stores.accounts.add(tx, account(), indexes())
            for one in self.clients.values():
                await self.stores.clients.add(tx, one)
            await self.stores.sessions.add(tx, session(expires_at=self.session_end))
            await tx.commit()

    def make(self, *parts: Any) -> RefreshTokenGrant:
        return RefreshTokenGrant(*parts)

    # -- what happens ------------------------------------------------------------------------------------------------

    @rule(kind=kinds, offline=st.booleans())
    def begin(self, kind: str, offline: bool) -> None:
        now, name = self.clock.now(), f"fam_{len(self.families):026d}"
        if now >= self.session_end:
            return
        idle, absolute = (dt.timedelta(seconds=seconds) for seconds in ENDS[kind])
        if not offline:
            idle, absolute = dt.timedelta(hours=1), self.session_end - now
        self.families[name] = Model(kind, offline, min(now + idle, now + absolute), now + absolute)
        self.families[name].handed.append(self.run(self._begin(name, self.clients[kind], offline)))

    async def _begin(self, name: str, owner: Client, offline: bool) -> str:
        now = self.clock.now()
        made = dataclasses.replace(
            family(
                name, client_id=owner.id, offline=offline, created_at=now, expires_at=now + dt.timedelta(seconds=60)
            ),
            confirmation=KEY if owner.id == "public-with-key" else None,
        )
        ends = self.lifetimes.first(owner, made, session_ends=self.session_end, now=now)
        async with self.database.write() as tx:
            await self.stores.tokens.add(tx, made)
            await self.stores.tokens.redeem(
                tx, name, at=now, expires_at=ends.idle, ends_at=ends.absolute, confirmation=made.confirmation
            )
            await tx.commit()
        return self.tokens.make(name, 0)

    @rule(pick=picks, moves=st.lists(st.tuples(ages, retry_keys, pauses), min_size=1, max_size=6))
    def refresh(self, pick: int, moves: list[tuple[int, str | None, int]]) -> None:
        """With the newest token, its predecessor, or an older one; a few times in a row."""
        model = self._picked(pick)
        for age, key, pause in moves:
            token = model.handed[max(0, len(model.handed) - 1 - age)]
            due = self._expected(model, token, key)
            (got,) = self.run(self._ask(model.kind, token, key, times=1))
            self._compare(model, due, got, key)
            self.clock.advance(pause)

    def _picked(self, pick: int) -> Model:
        """One of the last few families."""
        latest = list(self.families.values())[-4:]
        return latest[pick % len(latest)]

    @rule(pick=picks, key=retry_keys)
    def twenty_at_once(self, pick: int, key: str | None) -> None:
        """All with the newest token."""
        model = self._picked(pick)
        alive = self._alive(model)
        got = self.run(self._ask(model.kind, model.handed[-1], key, times=20))
        answers = {token for token in got if token is not None}
        if not alive:
            assert answers == set()
            return
        self.seen["raced"] += 1
        assert len(answers) == 1, "whatever was answered was one and the same token"
        self._moved(model, answers.pop(), key)
        if model.kind == "public" and key is None:
            assert sum(token is not None for token in got) == 1
            model.dead = model.reused = True
        else:
            assert None not in got, "the others' answers were lost, or the token stays"

    @rule(pick=picks, kind=kinds)
    def another_client(self, pick: int, kind: str) -> None:
        """Gets nothing and spoils nothing."""
        if self._picked(pick).kind != kind:
            assert self.run(self._ask(kind, self._picked(pick).handed[-1], None, times=1)) == [None]

    @rule(seconds=st.sampled_from([1, 1, 600, 600, 3599, 3601, 6 * DAY, 8 * DAY, 15 * DAY, 29 * DAY]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(really=st.integers(0, 9))
    def log_out(self, really: int) -> None:
        if really != 9:
            return
        self.run(self._log_out())
        for model in self.families.values():
            model.dead = True
        self.session_end = self.clock.now()

    async def _log_out(self) -> None:
        async with self.database.write() as tx:
            await self.stores.tokens.revoke_session(tx, "ses_1", at=self.clock.now(), reason="log-out")
            await tx.commit()

    # -- what should come of it --------------------------------------------------------------------------------------

    def _alive(self, model: Model) -> bool:
        return not model.dead and self.clock.now() < min(model.idle_end, model.absolute_end)

    def _expected(self, model: Model, token: str, key: str | None) -> str:
        if not self._alive(model):
            return "refused"
        if token == model.handed[-1]:
            return "stays" if model.stays else "steps"
        predecessor = len(model.handed) > 1 and token == model.handed[-2]
        assert model.stepped_at is not None, "it has an older token, so it stepped"
        in_time = self.clock.now() - model.stepped_at <= dt.timedelta(seconds=RETRY)
        same = model.kind != "public" or (key is not None and key == model.stepped_under)
        return "again" if predecessor and in_time and same else "reuse"

    def _compare(self, model: Model, due: str, got: str | None, key: str | None) -> None:
        self.seen[due] += 1
        if due == "refused":
            assert got is None
        elif due == "reuse":
            assert got is None
            model.dead = model.reused = True
        elif due == "again":
            assert got == model.handed[-1]
        else:
            assert got is not None
            assert (got == model.handed[-1]) is (due == "stays")
            self._moved(model, got, key)

    def _moved(self, model: Model, token: str, key: str | None) -> None:
        now = self.clock.now()
        idle = dt.timedelta(seconds=ENDS[model.kind][0]) if model.offline else dt.timedelta(hours=1)
        model.idle_end = min(now + idle, model.absolute_end)
        model.stepped_at, model.stepped_under = now, key
        if token != model.handed[-1]:
            model.handed.append(token)

    async def _ask(self, kind: str, token: str, key: str | None, *, times: int) -> list[str | None]:
        shown = KEY if kind == "public-with-key" else None
        request = TokenRequest(self.clients[kind], _parameters(token), key, shown)

        async def one() -> str | None:
            try:
                decision = await self.grant.decide(request)
            except InvalidGrant:
                return None
            return self.tokens.make(decision.standing.family.id, decision.generation)

        return list(await asyncio.gather(*(one() for _ in range(times))))

    @invariant()
    def the_person_is_told_once_of_each_theft(self) -> None:
        if hasattr(self, "database"):
            assert self.run(self._told()) == min(99, sum(model.reused for model in self.families.values()))

    async def _told(self) -> int:
        async with self.database.read() as tx:
            return len(await self.stores.notices.unseen(tx, "acc_1", 99))

    def teardown(self) -> None:
        try:
            self.run(self.stack.aclose())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)


def _parameters(token: str) -> Parameters:
    return parse_parameters(f"grant_type=refresh_token&refresh_token={token}".encode())


def _run(machine: type[RefreshMachine], examples: int, *phases: Phase) -> Counter[str]:
    machine.seen = Counter()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            phases=phases or tuple(Phase),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.seen


def _met_everything(seen: Counter[str]) -> None:
    """A machine that never meets what it is for would prove nothing."""
    assert all(seen[what] for what in ("steps", "stays", "again", "reuse", "refused", "raced")), seen


@pytest.mark.slow
def test_families_on_sqlite() -> None:
    _met_everything(_run(RefreshMachine, 60))


@pytest.mark.slow
def test_families_on_postgres(postgres_server: PostgresServer) -> None:
    _met_everything(_run(type("OnPostgres", (RefreshMachine,), {"server": postgres_server}), 15))


class _ForgivesAnybody(RefreshTokenGrant):
    """A grace for whoever comes: the usual way, which gives a thief of a public client's token the same window."""

    def _same_caller(self, *_: Any) -> bool:
        return True


class _ForgivesLate(RefreshTokenGrant):
    """The predecessor is good although its successor has been used."""

    def _is_lost_answer(self, family_: Any, token: Any, request: Any) -> bool:
        return super()._is_lost_answer(dataclasses.replace(family_, generation=token.generation + 1), token, request)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [_ForgivesAnybody, _ForgivesLate])
def test_a_careless_grace_is_noticed(wrong: type[RefreshTokenGrant]) -> None:
    """The twin: the machine can fail."""
    careless = type("Careless", (RefreshMachine,), {"make": lambda _self, *parts: wrong(*parts)})
    with pytest.raises(AssertionError):
        _run(careless, 60, Phase.generate)
