"""The OCSP responder: what it says, how soon it notices, and that whatever fails it never says good."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.wiring.pki import PkiServices
from keys.errors import KeyUnavailable
from keys.spec import SignatureAlgorithm
from keys.x509.issue import Wanted
from keys.x509.model import CertificateQuery, CertificateRecord, RevocationReason
from keys.x509.names import machine_name
from keys.x509.profiles import TLS_CLIENT
from tests.support.clock import FakeClock
from tests.support.pki_world import development_pki, pki_worker
from tests.unit.keys.rings import fixed_signer, software_ring

GOOD, REVOKED, UNKNOWN = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.UNKNOWN
REASON = RevocationReason.KEY_COMPROMISE
MINUTE = 60


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock) as worker:
        yield worker


async def machine(pki: PkiServices, number: int = 1) -> CertificateRecord:
    key = fixed_signer(SignatureAlgorithm.ES256, f"ocsp machine {number}")
    subject = machine_name(organisation_name="局", identifier=f"portal-{number}")
    return await pki.issue(Wanted(TLS_CLIENT, subject, key.public_key))


def request(
    pki: PkiServices,
    record: CertificateRecord,
    *,
    digest: hashes.HashAlgorithm | None = None,
    nonce: bytes | None = None,
    issuer: str = "machines",
) -> bytes:
    above = x509.load_der_x509_certificate(pki.authorities.issuing(issuer).der)
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(record.der), above, digest or hashes.SHA1()
    )
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), False)
    return builder.build().public_bytes(Encoding.DER)


async def ask(pki: PkiServices, record: CertificateRecord, **options: Any) -> ocsp.OCSPResponse:
    return ocsp.load_der_ocsp_response((await pki.responder.answer("machines", request(pki, record, **options))).der)


async def status(pki: PkiServices, record: CertificateRecord, **options: Any) -> ocsp.OCSPCertStatus:
    return (await ask(pki, record, **options)).certificate_status


def failure(der: bytes) -> str:
    found: str = asn1_ocsp.OCSPResponse.load(der)["response_status"].native
    return found


def check_signature(pki: PkiServices, answer: ocsp.OCSPResponse) -> x509.Certificate:
    """By another library: signed by the delegate, whose certificate the same authority issued for this alone."""
    (delegate,) = answer.certificates
    issuing = x509.load_der_x509_certificate(pki.authorities.issuing("machines").der)
    delegate.verify_directly_issued_by(issuing)  # RFC 6960 §4.2.2.2
    key = delegate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(hashes.SHA256()))
    assert answer.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(key).digest
    return delegate


@pytest.mark.parametrize(
    "digest", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda d: d.name
)
async def test_an_answer_says_what_the_register_says(
    digest: hashes.HashAlgorithm, pki: PkiServices, clock: FakeClock
) -> None:
    record = await machine(pki)
    for nonce in (None, b"n", bytes(32)):
        answer = await ask(pki, record, digest=digest, nonce=nonce)
        check_signature(pki, answer)
        assert answer.certificate_status is GOOD
        assert answer.serial_number == record.number
        assert answer.this_update_utc == answer.produced_at_utc == clock.now()
        assert answer.next_update_utc == clock.now() + dt.timedelta(hours=1)
        cutoff = next(e for e in answer.single_extensions if e.oid.dotted_string == "1.3.6.1.5.5.7.48.1.6")
        assert not cutoff.critical
        said = [e.value.nonce for e in answer.extensions if isinstance(e.value, x509.OCSPNonce)]
        assert said == ([] if nonce is None else [nonce])


async def test_an_answer_is_signed_once_and_again_at_half_its_life(pki: PkiServices, clock: FakeClock) -> None:
    record = await machine(pki)
    asked = request(pki, record)
    first = await pki.responder.answer("machines", asked)
    clock.advance(29 * MINUTE)
    assert await pki.responder.answer("machines", asked) is first
    assert pki.responder.kept_answer("machines", asked) is first
    clock.advance(2 * MINUTE)
    second = await pki.responder.answer("machines", asked)
    assert second.signed_at == clock.now()
    assert ocsp.load_der_ocsp_response(second.der).certificate_status is GOOD


async def test_a_change_is_noticed_at_once_here_and_soon_elsewhere(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as here, pki_worker(tmp_path, clock) as there:
        record, other = await machine(here), await machine(here, 2)
        for worker in (here, there):
            assert await status(worker, record) is await status(worker, other) is GOOD
        kept = await there.responder.answer("machines", request(there, other))
        await here.change.revoke(record.sha256, REASON)
        assert await status(here, record) is REVOKED
        clock.advance(5.1)  # `refresh_seconds`
        for nonce in (None, b"nonce"):
            answer = await ask(there, record, nonce=nonce)
            assert answer.certificate_status is REVOKED
            assert answer.revocation_reason is x509.ReasonFlags.key_compromise
        assert await there.responder.answer("machines", request(there, other)) is kept  # nothing else was signed again


async def test_a_revocation_while_an_answer_is_made_is_not_lost(
    pki: PkiServices, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    """The register was read before the change, and the answer signed after it: it must not be kept."""
    record = await machine(pki)
    await pki.watch.look()
    read, go_on = asyncio.Event(), asyncio.Event()
    of_serial = pki.certificates.of_serial

    async def slow(issuer_key_id: str, serial: str) -> CertificateRecord | None:
        found = await of_serial(issuer_key_id, serial)
        read.set()
        await go_on.wait()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(pki.certificates, "of_serial", slow)
        asking = asyncio.create_task(status(pki, record))
        await read.wait()
        await pki.change.revoke(record.sha256, REASON)
        go_on.set()
        await asking
    assert await status(pki, record) is REVOKED


async def test_a_number_that_was_never_given_is_never_good(pki: PkiServices, clock: FakeClock) -> None:
    """S-15 from the responder's side, with its twin: the certificate itself is good."""
    record = await machine(pki)
    issuing = x509.load_der_x509_certificate(pki.authorities.issuing("machines").der)
    for serial in (1, record.number + 1, record.number - 1, 2**159):
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*_hashes(issuing), serial, hashes.SHA1())
        asked = builder.build().public_bytes(Encoding.DER)
        answer = await pki.responder.answer("machines", asked)
        read = ocsp.load_der_ocsp_response(answer.der)
        check_signature(pki, read)
        assert read.certificate_status is UNKNOWN
        assert read.next_update_utc is None
        assert answer.fresh_until is None
        assert pki.responder.kept_answer("machines", asked) is None
    assert await status(pki, record) is GOOD


def _hashes(issuing: x509.Certificate) -> tuple[bytes, bytes]:
    name = hashes.Hash(hashes.SHA1())
    name.update(issuing.subject.public_bytes())
    return name.finalize(), x509.SubjectKeyIdentifier.from_public_key(issuing.public_key()).digest


async def test_a_certificate_is_good_at_its_own_issuer_only(pki: PkiServices) -> None:
    record = await machine(pki)
    assert await status(pki, record, issuer="seals") is UNKNOWN
    answer = await pki.responder.answer("seals", request(pki, record))
    assert ocsp.load_der_ocsp_response(answer.der).certificate_status is UNKNOWN
    assert await status(pki, record) is GOOD


async def test_a_certificate_that_was_just_issued_is_known(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as here, pki_worker(tmp_path, clock) as there:
        early = await machine(here)
        assert await status(there, early) is GOOD
        assert await status(there, await machine(here, 2)) is GOOD


async def test_without_the_store_nothing_is_said_for_long(
    pki: PkiServices, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    record, other = await machine(pki), await machine(pki, 2)
    assert await status(pki, record) is GOOD

    async def away(*_: object, **__: object) -> Any:
        raise OSError("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(pki.authorities, "refresh", away)
        patched.setattr(pki.certificates, "of_serial", away)
        clock.advance(30)
        assert await status(pki, record) is GOOD  # known a moment ago
        unknown = await pki.responder.answer("machines", request(pki, other))
        assert failure(unknown.der) == "internal_error"
        clock.advance(31)
        answer = await pki.responder.answer("machines", request(pki, record))
        assert failure(answer.der) == "try_later"
    assert await status(pki, record) is GOOD


async def test_without_its_key_nothing_is_said(
    pki: PkiServices, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    record = await machine(pki)

    async def gone(*_: object) -> Any:
        raise KeyUnavailable("the token is gone")

    with monkeypatch.context() as patched:
        patched.setattr(pki.responder._delegates, "current", gone)
        assert failure((await pki.responder.answer("machines", request(pki, record))).der) == "try_later"
    assert await status(pki, record) is GOOD


async def test_a_responders_certificate_is_replaced_long_before_its_end(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock) as here, pki_worker(tmp_path, clock) as there:
        record = await machine(here)
        first = check_signature(here, await ask(here, record))
        assert check_signature(there, await ask(there, record)) == first  # one for all workers
        clock.advance(8 * 24 * 3600)
        answers = await asyncio.gather(*(ask(worker, record) for worker in (here, there)))
        second, third = (check_signature(here, answer) for answer in answers)
        assert second == third
        assert second != first
        assert second.not_valid_before_utc < first.not_valid_after_utc
        assert second.not_valid_after_utc - second.not_valid_before_utc == dt.timedelta(days=14)


async def test_a_leaked_responders_key_is_replaced_and_what_it_signed_is_not_said_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with software_ring(tmp_path, clock) as (ring, store):
        pki = await development_pki(ring, store, clock)
        record = await machine(pki)
        before = check_signature(pki, await ask(pki, record))
        await ring.revoke(ring.signer("ocsp/machines").key_id, replace=False)
        assert pki.responder.kept_answer("machines", request(pki, record)) is None
        after = check_signature(pki, await ask(pki, record))
        assert after.public_key() != before.public_key()
        assert await status(pki, record) is GOOD


async def test_responders_are_renewed_although_nobody_asks(
    pki: PkiServices, monkeypatch: pytest.MonkeyPatch, clock: FakeClock
) -> None:
    await pki.delegates.renew_due(pki.authorities.all())
    purposes = [f"ocsp/{name}" for name in ("machines", "persons", "seals", "timestamps")]
    first = await _responders(pki, purposes)
    assert all(len(found) == 1 for found in first.values())
    clock.advance(6 * 24 * 3600)
    await pki.delegates.renew_due(pki.authorities.all())
    assert await _responders(pki, purposes) == first  # not yet half of their life
    clock.advance(2 * 24 * 3600)
    await pki.delegates.renew_due(pki.authorities.all())
    assert all(len(found) == 2 for found in (await _responders(pki, purposes)).values())


async def _responders(pki: PkiServices, purposes: list[str]) -> dict[str, list[str]]:
    found = {purpose: await pki.certificates.search(CertificateQuery(purpose=purpose)) for purpose in purposes}
    return {purpose: sorted(one.sha256 for one in records) for purpose, records in found.items()}


async def test_only_so_many_certificates_stay_in_memory(tmp_path: Path, clock: FakeClock) -> None:
    async with pki_worker(tmp_path, clock, answers_kept=3) as pki:
        records = [await machine(pki, number) for number in range(5)]
        for record in records:
            assert await status(pki, record) is GOOD
        kept = [pki.responder.kept_answer("machines", request(pki, record)) is not None for record in records]
        assert kept == [False, False, True, True, True]


async def test_requests_that_break_the_rules_are_malformed(pki: PkiServices) -> None:
    record = await machine(pki)
    good = request(pki, record)
    parsed = asn1_ocsp.OCSPRequest.load(good)
    one = parsed["tbs_request"]["request_list"][0].dump()

    def many(count: int) -> bytes:
        return asn1_ocsp.OCSPRequest(
            {"tbs_request": {"request_list": [asn1_ocsp.Request.load(one) for _ in range(count)]}}
        ).dump()

    def extended(*extensions: dict[str, Any]) -> bytes:
        body = {"request_list": [asn1_ocsp.Request.load(one)], "request_extensions": list(extensions)}
        return asn1_ocsp.OCSPRequest({"tbs_request": body}).dump()

    nonce = {"extn_id": "nonce", "critical": False, "extn_value": b"n" * 32}
    for fine in (good, many(1), many(32), extended(nonce)):
        assert failure((await pki.responder.answer("machines", fine)).der) == "successful"
    unknown = {"extn_id": "1.2.3.4", "critical": False, "extn_value": b"\x05\x00"}
    assert failure((await pki.responder.answer("machines", extended(unknown))).der) == "successful"
    for bad in (
        many(0),
        many(33),
        extended(nonce | {"extn_value": b"n" * 33}),  # RFC 8954 §2.1
        extended(nonce | {"extn_value": b""}),
        extended(nonce, nonce),
        extended(unknown | {"critical": True}),
        good + good,
        b"\x30\x84" + len(good[2:]).to_bytes(4, "big") + good[2:],
    ):
        assert failure((await pki.responder.answer("machines", bad)).der) == "malformed_request"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_whatever_comes_is_answered(pki: PkiServices, data: st.DataObject) -> None:
    record = (await pki.certificates.of_authorities())[0]
    octets = bytearray(request(pki, record, nonce=b"nonce"))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(octets)))
    for asked in (bytes(octets), bytes(octets[:cut]), data.draw(st.binary(max_size=200))):
        answer = await pki.responder.answer("machines", asked)
        read = ocsp.load_der_ocsp_response(answer.der)
        if read.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            assert all(one.certificate_status is UNKNOWN for one in read.responses)
