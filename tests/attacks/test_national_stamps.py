"""Stamps of GB/T 38540 from strangers: each attack has its own refusal, beside a genuine twin."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.der import BOOLEAN, CONTEXT_0, OCTET_STRING, SEQUENCE, integer, oid, only, tlv
from signing.eseal.fields import bits, ia5, moment
from signing.eseal.judge import Outcome, StampVerdict, StepName
from signing.eseal.model import Edition, Extension, Seal, Signers
from signing.eseal.read import LARGEST, StructureRefused, read_seal, read_stamp
from signing.eseal.write import SM2_WITH_SM3, write_info
from tests.support.eseal_world import (
    DIGEST,
    INFO,
    NOW,
    SUBJECT,
    YEAR,
    Making,
    StampSpec,
    certificate,
    judge,
    old_stamp,
    root,
    sm2,
    subject_key,
    with_numbers,
)
from tests.support.national_oracle import pure_accepts

GOOD = Making()
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
HOUR = dt.timedelta(hours=1)


async def judged(stamp: bytes, digest: bytes = DIGEST, now: dt.datetime = NOW) -> StampVerdict:
    return await judge().judge(stamp, digest=digest, now=now)


def told(verdict: StampVerdict) -> dict[str, str]:
    """The steps that are not good, by their reason."""
    return {step.name: step.reason for step in verdict.steps if step.outcome is not Outcome.GOOD}


# -- genuine ---------------------------------------------------------------------------------------------------------


async def test_every_step_of_a_genuine_stamp_is_told_and_good() -> None:
    verdict = await judged(GOOD.stamp())
    assert verdict.good
    assert [step.number for step in verdict.steps] == list(range(1, 11))
    assert [step.name for step in verdict.steps] == list(StepName)
    assert verdict.stamp is not None
    assert (verdict.stamp.edition, verdict.stamp.subject) == (Edition.GBT_38540_2020, SUBJECT)


def test_another_reader_reads_what_we_write() -> None:
    read = StampSpec.load(GOOD.stamp(), strict=True)
    seal = read["to_sign"]["eseal"]
    assert seal["info"]["header"].native == {"id": "ES", "version": 4, "vid": "Yizheng"}
    assert seal["info"]["property"]["name"].native == INFO.name
    assert seal["info"]["property"]["valid_end"].native == INFO.valid_to
    assert bytes(seal["info"]["property"]["cert_list"][0]) == certificate("signer")
    assert read["to_sign"]["data_hash"].native == DIGEST
    assert read["alg"].native == SM2_WITH_SM3
    maker, signer = subject_key(certificate("maker")), subject_key(certificate("signer"))
    assert pure_accepts(maker, seal["value"].native, seal["info"].dump())
    assert pure_accepts(signer, read["signature"].native, read["to_sign"].dump())


async def test_the_old_edition_is_judged_by_its_own_rules() -> None:
    verdict = await judged(old_stamp(GOOD))
    assert verdict.good, told(verdict)
    assert verdict.stamp is not None
    assert verdict.stamp.edition is Edition.GMT_0031_2014
    with_another_digest = await judged(old_stamp(replace(GOOD, digest=bytes(32))))
    assert told(with_another_digest) == {"digest": "digest-differs"}


async def test_the_edition_of_2025_may_have_a_time_stamp_on_its_seal() -> None:
    making = replace(GOOD, info=replace(GOOD.info, version=5))
    parts = [one.encoded for one in only(making.seal()).items()]
    seal = tlv(SEQUENCE, *parts, tlv(CONTEXT_0, bits(b"a token")))
    verdict = await judged(making.stamp(seal))
    assert verdict.good, told(verdict)
    assert verdict.stamp is not None
    assert (verdict.stamp.edition, verdict.stamp.seal.time_stamp) == (Edition.GMT_0031_2025, b"a token")
    parts = [one.encoded for one in only(GOOD.seal()).items()]
    with pytest.raises(StructureRefused):  # which that of 2020 does not have
        read_seal(tlv(SEQUENCE, *parts, tlv(CONTEXT_0, bits(b"a token"))))


@pytest.mark.parametrize("name", ["SM3", "1.2.156.10197.1.401"])
async def test_a_seal_may_name_its_signers_by_digest(name: str) -> None:
    digest = hashlib.new("sm3", certificate("signer")).digest()
    verdict = await judged(replace(GOOD, info=replace(INFO, signers=Signers(digests=((name, digest),)))).stamp())
    assert verdict.good, told(verdict)
    other = hashlib.new("sm3", certificate("another")).digest()
    for listed in ((name, other), ("MD5", hashlib.md5(certificate("signer"), usedforsecurity=False).digest())):
        making = replace(GOOD, info=replace(INFO, signers=Signers(digests=(listed,))))
        assert told(await judged(making.stamp())) == {"signer-listed": "signer-not-listed"}


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("written_out", [False, True])
def test_extensions_are_read_in_every_form_that_makers_write(tagged: bool, written_out: bool) -> None:
    critical = tlv(BOOLEAN, b"\x00") if written_out else b""  # DEFAULT FALSE, which DER leaves out
    one = tlv(SEQUENCE, tlv(SEQUENCE, oid("1.2.3.4"), critical, tlv(OCTET_STRING, b"x")))
    parts = [part.encoded for part in only(write_info(GOOD.info)).items()]
    info = tlv(SEQUENCE, *parts, tlv(CONTEXT_0, one) if tagged else one)
    rest = [part.encoded for part in only(GOOD.seal()).items()][1:]
    assert read_seal(tlv(SEQUENCE, info, *rest)).info.extensions == (Extension("1.2.3.4", False, b"x"),)


# -- forged ----------------------------------------------------------------------------------------------------------


async def test_the_picture_of_a_seal_cannot_be_changed() -> None:
    seal = GOOD.seal().replace(b"<svg/>", b"<sVg/>")
    assert told(await judged(GOOD.stamp(seal))) == {"seal-signature": "signature"}


async def test_a_stamp_stands_for_its_document_alone() -> None:
    assert told(await judged(GOOD.stamp(), digest=bytes(32))) == {"digest": "digest-differs"}
    changed = GOOD.stamp().replace(DIGEST, bytes(32))
    assert told(await judged(changed, digest=bytes(32))) == {"signature": "signature"}
    moved = GOOD.stamp().replace(b"/Doc_0/Signs/Sign_0", b"/Doc_0/Signs/Sign_1")
    assert told(await judged(moved)) == {"signature": "signature"}


async def test_a_signer_whom_the_seal_does_not_name() -> None:
    verdict = await judged(replace(GOOD, signer="another").stamp())
    assert told(verdict) == {"signer-listed": "signer-not-listed"}


async def test_a_maker_and_a_signer_of_a_root_that_is_not_on_our_list() -> None:
    both = await judge(root(), root("other-root")).judge(GOOD.stamp(), digest=DIGEST, now=NOW)
    assert both.good
    alone = await judge(root("other-root")).judge(GOOD.stamp(), digest=DIGEST, now=NOW)
    assert told(alone) == {
        "maker-certificate": "NO_CERTIFICATE_CHAIN_FOUND",
        "signer-certificate": "NO_CERTIFICATE_CHAIN_FOUND",
    }
    assert not alone.bad, "nobody says that it is false, nobody vouches for it"


@pytest.mark.parametrize(
    ("changes", "now", "reason"),
    [
        ({"valid_to": NOW - 2 * HOUR}, NOW, {"seal-time": "seal-expired", "stamp-time": "stamp-outside-seal"}),
        ({"valid_to": NOW - HOUR / 2}, NOW, {"seal-time": "seal-expired"}),
        ({"valid_from": NOW + HOUR}, NOW, {"seal-time": "seal-not-yet-valid", "stamp-time": "stamp-outside-seal"}),
        ({"created_at": NOW + HOUR}, NOW, {"seal-time": "seal-times"}),
        (
            {"valid_from": NOW, "valid_to": NOW - HOUR},
            NOW,
            {"seal-time": "seal-times", "stamp-time": "stamp-outside-seal"},
        ),
        ({}, NOW - YEAR / 2, {"stamp-time": "stamp-in-the-future"}),
    ],
)
async def test_times_that_do_not_fit(changes: dict[str, dt.datetime], now: dt.datetime, reason: dict[str, str]) -> None:
    verdict = await judged(replace(GOOD, info=replace(GOOD.info, **changes)).stamp(), now=now)
    assert told(verdict) == reason


async def test_a_stamp_outlives_its_seal_where_its_time_is_proven() -> None:
    ended = replace(GOOD, info=replace(GOOD.info, valid_to=NOW - HOUR / 2))
    proven = await judge().judge(ended.stamp(), digest=DIGEST, now=NOW, proven=NOW - HOUR * 0.9)
    assert proven.good, told(proven)


async def test_a_seal_that_our_register_has_ended() -> None:
    async def revoked(seal: Seal, at: dt.datetime) -> str | None:
        return "seal-revoked" if (seal.info.seal_id, at) == (INFO.seal_id, NOW) else None

    verdict = await judge(states=revoked).judge(GOOD.stamp(), digest=DIGEST, now=NOW)
    assert told(verdict) == {"seal-state": "seal-revoked"}
    assert verdict.bad


async def test_a_signature_under_another_user_id() -> None:
    usual = await judged(replace(GOOD, user_id=b"1234567812345678").stamp())
    assert usual.good
    verdict = await judged(replace(GOOD, user_id=b"1234567812345679").stamp())
    assert told(verdict) == {"seal-signature": "signature", "signature": "signature"}


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (-1, 1), (1 << 256, 1)])
async def test_numbers_out_of_range(r: int, s: int) -> None:
    assert told(await judged(with_numbers(GOOD.stamp(), r, s))) == {"signature": "signature"}


@pytest.mark.parametrize("other", ["1.2.156.10197.501", "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"])
async def test_another_algorithm_is_not_believed(other: str) -> None:
    read = StampSpec.load(GOOD.stamp())
    read["alg"] = other
    assert told(await judged(bytes(read.dump(force=True)))) == {"signature": "algorithm"}


# -- structures ------------------------------------------------------------------------------------------------------


def endless(stamp: bytes) -> bytes:
    return b"\x30\x80" + only(stamp).content + b"\x00\x00"


def long_form(stamp: bytes) -> bytes:
    content = only(stamp).content
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


def versions_differ(_: bytes) -> bytes:
    return replace(GOOD, version=5).stamp()


def unknown_version(_: bytes) -> bytes:
    return replace(GOOD, info=replace(GOOD.info, version=6)).stamp()


def old_version_in_the_new_shape(_: bytes) -> bytes:
    return replace(GOOD, info=replace(GOOD.info, version=1)).stamp()


def nobody_listed(_: bytes) -> bytes:
    return replace(GOOD, info=INFO).stamp()


def not_es(stamp: bytes) -> bytes:
    return stamp.replace(ia5("ES"), ia5("EX"))


def no_such_day(stamp: bytes) -> bytes:
    good = moment(GOOD.at)
    return stamp.replace(good, good[:6] + b"1332" + good[10:])


def unseen_characters(stamp: bytes) -> bytes:
    return stamp.replace(ia5("Yizheng"), ia5("Yizhe\x00g"))


def no_size(stamp: bytes) -> bytes:
    return stamp.replace(integer(42) + integer(42), integer(0) + integer(42))


def enormous(_: bytes) -> bytes:
    picture = replace(INFO.picture, data=bytes(LARGEST))
    return replace(GOOD, info=replace(GOOD.info, picture=picture)).stamp()


ODD: list[Callable[[bytes], bytes]] = [
    endless,
    long_form,
    versions_differ,
    unknown_version,
    old_version_in_the_new_shape,
    nobody_listed,
    not_es,
    no_such_day,
    unseen_characters,
    no_size,
    enormous,
    lambda stamp: stamp + b"\x00",
    lambda stamp: stamp[:-1],
    lambda stamp: b"",
    lambda stamp: only(stamp).items()[0].encoded,
]


@pytest.mark.parametrize("change", ODD, ids=lambda change: change.__name__)
async def test_what_is_no_stamp_is_refused_at_the_first_step(change: Callable[[bytes], bytes]) -> None:
    odd = change(GOOD.stamp())
    assert odd != GOOD.stamp()
    verdict = await judged(odd)
    first, *rest = verdict.steps
    assert (first.name, first.outcome) == (StepName.STRUCTURE, Outcome.BAD)
    assert first.reason
    assert {step.outcome for step in rest} == {Outcome.SKIPPED}
    assert verdict.bad
    with pytest.raises(StructureRefused):
        read_stamp(odd)


_STAMP = GOOD.stamp()


@settings(deadline=None, max_examples=150)
@given(position=st.integers(0, len(_STAMP) - 1), change=st.integers(1, 255))
async def test_no_changed_octet_makes_a_good_stamp(position: int, change: int) -> None:
    changed = bytearray(_STAMP)
    changed[position] ^= change
    verdict = await judged(bytes(changed))
    assert not verdict.good
    assert (await judged(_STAMP)).good


@settings(deadline=None, max_examples=200)
@given(noise=st.binary(max_size=400), head=st.integers(0, len(_STAMP)))
def test_noise_is_refused_and_never_raises_anything_else(noise: bytes, head: int) -> None:
    for odd in (noise, _STAMP[:head] + noise, tlv(SEQUENCE, noise)):
        if odd == _STAMP:
            continue
        for read in (read_stamp, read_seal):
            try:
                read(odd)
            except StructureRefused:
                continue


def test_signatures_of_the_world_are_by_its_keys() -> None:
    """The world of these tests is what it says: another library reads the same keys in its certificates."""
    assert subject_key(certificate("signer")) == sm2("signer").public_key
