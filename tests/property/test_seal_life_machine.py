"""Random lives of seals by three people, against the transition table and the rule that it takes two (S-50, S-51).

Whatever a custodian, a reviewer and somebody with both duties try, in any order and sometimes at once: a step is taken
exactly when the table and the rule allow it, every story is a walk through the table, a file is sealed exactly when
the seal is active and the grant has a use left, and the ledger has as many entries as there are sealed files.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from core.errors import AppError
from core.principal import Principal, PrincipalKind
from signing.lifecycle import ENDED, EVENT_NAMES, RULES, STATUS_NAMES, TRANSITIONS, SealEvent, next_status
from signing.model import SealPdfCommand, SealStatus
from signing.ports import UseQuery
from signing.seals.apply import ApplyCommand
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.servers import PostgresServer
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, SealOffice, order

MANAGE, APPROVE = "seal:manage", "seal:approve"
PEOPLE = tuple(
    Principal(PrincipalKind.STAFF, f"acc_{number}", ORGANISATION, scopes=frozenset(duties))
    for number, duties in enumerate(((MANAGE,), (APPROVE,), (MANAGE, APPROVE), (MANAGE, APPROVE)))
)
EVENTS = [event for event in SealEvent if event not in (SealEvent.APPLY, SealEvent.REPLACE)]
FILE = pdf()


@dataclass
class Expected:
    """What the model knows of one seal."""

    application: str
    status: SealStatus
    who: dict[SealEvent, str]
    seal: str = ""
    left: int | None = None
    sealed: int = 0
    story: list[str] = field(default_factory=lambda: ["apply"])


class SealLife(RuleBasedStateMachine):
    """A department's seals."""

    server: PostgresServer | None = None
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-seals-"))
        self.stack = AsyncExitStack()
        self.known: list[Expected] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        async def open_office() -> SealOffice:
            clock = FakeClock()
            opened = (
                sqlite_database(self.folder, clock) if self.server is None else postgres_database(self.server, clock)
            )
            return SealOffice(await self.stack.enter_async_context(opened), clock)

        self.office = self.run(open_office())
        self.apply(PEOPLE[2])
        self.apply(PEOPLE[2])
        for event, who in ((SealEvent.APPROVE, 3), (SealEvent.MAKE, 2), (SealEvent.ACTIVATE, 3)):
            self._step(self.known[1], event, PEOPLE[who])
        self.grant(0, 3)
        self.use(0, 2)

    @rule(who=st.sampled_from(PEOPLE))
    def apply(self, who: Principal) -> None:
        code = f"{4101990000000 + len(self.known)}"
        command = ApplyCommand(order(code), who, "需要")
        try:
            made = self.run(self.office.apply(command))
        except AppError:
            assert not who.may(MANAGE)
            return
        assert who.may(MANAGE)
        self.known.append(Expected(made.id, SealStatus.APPLIED, {SealEvent.APPLY: who.id}))

    @rule(
        steps=st.lists(
            st.tuples(st.integers(0, 7), st.integers(0, 40), st.sampled_from(PEOPLE)), min_size=3, max_size=12
        )
    )
    def take_steps(self, steps: list[tuple[int, int, Principal]]) -> None:
        """Mostly what the table allows, so that lives get somewhere; anything at all every now and then."""
        for pick, choice, who in steps:
            model = self.known[pick % len(self.known)]
            ways = self._ways(model)
            sensible = ways and choice % 5
            self._step(model, ways[choice % len(ways)] if sensible else EVENTS[choice % len(EVENTS)], who)

    @rule(pick=st.integers(0, 7), people=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=3))
    def go_on_together(self, pick: int, people: list[Principal]) -> None:
        """Several at the same moment try what comes next: one gets through at most."""
        model = self.known[pick % len(self.known)]
        ways = self._ways(model)
        if not ways:
            return
        event = ways[0]
        able = [one for one in people if self._allowed(model, event, one)]

        async def at_once() -> list[Any]:
            return await asyncio.gather(*(self._asked(model, event, one) for one in people), return_exceptions=True)

        results = self.run(at_once())
        taken = [one for one, result in zip(people, results, strict=True) if not isinstance(result, BaseException)]
        assert all(isinstance(one, AppError) for one in results if isinstance(one, BaseException)), results
        assert len(taken) == bool(able)
        if taken:
            self._note(model, event, taken[0], next(one for one in results if not isinstance(one, BaseException)))

    @rule(pick=st.integers(0, 7), ceiling=st.none() | st.integers(1, 3))
    def grant(self, pick: int, ceiling: int | None) -> None:
        models = [one for one in self.known if one.seal and one.left is None and one.status not in ENDED]
        if models:
            model = models[pick % len(models)]
            self.run(self.office.grant(self.run(self.office.seals.get(model.seal)), max_uses=ceiling))
            model.left = 99 if ceiling is None else ceiling

    @rule(pick=st.integers(0, 7), times=st.integers(1, 3))
    def use(self, pick: int, times: int) -> None:
        models = [one for one in self.known if one.seal]
        if not models:
            return
        model = models[pick % len(models)]
        command = SealPdfCommand(FILE, model.seal, CLIENT, "document", None)

        async def at_once() -> list[Any]:
            return await asyncio.gather(*(self.office.seal_pdf(command) for _ in range(times)), return_exceptions=True)

        results = self.run(at_once())
        done = sum(not isinstance(one, BaseException) for one in results)
        assert all(isinstance(one, AppError) for one in results if isinstance(one, BaseException)), results
        may = model.left is not None and model.status is SealStatus.ACTIVE
        assert done == (min(times, model.left or 0) if may else 0)
        model.sealed += done
        self.seen["use"] += done
        if model.left is not None:
            model.left -= done

    @invariant()
    def everything_is_on_record(self) -> None:
        for model in self.known:
            found, story = self.run(self.office.seals.application(model.application, actor=PEOPLE[2]))
            if model.seal:
                seal = self.run(self.office.seals.get(model.seal))
                assert seal.status is model.status
                story = self.run(self.office.seals.story(model.seal, actor=PEOPLE[2]))
            else:
                assert found.status is model.status
            assert [one.event for one in story] == model.story
            status: SealStatus | None = None
            for one in story:
                status = next_status(status, SealEvent(one.event))
                assert one.status is status
        if self.known:
            page = self.run(self.office.uses.ledger.page(UseQuery(ORGANISATION), actor=PEOPLE[2], limit=100))
            assert len(page.items) == min(sum(one.sealed for one in self.known), 100)

    def _ways(self, model: Expected) -> list[SealEvent]:
        return [event for (status, event) in TRANSITIONS if status is model.status and event in EVENTS]

    def _allowed(self, model: Expected, event: SealEvent, who: Principal) -> bool:
        rule_ = RULES[event]
        apart = {model.who.get(one) for one in rule_.apart_from}
        return (model.status, event) in TRANSITIONS and bool(who.scopes & rule_.duties) and who.id not in apart

    def _step(self, model: Expected, event: SealEvent, who: Principal) -> None:
        try:
            result = self.run(self._asked(model, event, who))
        except AppError:
            assert not self._allowed(model, event, who), (model, event, who)
            return
        assert self._allowed(model, event, who), (model, event, who)
        self._note(model, event, who, result)

    def _note(self, model: Expected, event: SealEvent, who: Principal, result: Any) -> None:
        model.status = next_status(model.status, event)
        model.who[event] = who.id
        model.story.append(event.value)
        self.seen[event.value] += 1
        if event is SealEvent.MAKE:
            model.seal = result.id

    async def _asked(self, model: Expected, event: SealEvent, who: Principal) -> Any:
        office, review = self.office, self.office.review
        match event:
            case SealEvent.APPROVE:
                return await review.approve(model.application, actor=who)
            case SealEvent.REFUSE:
                return await review.refuse(model.application, actor=who, reason="不")
            case SealEvent.WITHDRAW:
                return await review.withdraw(model.application, actor=who)
            case SealEvent.MAKE:
                return await office.make(model.application, actor=who)
            case SealEvent.ACTIVATE:
                return await office.activate(model.seal, actor=who)
            case SealEvent.DESTROY:
                return await office.destroy(model.seal, actor=who)
            case _:
                to = {SealEvent.SUSPEND: SealStatus.SUSPENDED, SealEvent.RESUME: SealStatus.ACTIVE}
                return await office.change_status(model.seal, to.get(event, SealStatus.REVOKED), actor=who)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=14,
        deadline=None,
        derandomize=True,  # the same lives on every machine: the counts below are for sure
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_any_life_is_a_walk_through_the_table_on_sqlite() -> None:
    class OnSqlite(SealLife):
        seen: ClassVar[Counter[str]] = Counter()

    run_machine(OnSqlite, settings=_settings(5))
    assert {"suspend", "use"} <= set(OnSqlite.seen), OnSqlite.seen


def test_any_life_is_a_walk_through_the_table_on_postgresql(postgres_server: PostgresServer) -> None:
    class OnPostgres(SealLife):
        server = postgres_server
        seen: ClassVar[Counter[str]] = Counter()

    run_machine(OnPostgres, settings=_settings(4))
    assert {"suspend", "use"} <= set(OnPostgres.seen), OnPostgres.seen


class ForgetsTheSecondPerson(SealLife):
    """Expects that one person may do both halves: the twin that must be caught."""

    seen: ClassVar[Counter[str]] = Counter()

    def _allowed(self, model: Expected, event: SealEvent, who: Principal) -> bool:
        return super()._allowed(model, event, replace(who, id="acc_somebody"))


def test_the_machine_notices_a_missing_second_person() -> None:
    with pytest.raises(AssertionError):
        run_machine(ForgetsTheSecondPerson, settings=settings(_settings(12), stateful_step_count=20))


def test_every_status_and_event_is_reachable_and_named_in_both_languages() -> None:
    assert set(TRANSITIONS.values()) == set(SealStatus) == set(STATUS_NAMES)
    assert {event for _, event in TRANSITIONS} == set(SealEvent) == set(EVENT_NAMES) == set(RULES)
    assert all(text.zh and text.en for text in (*STATUS_NAMES.values(), *EVENT_NAMES.values()))
    for final in (SealStatus.DESTROYED, SealStatus.REFUSED, SealStatus.WITHDRAWN):
        assert not any(status is final for status, _ in TRANSITIONS)
    for status in ENDED:
        assert not any(before is status and after not in ENDED for (before, _), after in TRANSITIONS.items())
