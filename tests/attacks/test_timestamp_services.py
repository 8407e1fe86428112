"""S-55, R-16: time-stamping authorities over a real network connection that are down, slow, wrong or hostile."""

from __future__ import annotations

import gzip

import pytest

from api.journey.instance import free_port
from core.breaker import CircuitState
from core.egress.fetch import Egress
from keys.tsa.client import TimestampClient, TimestampService
from keys.tsa.errors import TimestampUnavailable
from keys.tsa.sources import HttpSource, egress_rules
from keys.tsa.trust import root_trust
from tests.support import stub_tsa
from tests.support.clock import FakeClock
from tests.support.stub_tsa import Talk, answering, http, saying, stub
from tests.support.timestamp_pki import StampingAuthority
from tests.support.timestamp_world import stamping_world

TRUST = root_trust([StampingAuthority().anchor], FakeClock())
CONTENT = b"the value of a signature"


def service(url: str, *, timeout: float = 10, inside: bool = True) -> TimestampService:
    fetcher = Egress(egress_rules(url, inside=inside, seconds=timeout))
    source = HttpSource(fetcher, url, credentials="city:geheim")
    return TimestampService(url, source, TRUST, timeout=timeout + 5)


async def test_an_honest_authority_is_believed(clock: FakeClock) -> None:
    async with stub(answering(stamping_world(clock).authority.answer)) as (url, heads):
        stamped = await TimestampClient([service(url)], clock).stamp(CONTENT)
    assert stamped.proven.time == clock.now()
    (head,) = heads
    lower = head.lower()
    assert head.startswith(b"POST /tsr HTTP/1.1\r\n")
    assert b"content-type: application/timestamp-query\r\n" in lower
    assert b"accept: application/timestamp-reply\r\n" in lower
    assert b"Authorization: Basic Y2l0eTpnZWhlaW0=\r\n" in head


BAD: list[tuple[str, Talk, float]] = [
    ("hangs up", saying(b""), 10),
    ("garbage", saying(b"\x00\xff" * 400), 10),
    ("silent", stub_tsa.silent, 0.05),
    ("slow drip", stub_tsa.dripping, 0.2),
    ("endless", stub_tsa.endless, 10),
    ("too long", saying(http(bytes(1_000_000))), 10),
    ("a page", saying(http(b"<html>", kind="text/html")), 10),
    ("another type", saying(http(b"0", kind="application/timestamp-query")), 10),
    ("error", saying(http(b"", status="500 Internal Server Error")), 10),
    ("empty", saying(http(b"")), 10),
    ("cut off", saying(http(b"0" * 100).removesuffix(b"0" * 50)), 10),
    ("unasked encoding", saying(http(gzip.compress(bytes(9)), more="Content-Encoding: gzip\r\n")), 10),
]


@pytest.mark.parametrize(("talk", "timeout"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
async def test_a_bad_authority_is_passed_over_and_then_left_alone(talk: Talk, timeout: float, clock: FakeClock) -> None:
    async with stub(talk) as (bad, heads), stub(answering(stamping_world(clock).authority.answer)) as (good, _):
        services = [service(bad, timeout=timeout), service(good)]
        client = TimestampClient(services, clock, failures=1)
        for _ in range(3):
            assert (await client.stamp(CONTENT)).service == good
        assert len(heads) == 1  # once its circuit is open there is no network at all
        assert client.states()[0].circuit is CircuitState.OPEN
        with pytest.raises(TimestampUnavailable):
            await TimestampClient(services[:1], clock).stamp(CONTENT)


async def test_a_redirect_is_not_followed(clock: FakeClock) -> None:
    async with stub(answering(stamping_world(clock).authority.answer)) as (target, heads):
        for status in ("302 Found", "307 Temporary Redirect", "308 Permanent Redirect"):
            async with stub(saying(http(b"", status=status, more=f"Location: {target}\r\n"))) as (url, _):
                with pytest.raises(TimestampUnavailable, match=f"HTTP {status[:3]}"):
                    await TimestampClient([service(url)], clock).stamp(CONTENT)
        assert heads == []


async def test_an_authority_that_is_down_and_comes_back(clock: FakeClock) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/tsr"
    client = TimestampClient([service(url)], clock, failures=2)
    for _ in range(3):
        with pytest.raises(TimestampUnavailable):
            await client.stamp(CONTENT)
    assert client.states()[0].circuit is CircuitState.OPEN
    assert client.states()[0].last_fault
    async with stub(answering(stamping_world(clock).authority.answer), port) as (_, heads):
        with pytest.raises(TimestampUnavailable):
            await client.stamp(CONTENT)
        assert heads == []  # still resting
        clock.advance(30)
        assert (await client.stamp(CONTENT)).service == url
        assert len(heads) == 1


async def test_nothing_of_the_credentials_is_told(clock: FakeClock) -> None:
    client = TimestampClient([service(f"http://127.0.0.1:{free_port()}/")], clock)
    with pytest.raises(TimestampUnavailable) as caught:
        await client.stamp(CONTENT)
    for told in (str(caught.value), caught.value.private, caught.value.text.en, str(client.states())):
        assert "geheim" not in told
        assert "Y2l0eTpnZWhlaW0" not in told


async def test_an_address_of_our_own_network_needs_the_operator_s_word(clock: FakeClock) -> None:
    async with stub(answering(stamping_world(clock).authority.answer)) as (url, heads):
        with pytest.raises(TimestampUnavailable, match="inside"):
            await TimestampClient([service(url, inside=False)], clock).stamp(CONTENT)
        assert heads == []
        assert await TimestampClient([service(url, inside=True)], clock).stamp(CONTENT)
