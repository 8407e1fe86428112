"""What has to be done to which key, and when: pure, from the keys' records and their policies alone."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from keys.ports import KeyRecord
from keys.rotation.policy import RotationPolicies, RotationPolicy
from keys.spec import KeyState


class StepKind(StrEnum):
    """Steps that are taken on time, in the order of a key's life."""

    MAKE = "make"  # the next key of the purpose
    ACTIVATE = "activate"
    RETIRE = "retire"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that is or will be due.

    Attributes:
        key_id: the key that changes its state; of MAKE the active key, which will be replaced.
    """

    at: dt.datetime
    kind: StepKind
    purpose: str
    key_id: str


def plan(records: Iterable[KeyRecord], policies: RotationPolicies, now: dt.datetime) -> Sequence[Step]:
    """The steps that are due at `now`, the longest due first."""
    return [step for step in upcoming(records, policies) if step.at <= now]


def upcoming(records: Iterable[KeyRecord], policies: RotationPolicies) -> Sequence[Step]:
    """The next step of every key that has one, by its time.

    Args:
        records: keys in every state; a retired one as long as its private part is there.
    """
    by_purpose: dict[str, list[KeyRecord]] = defaultdict(list)
    for record in records:
        by_purpose[record.purpose].append(record)
    steps: list[Step] = []
    for purpose, keys in by_purpose.items():
        policy = policies.of(purpose)
        if policy is not None:
            steps += _of_purpose(keys, policy)
    return sorted(steps, key=lambda step: (step.at, step.purpose, step.kind, step.key_id))


def _of_purpose(records: Sequence[KeyRecord], policy: RotationPolicy) -> Iterator[Step]:
    following = next((one for one in records if one.state is KeyState.NEXT), None)
    for record in records:
        if record.state is KeyState.ACTIVE:
            yield _change_of(record, following, policy)
        elif record.state is KeyState.VERIFY_ONLY:
            yield _step(StepKind.RETIRE, record, record.state_since + policy.verify_for)
        elif record.state is KeyState.RETIRED and record.sealed is not None:
            yield _step(StepKind.DESTROY, record, record.state_since + policy.destroy_after)


def _change_of(active: KeyRecord, following: KeyRecord | None, policy: RotationPolicy) -> Step:
    ends = active.state_since + policy.active_for
    if following is None:
        return _step(StepKind.MAKE, active, ends - policy.publish_for)
    published = following.created_at + policy.publish_for
    return _step(StepKind.ACTIVATE, following, max(ends, published))


def _step(kind: StepKind, record: KeyRecord, at: dt.datetime) -> Step:
    return Step(at, kind, record.purpose, record.key_id)
