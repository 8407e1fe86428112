"""S-55, R-16: authorities that are down, slow, wrong or hostile, and what the client makes of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.breaker import CircuitState
from core.egress.address import read_target
from core.egress.errors import AddressRefused
from core.egress.port import Fetched
from core.errors import Unavailable
from core.text import Text
from keys.tsa.client import TimestampClient, TimestampService
from keys.tsa.errors import AnswerRefused, TimestampUnavailable
from keys.tsa.imprint import imprint_of
from keys.tsa.request import read_request, write_request
from keys.tsa.response import write_granted
from keys.tsa.sources import HttpSource, LocalSource, egress_rules
from keys.tsa.trust import root_trust
from keys.x509.identifiers import TIMESTAMP_POLICY
from tests.support import timestamp_forgeries as forged
from tests.support.clock import START, FakeClock
from tests.support.timestamp_pki import DAY, StampingAuthority
from tests.support.timestamp_world import stamping_world

CONTENT = b"the value of a signature"
AUTHORITY = StampingAuthority()
TRUST = root_trust([AUTHORITY.anchor], FakeClock())
Answer = Callable[[bytes], Awaitable[bytes]]


class Scripted:
    """A `TimestampSource` that answers as told, and counts how often it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked = 0

    async def ask(self, request: bytes) -> bytes:
        self.asked += 1
        return await self.answer(request)


def honest(clock: FakeClock) -> Answer:
    return stamping_world(clock).authority.answer


async def down(request: bytes) -> bytes:
    raise Unavailable("away", Text("不在", "away"), private="connection refused")


async def silent(request: bytes) -> bytes:
    await asyncio.Event().wait()
    raise AssertionError("it never answers")


async def garbage(request: bytes) -> bytes:
    return b"<html>It works!</html>"


async def cut_off(request: bytes) -> bytes:
    return (await honest(FakeClock())(request))[:-1]


async def for_another_request(request: bytes) -> bytes:
    asked = read_request(request)
    return await honest(FakeClock())(write_request(asked.imprint, nonce=12345, policy=TIMESTAMP_POLICY))


async def for_another_imprint(request: bytes) -> bytes:
    asked = read_request(request)
    nonce = int.from_bytes(asked.nonce[2:], "big") if asked.nonce else None
    return await honest(FakeClock())(write_request(imprint_of(b"other"), nonce=nonce, policy=TIMESTAMP_POLICY))


async def by_an_expired_certificate(request: bytes) -> bytes:
    asked = read_request(request)
    unit = AUTHORITY.unit(common_name="expired", not_after=START - DAY)
    nonce = int.from_bytes(asked.nonce[2:], "big") if asked.nonce else None
    return write_granted(forged.token(unit, forged.tst_info(CONTENT, nonce=nonce, policy=TIMESTAMP_POLICY)))


async def by_a_stranger(request: bytes) -> bytes:
    return await stamping_world(FakeClock(), {"tsa/1": StampingAuthority("Nobody").unit()}).authority.answer(request)


async def of_another_hour(request: bytes) -> bytes:
    return await honest(FakeClock(START - dt.timedelta(hours=1)))(request)


async def of_the_next_hour(request: bytes) -> bytes:
    return await honest(FakeClock(START + dt.timedelta(hours=1)))(request)


async def rejecting(request: bytes) -> bytes:
    return await honest(FakeClock())(b"garbage")


BAD = [
    down,
    silent,
    garbage,
    cut_off,
    for_another_request,
    for_another_imprint,
    by_an_expired_certificate,
    by_a_stranger,
    of_another_hour,
    of_the_next_hour,
    rejecting,
]


def service(source: Scripted | LocalSource, name: str, timeout: float = 5) -> TimestampService:
    timeout = 0.01 if isinstance(source, Scripted) and source.answer is silent else timeout
    return TimestampService(name, source, TRUST, policy=TIMESTAMP_POLICY, timeout=timeout)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
async def test_a_bad_authority_is_passed_over_and_left_alone(bad: Answer, clock: FakeClock) -> None:
    first, second = Scripted(bad), Scripted(honest(clock))
    client = TimestampClient([service(first, "first"), service(second, "second")], clock, failures=2)
    for _ in range(5):
        stamped = await client.stamp(CONTENT)
        assert stamped.service == "second"
        assert stamped.proven.time == clock.now()
        assert stamped.token.info.imprint == imprint_of(CONTENT)
    assert (first.asked, second.asked) == (2, 5)  # once its circuit is open it is not asked at all
    states = client.states()
    assert [state.circuit for state in states] == [CircuitState.OPEN, CircuitState.CLOSED]
    assert states[0].last_fault
    assert states[1].last_fault is None


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
async def test_when_none_is_good_nothing_is_passed_off_as_one(bad: Answer, clock: FakeClock) -> None:
    client = TimestampClient([service(Scripted(bad), "only")], clock)
    with pytest.raises(TimestampUnavailable, match="only: "):
        await client.stamp(CONTENT)


async def test_without_authorities_there_is_no_time(clock: FakeClock) -> None:
    with pytest.raises(TimestampUnavailable):
        await TimestampClient([], clock).stamp(CONTENT)


async def test_an_authority_that_is_back_is_found_by_one_probe(clock: FakeClock) -> None:
    first, second = Scripted(down), Scripted(honest(clock))
    client = TimestampClient([service(first, "first"), service(second, "second")], clock, failures=1)
    assert (await client.stamp(CONTENT)).service == "second"
    clock.advance(30)
    assert (await client.stamp(CONTENT)).service == "second"  # the probe failed
    assert first.asked == 2
    first.answer = honest(clock)
    clock.advance(29)
    assert (await client.stamp(CONTENT)).service == "second"
    clock.advance(1)
    assert (await client.stamp(CONTENT)).service == "first"
    assert client.states()[0].last_fault is None


async def test_the_preferred_one_is_asked_alone(clock: FakeClock) -> None:
    sources = [Scripted(honest(clock)) for _ in range(2)]
    client = TimestampClient([service(one, str(number)) for number, one in enumerate(sources)], clock)
    await client.stamp(CONTENT)
    assert [one.asked for one in sources] == [1, 0]


async def test_our_own_authority_needs_no_network(clock: FakeClock) -> None:
    world = stamping_world(clock)
    client = TimestampClient([service(LocalSource(world.authority), "local")], clock)
    stamped = await client.stamp(CONTENT)
    assert stamped.proven.serial == world.log.tokens[0].serial


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
async def test_content_that_is_too_long_to_hold_is_given_by_its_digest(clock: FakeClock, digest: str) -> None:
    asked: list[str] = []

    def digest_of(name: str) -> bytes:
        asked.append(name)
        return hashlib.new(name, CONTENT).digest()

    source = LocalSource(stamping_world(clock).authority)
    client = TimestampClient([TimestampService("local", source, TRUST, digest=digest)], clock)
    assert (await client.stamp(digest_of)).token.info.imprint == imprint_of(CONTENT, digest)
    assert set(asked) == {digest}


def test_a_weak_digest_is_refused_before_anything_is_sent(clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="sha1"):
        TimestampService("x", Scripted(honest(clock)), TRUST, digest="sha1")


async def test_every_request_has_its_own_nonce(clock: FakeClock) -> None:
    nonces: list[bytes | None] = []

    async def noting(request: bytes) -> bytes:
        nonces.append(read_request(request).nonce)
        return await honest(clock)(request)

    client = TimestampClient([service(Scripted(noting), "noting")], clock)
    for _ in range(4):
        await client.stamp(CONTENT)
    assert len(set(nonces)) == 4
    assert None not in nonces


class _Fetcher:
    """A `Fetcher` that notes what it was asked."""

    def __init__(self, answer: Fetched) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def fetch(self, url: str, **named: Any) -> Fetched:
        self.asked.append((url, named))
        return self.answer


async def test_credentials_go_into_the_header_only() -> None:
    fetcher = _Fetcher(Fetched(200, "application/timestamp-reply", b"answer"))
    source = HttpSource(fetcher, "https://tsa.example/", credentials="portal:秘密")
    assert await source.ask(b"request") == b"answer"
    ((url, named),) = fetcher.asked
    assert url == "https://tsa.example/"
    assert named == {
        "method": "POST",
        "body": b"request",
        "headers": {
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
            "Authorization": "Basic cG9ydGFsOuenmOWvhg==",
        },
        "media_types": frozenset({"application/timestamp-reply"}),
    }


async def test_only_an_answer_is_an_answer() -> None:
    with pytest.raises(AnswerRefused, match="HTTP 201"):
        await HttpSource(_Fetcher(Fetched(201, "application/timestamp-reply", b"")), "https://tsa.example/").ask(b"")


def test_a_source_may_call_its_own_address_and_no_other() -> None:
    rules = egress_rules("https://tsa.example:8443/tsr", inside=False, seconds=2)
    assert (rules.schemes, rules.ports) == (frozenset({"https"}), frozenset({8443}))
    assert read_target("https://tsa.example:8443/tsr", rules).port == 8443
    for other in ("https://tsa.example/tsr", "http://tsa.example:8443/tsr", "https://other.example:8443/"):
        with pytest.raises(AddressRefused):
            read_target(other, rules)
