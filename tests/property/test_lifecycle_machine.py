"""Random lives of licences: the transition table, the stored history and the answers by date never disagree."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from certstore.errors import TransitionNotAllowed
from certstore.history import GENESIS
from certstore.lifecycle import ENDINGS, FINAL, STATE_NAMES, TRANSITIONS, Event, State, effective_state, next_state
from certstore.model import LicenceChange, LicenceVersion
from certstore.status import STATUS_NAMES, Status, status_on
from core.clock import calendar_day
from core.principal import PrincipalKind

START = dt.datetime(2026, 1, 1, 4, 0, tzinfo=dt.UTC)
MOHURD = [  # the dictionary of work-safety licences: state, operation, state
    (None, Event.ISSUE, State.VALID),  # 01 新发
    (State.VALID, Event.RENEW, State.VALID),  # 02 延续
    (State.VALID, Event.SUSPEND, State.SUSPENDED),  # 03 暂扣
    (State.VALID, Event.EXPIRE, State.EXPIRED),  # 04 过期失效
    (State.VALID, Event.CANCEL, State.CANCELLED),  # 05 注销
    (State.VALID, Event.WITHDRAW, State.WITHDRAWN),  # 05 撤销
    (State.VALID, Event.REVOKE, State.REVOKED),  # 05 吊销
    (State.VALID, Event.TRANSFER_OUT, State.TRANSFERRED_OUT),  # 05 转出
    (State.SUSPENDED, Event.RESUME, State.VALID),  # 06 暂扣发还
    (None, Event.TRANSFER_IN, State.VALID),  # 08 转入
    (State.VALID, Event.CHANGE, State.VALID),  # 09 变更
    (State.TRANSFERRED_OUT, Event.TRANSFER_UNDO, State.VALID),  # 10 取消转出
]


def test_the_operations_in_use_for_work_safety_licences_are_in_the_table() -> None:
    for state, event, after in MOHURD:
        assert next_state(state, event) is after


def test_every_state_and_event_is_reachable_and_named_in_both_languages() -> None:
    assert {state for _, state in TRANSITIONS.items()} == set(State)
    assert {event for _, event in TRANSITIONS} == set(Event)
    for names in (STATE_NAMES, STATUS_NAMES):
        assert all(text.zh and text.en for text in names.values())
    words = [STATE_NAMES[state] for state in (State.WITHDRAWN, State.REVOKED, State.CANCELLED, State.SUSPENDED)]
    assert [text.zh for text in words] == ["撤销", "吊销", "注销", "暂扣"]
    assert len({text.en for text in words}) == 4


def test_each_ending_leads_to_a_state_of_its_own() -> None:
    assert sorted(ENDINGS.values()) == sorted({State.WITHDRAWN, State.REVOKED, State.CANCELLED, State.ANNULLED})
    for event, state in ENDINGS.items():
        assert next_state(State.VALID, event) is state


@given(st.sampled_from(sorted(FINAL)), st.sampled_from(list(Event)))
def test_a_final_state_has_no_way_out(state: State, event: Event) -> None:
    assert (state, event) not in TRANSITIONS


@given(st.sampled_from(list(State)), st.dates(), st.none() | st.dates())
def test_time_changes_a_state_only_to_expired(state: State, day: dt.date, until: dt.date | None) -> None:
    after = effective_state(state, until, day)
    assert after in {state, State.EXPIRED}
    if after is not state:
        assert until is not None
        assert day > until


class LicenceLife(RuleBasedStateMachine):
    """A licence that things happen to on some days; each day's answer is remembered and must stay so."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.until: dt.date = calendar_day(START) + dt.timedelta(days=20)
        self.history: list[LicenceChange] = []
        self.answers: dict[dt.date, Status] = {}

    @property
    def state(self) -> State | None:
        return self.history[-1].state if self.history else None

    @property
    def version(self) -> LicenceVersion:
        first = calendar_day(self.history[0].at)
        return LicenceVersion(
            "lic_1", 1, "", "", 1, "", (), {}, self.history[0].at, first, self.until, GENESIS, GENESIS
        )

    def answer(self, day: dt.date) -> Status:
        return status_on(self.history, [self.version] if self.history else [], day)

    @rule(event=st.sampled_from(list(Event)))
    def happens(self, event: Event) -> None:
        state = effective_state(self.state, self.until, calendar_day(self.now)) if self.state else None
        try:
            after = next_state(state, event)
        except TransitionNotAllowed:
            assert (state, event) not in TRANSITIONS
            return
        if after is State.VALID and state is State.EXPIRED:
            self.until = calendar_day(self.now) + dt.timedelta(days=10)
            self.answers = {day: said for day, said in self.answers.items() if day < calendar_day(self.history[0].at)}
        number = len(self.history) + 1
        self.history.append(LicenceChange(number, event, after, 1, self.now, PrincipalKind.CLIENT, "c", None))

    @precondition(lambda self: bool(self.history))
    @rule(days=st.integers(1, 9))
    def nights_pass(self, days: int) -> None:
        today = calendar_day(self.now)
        self.answers |= {today + dt.timedelta(days=n): self.answer(today + dt.timedelta(days=n)) for n in range(days)}
        self.now += dt.timedelta(days=days)

    @invariant()
    def a_past_day_keeps_its_answer(self) -> None:
        for day, said in self.answers.items():
            assert self.answer(day) is said

    @invariant()
    def before_it_was_issued_there_is_none(self) -> None:
        assert self.answer(calendar_day(START) - dt.timedelta(days=1)) is Status.NOT_ISSUED

    @invariant()
    def valid_is_said_only_of_a_valid_state_within_its_dates(self) -> None:
        today = calendar_day(self.now)
        if self.answer(today) is Status.VALID:
            assert self.state is State.VALID
            assert today <= self.until

    @invariant()
    def an_end_is_an_end(self) -> None:
        finals = [change.state for change in self.history if change.state in FINAL]
        assert len(finals) <= 1
        if finals:
            assert self.answer(calendar_day(self.now)) == finals[0].value


LicenceLife.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLicenceLife = LicenceLife.TestCase
