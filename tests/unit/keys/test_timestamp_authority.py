"""Our time-stamping authority: what stands in a token, and when none is issued."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import logging
import threading

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.errors import Unavailable
from core.text import Text
from keys.der import first, only
from keys.spec import SignatureAlgorithm
from keys.tsa.clock_check import KernelClock
from keys.tsa.errors import TimeNotAvailable
from keys.tsa.imprint import imprint_of
from keys.tsa.ports import SerialBlock
from keys.tsa.request import write_request
from keys.tsa.serials import Serials
from keys.x509.identifiers import TIMESTAMP_POLICY
from tests.support.clock import START, FakeClock
from tests.support.timestamp_pki import DAY, StampingAuthority
from tests.support.timestamp_world import MemorySerials, StampingWorld, stamping_world

ASKED = write_request(imprint_of(b"a document"), nonce=0x0F00)


def status(answer: bytes) -> str:
    """`granted`, or the failure."""
    # asn1crypto's TimeStampResp asks for a token even in a rejection, so the status is read by itself
    read = tsp.PKIStatusInfo.load(first(only(answer).content).encoded, strict=True)
    if read["status"].native == "granted":
        return "granted"
    (failure,) = read["fail_info"].native
    return str(failure)


def signed_data(answer: bytes) -> cms.SignedData:
    read = tsp.TimeStampResp.load(answer, strict=True)
    assert read["status"]["status"].native == "granted"
    token = read["time_stamp_token"]
    assert token["content_type"].native == "signed_data"
    return token["content"]


def info(answer: bytes) -> tsp.TSTInfo:
    return signed_data(answer)["encap_content_info"]["content"].parsed


async def test_a_token_says_what_was_asked(clock: FakeClock) -> None:
    world = stamping_world(clock)
    said = info(await world.authority.answer(ASKED)).native
    assert said["version"] == "v1"
    assert said["policy"] == TIMESTAMP_POLICY
    assert said["message_imprint"]["hashed_message"] == hashlib.sha256(b"a document").digest()
    assert said["gen_time"] == clock.now()
    assert said["accuracy"] == {"seconds": 1, "millis": None, "micros": None}
    assert said["nonce"] == 0x0F00
    assert not said["ordering"]
    assert said["tsa"]["common_name"] == "Example Time-stamping Unit"
    assert 64 < said["serial_number"].bit_length() <= 160
    assert [token.serial for token in world.log.tokens] == [said["serial_number"]]


async def test_a_token_is_one_signed_data_of_one_signer(clock: FakeClock) -> None:
    world = stamping_world(clock)
    unit = world.keys.units["tsa/1"].certificate
    data = signed_data(await world.authority.answer(ASKED))
    assert data["version"].native == "v3"
    assert data["encap_content_info"]["content_type"].native == "tst_info"
    (signer,) = data["signer_infos"]
    attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
    assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}
    assert signer["signed_attrs"].dump() == signer["signed_attrs"].dump(force=True)  # a SET OF in order
    (binding,) = attributes["signing_certificate_v2"][0]["certs"]
    assert binding["cert_hash"].native == hashlib.sha256(unit.public_bytes(Encoding.DER)).digest()
    assert signer["sid"].chosen["serial_number"].native == unit.serial_number
    assert signer["unsigned_attrs"].native is None


@pytest.mark.parametrize("wanted", [True, False])
async def test_certificates_come_if_and_only_if_they_are_asked_for(clock: FakeClock, wanted: bool) -> None:
    world = stamping_world(clock)
    answer = await world.authority.answer(write_request(imprint_of(b"x"), certificates=wanted))
    found = signed_data(answer)["certificates"]
    carried = {one.dump() for one in found} if found.native else set()
    assert carried == (set(world.keys.units["tsa/1"].chain) if wanted else set())


async def test_an_absent_nonce_stays_absent(clock: FakeClock) -> None:
    answer = await stamping_world(clock).authority.answer(write_request(imprint_of(b"x")))
    assert info(answer)["nonce"].native is None


@pytest.mark.parametrize(("policy", "expected"), [(TIMESTAMP_POLICY, "granted"), ("1.2.3.4", "unaccepted_policy")])
async def test_only_our_policy_is_accepted(clock: FakeClock, policy: str, expected: str) -> None:
    world = stamping_world(clock)
    assert status(await world.authority.answer(write_request(imprint_of(b"x"), policy=policy))) == expected
    assert world.authority.answered[expected.replace("_", "-")] == 1


@pytest.mark.parametrize(("accuracy", "micros"), [(2000, 0), (1000, 400_000), (100, 450_000), (1, 450_000)])
async def test_a_fraction_is_told_where_the_accuracy_warrants_it(clock: FakeClock, accuracy: int, micros: int) -> None:
    clock.set(START.replace(microsecond=450_000))
    world = stamping_world(clock, accuracy=dt.timedelta(milliseconds=accuracy))
    assert info(await world.authority.answer(ASKED))["gen_time"].native.microsecond == micros


async def test_whatever_comes_is_answered_in_the_protocol(clock: FakeClock) -> None:
    world = stamping_world(clock)
    for garbage in (b"", b"\x00", b"GET / HTTP/1.1", b"0" * 5000, ASKED[:-1], ASKED + b"\x00"):
        assert status(await world.authority.answer(garbage)) == "bad_data_format"
    assert world.log.tokens == []


async def test_a_store_that_is_away_is_answered_in_the_protocol(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = stamping_world(clock)

    async def away(count: int, *, moment: dt.datetime) -> SerialBlock:
        raise OSError("connection refused by db-7.internal")

    with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
        patched.setattr(world.serials, "reserve", away)
        answer = await world.authority.answer(ASKED)
    assert status(answer) == "system_failure"
    assert b"db-7" not in answer
    assert "OSError" in caplog.text
    assert status(await world.authority.answer(ASKED)) == "granted"


async def test_numbers_do_not_repeat_while_many_ask(clock: FakeClock) -> None:
    world = stamping_world(clock)
    answers = await asyncio.gather(*(world.authority.answer(ASKED) for _ in range(60)))
    assert len({info(answer)["serial_number"].native for answer in answers}) == 60


async def test_numbers_of_a_restored_counter_differ_all_the_same(clock: FakeClock) -> None:
    """A backup brings the counter back to a value that was used: the random part keeps the numbers apart."""
    taken = []
    for _ in range(2):
        serials = Serials(MemorySerials(), clock, tolerance=dt.timedelta(seconds=1))
        taken.append(await serials.take())
    assert taken[0] >> 64 == taken[1] >> 64
    assert taken[0] != taken[1]


# -- time ----------------------------------------------------------------------------------------------------------


async def test_a_clock_that_steps_back_stops_the_authority(clock: FakeClock) -> None:
    world = stamping_world(clock)
    assert status(await world.authority.answer(ASKED)) == "granted"
    clock.advance(-0.9)  # within the accuracy
    assert status(await world.authority.answer(ASKED)) == "granted"
    clock.advance(-0.2)
    assert status(await world.authority.answer(ASKED)) == "time_not_available"
    clock.advance(0.2)
    assert status(await world.authority.answer(ASKED)) == "granted"


async def test_a_clock_behind_another_worker_stops_this_one(clock: FakeClock) -> None:
    ahead, behind = FakeClock(START + dt.timedelta(seconds=5)), clock
    store = MemorySerials()
    first = Serials(store, ahead, tolerance=dt.timedelta(seconds=1))
    second = Serials(store, behind, tolerance=dt.timedelta(seconds=1))
    await first.take()
    with pytest.raises(TimeNotAvailable):
        await second.take()
    behind.advance(4.5)
    assert await second.take()


async def test_a_block_does_not_outlive_its_minute(clock: FakeClock) -> None:
    store = MemorySerials()
    serials = Serials(store, clock, tolerance=dt.timedelta(seconds=1))
    before = await serials.take()
    clock.advance(61)
    assert await serials.take() >> 64 == (before >> 64) + 1000
    assert store.latest == clock.now()


async def test_a_clock_that_does_not_follow_utc_stops_the_authority(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    world = stamping_world(clock)
    world.check.said = "the clock is not synchronised"
    with caplog.at_level(logging.ERROR):
        assert status(await world.authority.answer(ASKED)) == "time_not_available"
    assert "not synchronised" in caplog.text
    world.check.said = None
    assert status(await world.authority.answer(ASKED)) == "granted"


def test_the_kernel_is_asked_once_a_second(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    check = KernelClock(dt.timedelta(seconds=1), clock)
    said: list[str | None] = ["not synchronised", None]
    monkeypatch.setattr(check, "_look", lambda: said.pop(0))
    assert check.fault() == "not synchronised"
    assert check.fault() == "not synchronised"
    clock.advance(1)
    assert check.fault() is None


def test_the_kernel_answers(clock: FakeClock) -> None:
    """Whatever this machine's clock is like: an accuracy of no time at all is never met."""
    assert KernelClock(dt.timedelta(0), clock).fault() is not None


# -- keys ----------------------------------------------------------------------------------------------------------


async def test_without_a_key_or_a_certificate_nothing_is_issued(clock: FakeClock) -> None:
    world = stamping_world(clock)
    world.keys.without_certificate.add("tsa/1")
    assert status(await world.authority.answer(ASKED)) == "system_failure"
    clock.advance(31)  # the certificate is there at the next look
    world.keys.without_certificate.clear()
    assert status(await world.authority.answer(ASKED)) == "granted"
    del world.keys.units["tsa/1"]
    assert status(await world.authority.answer(ASKED)) == "system_failure"


async def test_a_revoked_certificate_stops_signing_at_the_next_look(clock: FakeClock) -> None:
    world = stamping_world(clock)
    assert status(await world.authority.answer(ASKED)) == "granted"
    world.keys.without_certificate.add("tsa/1")
    clock.advance(30)
    assert status(await world.authority.answer(ASKED)) == "system_failure"


def two_units() -> StampingWorld:
    authority = StampingAuthority()
    units = {f"tsa/{number}": authority.unit(common_name=f"Unit {number}") for number in (1, 2)}
    return stamping_world(FakeClock(), units)


class _Gone:
    """A key whose device does not answer."""

    def __init__(self, world: StampingWorld, purpose: str) -> None:
        signer = world.keys.units[purpose].signer
        self.key_id, self.algorithm, self.public_key = signer.key_id, signer.algorithm, signer.public_key
        self.blocking = True

    def sign(self, message: bytes) -> bytes:
        raise Unavailable("key-unavailable", Text("设备", "device"))


async def test_the_second_unit_signs_when_the_first_is_gone() -> None:
    world = two_units()
    assert status(await world.authority.answer(ASKED)) == "granted"
    world.keys.replaced["tsa/1"] = _Gone(world, "tsa/1")
    world.clock.advance(31)
    assert status(await world.authority.answer(ASKED)) == "granted"
    assert [token.purpose for token in world.log.tokens] == ["tsa/1", "tsa/2"]
    world.keys.replaced["tsa/2"] = _Gone(world, "tsa/2")
    world.clock.advance(31)
    assert status(await world.authority.answer(ASKED)) == "system_failure"
    assert len(world.log.tokens) == 2


@pytest.mark.parametrize(
    ("life", "period", "signs_for"),
    [
        (5 * 365 * DAY, None, 4 * 365 * DAY),  # stops a year before the end
        (365 * DAY, None, 182.5 * DAY),  # half-way
        (5 * 365 * DAY, 90 * DAY, 90 * DAY),  # as the certificate says
    ],
)
async def test_a_key_stops_signing_long_before_its_certificate_ends(
    life: dt.timedelta, period: dt.timedelta | None, signs_for: dt.timedelta
) -> None:
    clock = FakeClock()
    more = (
        ()
        if period is None
        else (x509.PrivateKeyUsagePeriod(START.replace(tzinfo=None), (START + period).replace(tzinfo=None)),)
    )
    unit = StampingAuthority().unit(not_before=START, not_after=START + life, more=more)
    world = stamping_world(clock, {"tsa/1": unit})
    clock.set(START - DAY)
    assert status(await world.authority.answer(ASKED)) == "system_failure"
    clock.set(START + signs_for)
    assert status(await world.authority.answer(ASKED)) == "granted"
    clock.advance(1)
    assert status(await world.authority.answer(ASKED)) == "system_failure"


class _Held:
    """A slow key: signs when the test lets it."""

    def __init__(self, world: StampingWorld) -> None:
        self._signer = world.keys.units["tsa/1"].signer
        self.key_id, self.algorithm, self.public_key = (
            self._signer.key_id,
            self._signer.algorithm,
            self._signer.public_key,
        )
        self.blocking = True
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def sign(self, message: bytes) -> bytes:
        self.begun.release()
        assert self.go.wait(10)
        return self._signer.sign(message)


async def test_a_slow_key_holds_up_nobody_and_a_bounded_number_wait() -> None:
    world = stamping_world(FakeClock(), waiting=2)
    slow = world.keys.replaced["tsa/1"] = _Held(world)
    waiting = [asyncio.create_task(world.authority.answer(ASKED)) for _ in range(2)]
    for _ in waiting:
        assert await asyncio.to_thread(slow.begun.acquire, timeout=10)
    assert status(await world.authority.answer(ASKED)) == "system_failure"  # the loop runs, the queue is full
    slow.go.set()
    assert [status(answer) for answer in await asyncio.gather(*waiting)] == ["granted", "granted"]
    assert status(await world.authority.answer(ASKED)) == "granted"


async def test_rsa_signs_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = StampingAuthority().unit(SignatureAlgorithm.RS256, common_name="rsa")
    world = stamping_world(FakeClock(), {"tsa/1": unit})
    threads: list[threading.Thread] = []
    plain = unit.signer.sign

    def sign(message: bytes) -> bytes:
        threads.append(threading.current_thread())
        return plain(message)

    monkeypatch.setattr(unit.signer, "sign", sign)
    assert status(await world.authority.answer(ASKED)) == "granted"
    assert threads
    assert threads[0] is not threading.main_thread()
