"""Revocation lists: made on time, by one worker, divided when they are long, and never with a number twice."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError

from api.wiring.pki import PkiServices
from keys.errors import KeyUnavailable
from keys.spec import SignatureAlgorithm
from keys.x509.errors import AuthorityUnknown
from keys.x509.issue import Wanted
from keys.x509.model import CertificateRecord, RevocationReason, StoredList
from keys.x509.names import machine_name, seal_name
from keys.x509.profiles import SEAL, TLS_CLIENT
from keys.x509.publication import PARTS
from tests.support.clock import FakeClock
from tests.support.pki_world import PKI_URL, pki_of, pki_worker
from tests.support.pkilint_findings import list_errors
from tests.unit.keys.rings import fixed_signer, software_ring

HOUR = 3600
REASON = RevocationReason.KEY_COMPROMISE


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock) as worker:
        yield worker


async def seal(pki: PkiServices, number: int) -> CertificateRecord:
    key = fixed_signer(SignatureAlgorithm.ES256, f"list {number}")
    subject = seal_name(
        organisation_name="局", organisation_code="11410100MB1234567X", seal_name="章", seal_code=f"{number:013}"
    )
    return await pki.issue(Wanted(SEAL, subject, key.public_key))


async def revoked(pki: PkiServices, count: int) -> list[CertificateRecord]:
    made = [await seal(pki, number) for number in range(count)]
    for one in made:
        await pki.change.revoke(one.sha256, REASON)
    return made


def read(found: StoredList) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(found.der)


def serials(found: StoredList) -> list[int]:
    return [entry.serial_number for entry in read(found)]


def number(found: StoredList) -> int:
    told: int = read(found).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    assert told == found.number
    return told


async def test_a_list_is_the_same_until_it_is_due(pki: PkiServices, clock: FakeClock) -> None:
    first = await pki.lists.get("seals")
    assert read(first).next_update_utc == clock.now() + dt.timedelta(hours=24)
    clock.advance(11 * HOUR)
    assert await pki.lists.get("seals") is first
    clock.advance(2 * HOUR)  # more than half of its life
    second = await pki.lists.get("seals")
    assert number(second) > number(first)
    assert read(second).last_update_utc == clock.now()


async def test_entries_say_why_and_since_when(pki: PkiServices, clock: FakeClock) -> None:
    plain, dated, held = [await seal(pki, n) for n in range(3)]
    await pki.change.revoke(plain.sha256, RevocationReason.UNSPECIFIED)
    clock.advance(60)
    await pki.change.revoke(dated.sha256, REASON, invalidity_at=clock.now() - dt.timedelta(days=2))
    await pki.change.suspend(held.sha256)
    found = await pki.lists.get("seals")
    assert list_errors(found.der) == []
    entries = {entry.serial_number: entry for entry in read(found)}
    assert len(entries[plain.number].extensions) == 0  # RFC 5280 §5.3.1: absent rather than unspecified
    since = entries[dated.number].extensions.get_extension_for_class(x509.InvalidityDate).value
    assert since.invalidity_date_utc == clock.now() - dt.timedelta(days=2)
    reason = entries[held.number].extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason is x509.ReasonFlags.certificate_hold
    await pki.change.resume(held.sha256)
    assert held.number not in serials(await pki.lists.get("seals"))


async def test_a_long_list_is_divided_and_a_certificates_part_is_its_own(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock, parts_from=3) as pki:
        made = await revoked(pki, 2)
        part = made[0].number % PARTS
        whole = await pki.lists.get("seals")
        assert (await pki.lists.get("seals", part)).der == whole.der  # short: everybody gets the whole
        made += [await seal(pki, 5)]
        await pki.change.revoke(made[2].sha256, REASON)
        whole = await pki.lists.get("seals")
        assert sorted(serials(whole)) == sorted(one.number for one in made)
        seen: list[int] = []
        for each in range(PARTS):
            found = await pki.lists.get("seals", each)
            assert list_errors(found.der) == []
            point = read(found).extensions.get_extension_for_class(x509.IssuingDistributionPoint)
            assert point.critical
            assert point.value.full_name is not None
            assert point.value.full_name[0].value == f"{PKI_URL}/pki/crl/seals/{each}.crl"
            assert all(serial % PARTS == each for serial in serials(found))
            seen += serials(found)
        assert sorted(seen) == sorted(one.number for one in made)
        # a change makes its own part anew, and leaves the others as they are
        late = await seal(pki, 6)
        own, other = late.number % PARTS, (late.number + 1) % PARTS
        before = await pki.lists.get("seals", own), await pki.lists.get("seals", other)
        await pki.change.revoke(late.sha256, REASON)
        after = await pki.lists.get("seals", own), await pki.lists.get("seals", other)
        assert late.number in serials(after[0])
        assert number(after[0]) > number(before[0])
        assert after[1] == before[1]


async def test_a_validator_of_others_takes_the_part_that_a_certificate_names(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock, parts_from=1) as pki:
        bad, good = await seal(pki, 1), await seal(pki, 2)
        await pki.change.revoke(bad.sha256, REASON)
        issuing, root = pki.seals.issuing_chain()
        roots = await pki.lists.get("root")
        for record, fails in ((good, False), (bad, True)):
            part = await pki.lists.get("seals", record.number % PARTS)
            context = ValidationContext(
                trust_roots=[_asn1(root)],
                other_certs=[_asn1(issuing)],
                crls=[part.der, roots.der],
                revocation_mode="require",
                allow_fetching=False,
                moment=clock.now() + dt.timedelta(seconds=1),
            )
            judging = CertificateValidator(_asn1(record.der), validation_context=context)
            if fails:
                with pytest.raises(RevokedError):
                    await judging.async_validate_usage({"digital_signature"})
            else:
                await judging.async_validate_usage({"digital_signature"})


def _asn1(der: bytes) -> Any:
    from asn1crypto import x509 as asn1

    return asn1.Certificate.load(der)


async def test_seals_stay_on_the_list_for_ever_and_machines_do_not(pki: PkiServices, clock: FakeClock) -> None:
    (stays,) = await revoked(pki, 1)
    key = fixed_signer(SignatureAlgorithm.ES256, "machine")
    subject = machine_name(organisation_name="局", identifier="portal")
    goes = await pki.issue(Wanted(TLS_CLIENT, subject, key.public_key))
    await pki.change.revoke(goes.sha256, REASON)
    clock.set(goes.not_after + dt.timedelta(hours=1))
    found = await pki.lists.get("machines")
    assert serials(found) == [goes.number]  # RFC 5280 §3.3: once more after its end
    assert not any(one.oid.dotted_string == "2.5.29.60" for one in read(found).extensions)
    clock.advance(49 * HOUR)
    assert serials(await pki.lists.get("machines")) == []
    clock.set(stays.not_after + dt.timedelta(days=400))
    kept = await pki.lists.get("seals")
    assert serials(kept) == [stays.number]
    since = next(one for one in read(kept).extensions if one.oid.dotted_string == "2.5.29.60")
    assert b"20261123010000Z" in since.value.public_bytes()


async def test_workers_share_one_list_and_hear_of_changes(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as first, pki_worker(tmp_path, clock) as second:
        (one,) = await revoked(first, 1)
        assert (await second.lists.get("seals")).der == (await first.lists.get("seals")).der
        two = await seal(first, 7)
        await first.change.revoke(two.sha256, REASON)
        clock.advance(5.1)  # `refresh_seconds`
        found = await second.lists.get("seals")
        assert sorted(serials(found)) == sorted((one.number, two.number))
        assert found.der == (await first.lists.get("seals")).der


async def test_numbers_only_grow_over_workers_and_restarts(tmp_path: Path, clock: FakeClock) -> None:
    numbers: list[int] = []
    for restart in range(3):
        async with pki_worker(tmp_path, clock) as first, pki_worker(tmp_path, clock) as second:
            for step, worker in enumerate((first, second, first)):
                record = await seal(worker, restart * 10 + step)
                await worker.change.revoke(record.sha256, REASON)
                numbers.append(number(await worker.lists.get("seals")))
    assert numbers == sorted(set(numbers))


async def test_many_ask_for_the_first_list_at_once(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as first, pki_worker(tmp_path, clock) as second:
        found = await asyncio.gather(*(worker.lists.get("seals") for worker in (first, second) * 6))
        assert len({one.number for one in found}) == 1


async def test_a_list_that_is_still_good_outlives_its_key_for_a_while(
    pki: PkiServices, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await pki.lists.get("seals")
    (record,) = [await seal(pki, 1)]

    class Away:
        def __init__(self, signer: Any) -> None:
            self.public_key, self.algorithm, self.blocking = signer.public_key, signer.algorithm, False

        def sign(self, message: bytes) -> bytes:
            raise KeyUnavailable("the token is gone")

    find = pki.authorities.signer
    monkeypatch.setattr(pki.authorities, "signer", lambda authority: Away(find(authority)))
    await pki.change.revoke(record.sha256, REASON)  # is done, although the list cannot follow
    assert await pki.lists.get("seals") == before
    clock.advance(25 * HOUR)
    with pytest.raises(KeyUnavailable):
        await pki.lists.get("seals")
    monkeypatch.undo()
    assert serials(await pki.lists.get("seals")) == [record.number]


async def test_without_an_authority_there_is_no_list(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        pki = await pki_of(ring, store, clock)
        for slug in ("seals", "root", "../root"):
            with pytest.raises(AuthorityUnknown):
                await pki.lists.get(slug)


async def test_a_list_of_many_thousands_is_written_right(pki: PkiServices) -> None:
    from keys.x509.crl import ListContent, build_list
    from keys.x509.model import Revocation

    moment = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    many = [Revocation(2**158 + n, moment, REASON, None) for n in range(3000)]
    authority = pki.authorities.issuing("seals")
    signer = pki.authorities.signer(authority)
    content = ListContent(authority.certificate.subject.dump(), 7, moment, moment + dt.timedelta(days=1), many)
    found = x509.load_der_x509_crl(await build_list(content, signer))
    assert found.is_signature_valid(x509.load_der_x509_certificate(authority.der).public_key())  # type: ignore[arg-type]  # an EC key
    assert [entry.serial_number for entry in found] == [one.serial for one in many]


async def test_from_2050_on_times_are_written_in_full() -> None:
    from keys.x509.crl import time

    assert time(dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC)) == b"\x17\x0d491231235959Z"
    assert time(dt.datetime(2050, 1, 1, tzinfo=dt.UTC)) == b"\x18\x0f20500101000000Z"
