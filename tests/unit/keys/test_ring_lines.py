"""Keys without a certificate on the time line."""

from __future__ import annotations

import datetime as dt

from keys.horizon.model import Kind, Level, SpanState
from keys.horizon.ring_lines import RingLines, name_of
from keys.ports import KeyRecord
from keys.rotation.policy import RotationPolicies, RotationPolicy
from keys.spec import KeyState, SecretKind

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)


def record(purpose: str, state: KeyState, made: int, since: int, algorithm: str = "ES256") -> KeyRecord:
    """A key made and moved into its state so many days ago."""
    return KeyRecord(
        f"{purpose}-{state}", purpose, algorithm, state, "software:x", None, None, NOW - made * _DAY, NOW - since * _DAY
    )


class Ring:
    def __init__(self, *records: KeyRecord) -> None:
        self._records = records

    def records(self) -> tuple[KeyRecord, ...]:
        return self._records


EVERY_90_DAYS = RotationPolicies((("oidc.", RotationPolicy(90 * _DAY, _DAY, _DAY, _DAY)),))


async def test_former_active_and_next_follow_one_another() -> None:
    ring = Ring(
        record("oidc.es256", KeyState.ACTIVE, 40, 30),
        record("oidc.es256", KeyState.VERIFY_ONLY, 130, 30),
        record("oidc.es256", KeyState.NEXT, 1, 1),
    )
    (line,) = await RingLines(ring, EVERY_90_DAYS).lines(NOW)
    ends = NOW + 60 * _DAY
    assert [(span.state, span.start, span.end) for span in line.spans] == [
        (SpanState.FORMER, NOW - 130 * _DAY, NOW - 30 * _DAY),
        (SpanState.ACTIVE, NOW - 30 * _DAY, ends),
        (SpanState.NEXT, ends, None),
    ]
    assert (line.ends, line.kind) == (ends, Kind.TOKEN_KEY)
    assert line.level(NOW) is Level.FINE


async def test_a_rotation_that_did_not_happen_is_an_alarm_after_a_day() -> None:
    (line,) = await RingLines(Ring(record("oidc.es256", KeyState.ACTIVE, 91, 90)), EVERY_90_DAYS).lines(NOW)
    assert line.level(NOW - dt.timedelta(hours=1)) is Level.FINE
    (late,) = await RingLines(Ring(record("oidc.es256", KeyState.ACTIVE, 92, 91)), EVERY_90_DAYS).lines(NOW)
    assert late.level(NOW) is not Level.FINE


async def test_what_has_a_certificate_is_told_by_it() -> None:
    certified = [record(purpose, KeyState.ACTIVE, 1, 1) for purpose in ("seal/s1", "ca.seals", "ocsp/seals", "tsa/1")]
    assert list(await RingLines(Ring(*certified), EVERY_90_DAYS).lines(NOW)) == []


async def test_secrets_without_an_end() -> None:
    (line,) = await RingLines(
        Ring(record("field.people", KeyState.ACTIVE, 9, 9, SecretKind.USUAL)), EVERY_90_DAYS
    ).lines(NOW)
    assert (line.kind, line.ends, line.act_by) == (Kind.SECRET, None, None)
    assert line.detail.zh == "AES-256 · field.people"


def test_every_purpose_has_a_name() -> None:
    assert name_of("oidc.es384").zh == "登录令牌密钥"
    assert name_of("something").en == "something"
