"""The rotation planner: whatever the times are and however rarely a worker looks, no token and no key is lost."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.ports import KeyRecord
from keys.rotation.plan import Step, StepKind, plan, upcoming
from keys.rotation.policy import RotationPolicies, RotationPolicy, service_policies
from keys.secrets.purposes import FORMER_FIELDS, SERVICE_SECRETS
from keys.spec import ACCEPTED_STATES, KeyState

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
PURPOSE = "oidc.es256"
_hours = st.integers(0, 400).map(lambda number: dt.timedelta(hours=number))


@st.composite
def _policies(draw: st.DrawFn) -> RotationPolicy:
    publish = draw(_hours)
    return RotationPolicy(publish + draw(_hours) + dt.timedelta(hours=1), publish, draw(_hours), draw(_hours))


class Life:
    """The keys of one purpose through time, changed by nothing but the plan."""

    def __init__(self, policy: RotationPolicy) -> None:
        self.policy = policy
        self.policies = RotationPolicies(((PURPOSE, policy),))
        self.now = START
        self.keys = [_key("k0", KeyState.ACTIVE, START)]
        self.made = 1

    def look(self) -> list[Step]:
        """One worker takes what is due, until nothing is."""
        taken: list[Step] = []
        while steps := plan(self.keys, self.policies, self.now):
            self._take(steps[0])
            taken.append(steps[0])
            assert len(taken) < 50, "the plan never ends"
        return taken

    def _take(self, step: Step) -> None:
        match step.kind:
            case StepKind.MAKE:
                self.keys.append(_key(f"k{self.made}", KeyState.NEXT, self.now))
                self.made += 1
            case StepKind.ACTIVATE:
                self._move(self.one(KeyState.ACTIVE).key_id, KeyState.VERIFY_ONLY)
                self._move(step.key_id, KeyState.ACTIVE)
            case StepKind.RETIRE:
                self._move(step.key_id, KeyState.RETIRED)
            case StepKind.DESTROY:
                self.keys = [
                    dataclasses.replace(key, sealed=None) if key.key_id == step.key_id else key for key in self.keys
                ]

    def _move(self, key_id: str, state: KeyState) -> None:
        self.keys = [
            dataclasses.replace(key, state=state, state_since=self.now) if key.key_id == key_id else key
            for key in self.keys
        ]

    def one(self, state: KeyState) -> KeyRecord:
        (found,) = [key for key in self.keys if key.state is state]
        return found

    def accepted(self) -> set[str]:
        return {key.key_id for key in self.keys if key.state in ACCEPTED_STATES}


def _key(name: str, state: KeyState, moment: dt.datetime, purpose: str = PURPOSE) -> KeyRecord:
    return KeyRecord(name, purpose, "ES256", state, f"software:{name}", b"public", b"sealed", moment, moment)


@given(_policies(), st.lists(_hours, min_size=1, max_size=40))
def test_no_token_is_lost_and_no_key_signs_unpublished(policy: RotationPolicy, looks: list[dt.timedelta]) -> None:
    life = Life(policy)
    signed: list[tuple[str, dt.datetime]] = [("k0", START)]
    for wait in looks:
        life.now += wait
        signed.append((life.one(KeyState.ACTIVE).key_id, life.now))  # the last token before the look
        life.look()
        active = life.one(KeyState.ACTIVE)
        assert sum(key.state is KeyState.NEXT for key in life.keys) <= 1
        if active.key_id != "k0":
            assert active.state_since - active.created_at >= policy.publish_for
        signed.append((active.key_id, life.now))
        for key_id, at in signed:
            if life.now < at + policy.verify_for or key_id == active.key_id:
                assert key_id in life.accepted()
        for key in life.keys:
            if key.sealed is None:
                assert key.state is KeyState.RETIRED
                assert life.now - key.state_since >= policy.destroy_after


@given(_policies(), st.lists(_hours, min_size=1, max_size=40))
def test_a_look_leaves_nothing_that_is_due(policy: RotationPolicy, looks: list[dt.timedelta]) -> None:
    life = Life(policy)
    for wait in looks:
        life.now += wait
        life.look()
        coming = upcoming(life.keys, life.policies)
        assert all(step.at > life.now for step in coming)
        assert [step.at for step in coming] == sorted(step.at for step in coming)
        assert sum(step.kind in (StepKind.MAKE, StepKind.ACTIVATE) for step in coming) == 1  # it always goes on


def test_a_worker_that_never_rests_keeps_the_times() -> None:
    day = dt.timedelta(days=1)
    life = Life(RotationPolicy(active_for=90 * day, publish_for=7 * day, verify_for=day, destroy_after=30 * day))
    taken: list[tuple[int, StepKind, str]] = []
    for number in range(240):
        life.now = START + number * day
        taken += [(number, step.kind, step.key_id) for step in life.look()]
    assert taken == [
        (83, StepKind.MAKE, "k0"),
        (90, StepKind.ACTIVATE, "k1"),
        (91, StepKind.RETIRE, "k0"),
        (121, StepKind.DESTROY, "k0"),
        (173, StepKind.MAKE, "k1"),
        (180, StepKind.ACTIVATE, "k2"),
        (181, StepKind.RETIRE, "k1"),
        (211, StepKind.DESTROY, "k1"),
    ]


def _service() -> RotationPolicies:
    return service_policies(longest_token=dt.timedelta(hours=12), jwks_cache=dt.timedelta(minutes=7))


@pytest.mark.parametrize(
    "purpose",
    [
        "seal/s_1",
        "ca.root",
        "ca.seals",
        "ocsp/seals",
        "tsa/1",
        "tls/x",
        "oidc.pairwise",
        "statement.trust",
        FORMER_FIELDS,
    ],
)
def test_what_people_decide_is_never_changed_on_time(purpose: str) -> None:
    keys = [_key("k1", state, START, purpose) for state in (KeyState.ACTIVE, KeyState.VERIFY_ONLY, KeyState.RETIRED)]
    assert plan(keys, _service(), START + dt.timedelta(days=36_500)) == []


@pytest.mark.parametrize("purpose", ["oidc.es256", "oidc.rs256", *SERVICE_SECRETS])
def test_what_the_service_keeps_itself_has_a_policy(purpose: str) -> None:
    policy = _service().of(purpose)
    assert policy is not None
    assert upcoming([_key("k1", KeyState.ACTIVE, START, purpose)], _service())[0].kind is StepKind.MAKE


def test_a_key_is_accepted_for_as_long_as_a_token_and_a_copy_of_the_jwks_live() -> None:
    policy = _service().of("oidc.es256")
    assert policy is not None
    assert policy.verify_for >= dt.timedelta(hours=12, minutes=7)
    assert policy.publish_for >= dt.timedelta(minutes=7)


@pytest.mark.parametrize("times", [(1, 1, 0, 0), (1, 2, 0, 0), (2, -1, 0, 0), (2, 1, -1, 0), (2, 1, 0, -1)])
def test_times_that_make_no_sense_are_refused(times: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError):
        RotationPolicy(*(dt.timedelta(hours=number) for number in times))
