"""Certificates by SM2 are judged as others are: paths, revocation, trust lists; each flaw beside its twin."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import subprocess
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from api.wiring.pki import PkiServices
from core.text import Text
from keys.der import OCTET_STRING, SEQUENCE, integer, oid, only, tlv
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.certificate import read_certificate
from keys.trust.crl import RevocationRefused, read_list
from keys.trust.documents import read_document, write_document
from keys.trust.errors import TrustListRefused
from keys.trust.etsi_read import read_list as read_etsi
from keys.trust.etsi_write import write_list
from keys.trust.judge import Judge
from keys.trust.model import Service, TrustList
from keys.trust.ocsp import build_request, read_answer
from keys.trust.signed_json import read_signed_list, sign_list
from keys.trust.xml_signature import sign_xml, verified_list
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.files import to_pem
from keys.x509.model import CertificateRecord, RevocationReason
from keys.x509.names import SubjectWords, authority_name
from keys.x509.ocsp import response
from keys.x509.profiles import AUTHORITIES, OCSP, PAIRS, PERSON, ROOT, CertificateProfile
from signing.eseal.judge import StampJudge, StepName
from tests.support import eseal_world
from tests.support.clock import FakeClock
from tests.support.national_oracle import USER_ID, openssl_accepts, pure_accepts
from tests.support.national_pair import openssl_request
from tests.support.pki_world import pki_worker
from tests.support.sm2_people import revocation_list
from tests.support.trust_pki import FixedAnchors, entry
from tests.unit.keys.rings import fixed_signer

SM2, ES256 = SignatureAlgorithm.SM2_SM3, SignatureAlgorithm.ES256
NOW, DAY = FakeClock().now(), dt.timedelta(days=1)
ISSUING = AUTHORITIES["persons"].profile
WORDS = SubjectWords("王小明", "PNO-7Q2M4XK9", "", "")


# -- our own lists and answers ---------------------------------------------------------------------------------------


@pytest.fixture
async def pki(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PkiServices]:
    async with pki_worker(tmp_path, clock, national=True) as worker:
        yield worker


async def issued(pki: PkiServices, folder: Path) -> CertificateRecord:
    return (await pki.issue_pair("person", openssl_request(folder).read_bytes(), WORDS)).signing


def signed_by(issuer: bytes, signature: bytes, message: bytes) -> bool:
    """By two other hands, and by neither under another user ID."""
    key = x509.Certificate.load(issuer).public_key.dump()
    other = b"8765432187654321"
    assert not openssl_accepts(key, signature, message, other)
    return openssl_accepts(key, signature, message) and pure_accepts(key, signature, message)


async def test_our_revocation_lists_are_by_sm2_and_believed(pki: PkiServices, tmp_path: Path, clock: FakeClock) -> None:
    gone, issuing = await issued(pki, tmp_path), pki.authorities.issuing("persons-sm2").der
    await pki.change.revoke(gone.sha256, RevocationReason.KEY_COMPROMISE)
    der = (await pki.lists.get("persons-sm2")).der
    read = asn1_crl.CertificateList.load(der)
    assert read["signature_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.501"
    assert signed_by(issuing, read["signature"].native, read["tbs_cert_list"].dump())
    found = read_list(der, read_certificate(issuing), now=clock.now())
    assert found.entry_of(read_certificate(gone.der)) == (clock.now(), "keyCompromise")


async def test_our_answers_are_by_sm2_down_from_the_authority(
    pki: PkiServices, tmp_path: Path, clock: FakeClock
) -> None:
    record, issuing = await issued(pki, tmp_path), pki.authorities.issuing("persons-sm2").der
    certificate, issuer = read_certificate(record.der), read_certificate(issuing)
    nonce = bytes(range(32))
    der = (await pki.responder.answer("persons-sm2", build_request(certificate, issuer, nonce))).der
    basic = asn1_ocsp.OCSPResponse.load(der).basic_ocsp_response
    (delegate,) = [one.dump() for one in basic["certs"]]
    assert basic["signature_algorithm"]["algorithm"].dotted == "1.2.156.10197.1.501"
    assert signed_by(delegate, basic["signature"].native, basic["tbs_response_data"].dump())
    for name, one in (("delegate", delegate), ("issuing", issuing)):
        (tmp_path / name).write_text(to_pem(one))
    command = [
        "openssl",
        "verify",
        "-partial_chain",
        "-CAfile",
        "issuing",
        "-attime",
        str(int(clock.now().timestamp())),
    ]
    command += ["-vfyopt", f"distid:{USER_ID.decode()}", "delegate"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stdout == "delegate: OK\n"
    assert read_answer(der, certificate, issuer, nonce=nonce, now=clock.now()).revoked_at is None
    await pki.change.revoke(record.sha256, RevocationReason.SUPERSEDED)
    der = (await pki.responder.answer("persons-sm2", build_request(certificate, issuer, None))).der
    assert read_answer(der, certificate, issuer, nonce=None, now=clock.now()).reason == "superseded"


async def test_a_question_may_name_the_issuer_by_sm3(pki: PkiServices, tmp_path: Path) -> None:
    record = await issued(pki, tmp_path)
    issuing = x509.Certificate.load(pki.authorities.issuing("persons-sm2").der)
    for key, status in ((bytes(issuing.public_key["public_key"]), "good"), (b"another key", "unknown")):
        names = [tlv(OCTET_STRING, hashlib.new("sm3", one).digest()) for one in (issuing.subject.dump(), key)]
        certificate_id = tlv(SEQUENCE, tlv(SEQUENCE, oid("1.2.156.10197.1.401")), *names, integer(record.number))
        question = tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, tlv(SEQUENCE, certificate_id))))
        answer = asn1_ocsp.OCSPResponse.load((await pki.responder.answer("persons-sm2", question)).der)
        (single,) = answer.response_data["responses"]
        assert single["cert_status"].name == status
        assert single["cert_id"].dump() == certificate_id


# -- others' lists and answers ---------------------------------------------------------------------------------------


def sm2(name: str) -> Signer:
    return fixed_signer(SM2, name)


@dataclass(frozen=True)
class _OtherId:
    """Signs under another user ID than the customary one."""

    signer: Signer

    def __getattr__(self, name: str) -> object:
        return getattr(self.signer, name)

    def sign(self, message: bytes) -> bytes:
        signed: bytes = self.signer._sign(message, b"8765432187654321")  # type: ignore[attr-defined]
        return signed


async def made(
    name: str,
    key: Signer,
    profile: CertificateProfile,
    by: tuple[str, Signer],
    *,
    starts: dt.datetime = NOW - 100 * DAY,
    ends: dt.datetime = NOW + 900 * DAY,
) -> bytes:
    request = CertificateRequest(authority_name("某省", name), key.public_key, starts, ends, profile)
    return bytes((await build_certificate(request, issuer=authority_name("某省", by[0]), signer=by[1])).dump())


def now(work: object) -> bytes:
    """At import, and in tests that have a loop of their own."""
    with ThreadPoolExecutor(1) as apart:
        return bytes(apart.submit(asyncio.run, work).result())  # type: ignore[arg-type]


CA = ("CA", sm2("CA"))
ANCHOR = now(made("CA", sm2("CA"), ROOT, CA))
LEAF = now(made("leaf", sm2("leaf"), PAIRS["person"].signing, CA))


async def an_answer(by: Signer, *, name: str = "responder", issuer: tuple[str, Signer] = CA) -> bytes:
    """`LEAF` is good, says a responder that the issuer has certified; put together by hand."""
    delegate = await made(name, sm2(name), OCSP, issuer)
    request = only(build_request(read_certificate(LEAF), read_certificate(ANCHOR), None))
    asked = request.items()[0].items()[0].items()[0].items()[0].encoded
    single = response.single(asked, response.GOOD, this_update=NOW, next_update=NOW + DAY)
    key = x509.Certificate.load(delegate).public_key
    algorithm = tlv(SEQUENCE, only(bytes.fromhex("06082a811ccf55018375")).encoded)
    envelope = response.Envelope.of(bytes(key.sha1), algorithm, delegate)
    content = envelope.to_sign([single], NOW, None)
    return envelope.seal(content, by.sign(content))


async def refused_answer(der: bytes) -> str:
    with pytest.raises(RevocationRefused) as refused:
        read_answer(der, read_certificate(LEAF), read_certificate(ANCHOR), nonce=None, now=NOW)
    return str(refused.value)


async def test_an_answer_by_sm2_counts_only_as_its_responder_signed_it() -> None:
    good = await an_answer(sm2("responder"))
    assert read_answer(good, read_certificate(LEAF), read_certificate(ANCHOR), nonce=None, now=NOW).revoked_at is None
    status = good.index(b"\x80\x00\x18\x0f")  # good, and then a time: at this place revoked would stand
    assert await refused_answer(good[:status] + b"\x82" + good[status + 1 :]) == "signature"
    assert await refused_answer(await an_answer(_OtherId(sm2("responder")))) == "signature"  # type: ignore[arg-type]
    assert await refused_answer(await an_answer(sm2("forger"))) == "signature"
    stranger = ("CA", sm2("another CA"))  # the right name, and another key
    assert await refused_answer(await an_answer(sm2("responder"), issuer=stranger)) == "responder"
    named = ("another CA", sm2("CA"))
    assert await refused_answer(await an_answer(sm2("responder"), issuer=named)) == "responder"
    slanted = ("CA", _OtherId(sm2("CA")))
    assert await refused_answer(await an_answer(sm2("responder"), issuer=slanted)) == "responder"  # type: ignore[arg-type]


async def test_a_list_by_sm2_counts_only_as_its_issuer_signed_it() -> None:
    def listed(signer: Signer, issuer: str = "CA") -> bytes:
        return revocation_list(77, by=signer, issuer=issuer)

    good, issuer = listed(sm2("CA")), read_certificate(ANCHOR)
    assert read_list(good, issuer, now=NOW).entry_of(read_certificate(LEAF)) is None
    place = good.index(bytes.fromhex("02014d"))  # serial number 77
    bad = {
        "signature": (
            good[: place + 2] + b"\x4e" + good[place + 3 :],
            listed(_OtherId(sm2("CA"))),  # type: ignore[arg-type]
            listed(sm2("forger")),
            good[:-1] + bytes((good[-1] ^ 1,)),
        ),
        "issuer": (listed(sm2("CA"), "another CA"),),
    }
    for word, cases in bad.items():
        for der in cases:
            with pytest.raises(RevocationRefused, match=word):
                read_list(der, issuer, now=NOW)


# -- paths -----------------------------------------------------------------------------------------------------------

SIGNING = replace(PERSON, signs=frozenset())
KINDS = [(SM2, SM2, SM2), (ES256, SM2, SM2), (SM2, ES256, SM2), (SM2, SM2, ES256), (ES256, ES256, SM2)]


@dataclass
class Path3:
    """Root, issuing authority and end entity, each by an algorithm of its own; a test changes one thing."""

    kinds: tuple[SignatureAlgorithm, SignatureAlgorithm, SignatureAlgorithm]
    root: CertificateProfile = ROOT
    issuing: CertificateProfile = ISSUING
    leaf: CertificateProfile = SIGNING
    issuing_ends: dt.datetime = NOW + 900 * DAY
    leaf_ends: dt.datetime = NOW + 900 * DAY
    issuing_by: Signer | None = None
    leaf_by: Signer | None = None
    slanted: bool = False

    async def verdict(self, service: Service = Service.LOGIN) -> str | None:
        top, middle, end = (fixed_signer(kind, f"path {place}") for place, kind in enumerate(self.kinds))
        root = await made("root", top, self.root, ("root", top))
        issuing = await made("issuing", middle, self.issuing, ("root", self.issuing_by or top), ends=self.issuing_ends)
        by = _OtherId(middle) if self.slanted else self.leaf_by or middle
        leaf = await made("leaf", end, self.leaf, ("issuing", by), ends=self.leaf_ends)  # type: ignore[arg-type]
        found = await Judge(FixedAnchors(entry(root, *Service)), None, FakeClock()).judge(
            leaf, [issuing], service=service
        )
        return found.sub_indication


@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: "-".join(kinds))
async def test_a_path_is_judged_alike_whatever_signs_it(
    kinds: tuple[SignatureAlgorithm, SignatureAlgorithm, SignatureAlgorithm],
) -> None:
    path = Path3(kinds)
    assert await path.verdict() is None
    forger = fixed_signer(kinds[1], "forger")
    flaws: dict[str, list[Path3]] = {
        "CHAIN_CONSTRAINTS_FAILURE": [
            replace(path, issuing=SIGNING),  # issues, and is no authority
            replace(path, root=replace(ROOT, path_length=0), issuing=replace(ISSUING, path_length=None)),
            replace(path, issuing=replace(ISSUING, key_usage=frozenset({"crl_sign"}))),
            replace(path, leaf=PAIRS["person"].encryption),
            replace(path, leaf=replace(SIGNING, extended_key_usage=("1.3.6.1.5.5.7.3.1",))),
        ],
        "OUT_OF_BOUNDS_NO_POE": [replace(path, leaf_ends=NOW - DAY), replace(path, issuing_ends=NOW - DAY)],
        "NO_CERTIFICATE_CHAIN_FOUND": [
            replace(path, leaf_by=forger),
            replace(path, issuing_by=fixed_signer(kinds[0], "forger")),
        ],
    }
    for expected, cases in flaws.items():
        for case in cases:
            assert await case.verdict() == expected
    if kinds[1] is SM2:
        assert await replace(path, slanted=True).verdict() == "NO_CERTIFICATE_CHAIN_FOUND"  # another user ID


async def test_below_an_authority_that_allows_no_further_one_there_is_none_by_sm2_either() -> None:
    key = sm2("path 2")
    root = await made("root", sm2("path 0"), ROOT, ("root", sm2("path 0")))
    one = await made("issuing", sm2("path 1"), ISSUING, ("root", sm2("path 0")))
    two = await made("second", key, ISSUING, ("issuing", sm2("path 1")))
    leaf = await made("leaf", sm2("end"), SIGNING, ("second", key))
    judge = Judge(FixedAnchors(entry(root, *Service)), None, FakeClock())
    assert (await judge.judge(leaf, [one, two], service=Service.LOGIN)).sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
    direct = await made("leaf", sm2("end"), SIGNING, ("issuing", sm2("path 1")))
    assert (await judge.judge(direct, [one, two], service=Service.LOGIN)).good


# -- trust lists -----------------------------------------------------------------------------------------------------

LIST = TrustList(
    publisher=Text("某省密码管理局", "Cryptography office of a province"),
    territory="CN-41",
    sequence=3,
    issued_at=NOW - DAY,
    next_update=NOW + 6 * DAY,
    entries=(entry(eseal_world.root(), Service.DOCUMENTS), entry(ANCHOR, Service.LOGIN)),
)


async def test_lists_with_sm2_authorities_are_read_as_they_were_published() -> None:
    assert read_document(write_document(LIST)) == LIST
    for publisher in (fixed_signer(ES256, "publisher"), sm2("publisher")):  # a list that is itself signed by SM2 too
        signed = await sign_list(LIST, publisher)
        assert read_signed_list(signed, publisher.public_key, at=NOW) == LIST
        with pytest.raises(TrustListRefused):
            read_signed_list(signed, sm2("another publisher").public_key, at=NOW)
    key = fixed_signer(ES256, "publisher")
    pinned = await made("publisher", key, SIGNING, ("publisher", key))
    xml = await sign_xml(write_list(LIST, address="https://example.gov.cn/pki"), key, pinned, NOW)
    found = read_etsi(verified_list(xml, pinned, at=NOW))
    assert [one.certificate for one in found.entries] == [one.certificate for one in LIST.entries]
    assert [one.services for one in found.entries] == [one.services for one in LIST.entries]
    with pytest.raises(TrustListRefused):  # there is no name for SM2 in XML signatures: such a publisher is not pinned
        verified_list(xml, await made("p", sm2("publisher"), SIGNING, ("p", sm2("publisher"))), at=NOW)


async def test_an_authority_by_sm2_that_a_list_adds_has_its_seals_judged() -> None:
    making = eseal_world.Making()
    signed = await sign_list(LIST, sm2("publisher"))
    listed = read_signed_list(signed, sm2("publisher").public_key, at=NOW).entries
    for entries, good in ((listed, True), (listed[1:], False)):
        certificates = Judge(FixedAnchors(*entries), None, FakeClock())
        judge = StampJudge(certificates, None)
        verdict = await judge.judge(making.stamp(), digest=eseal_world.DIGEST, now=NOW)
        assert verdict.good is good
        assert (verdict.step(StepName.SIGNER).reason == "") is good


async def test_a_person_below_it_is_let_in_and_only_for_what_the_list_says() -> None:
    judge = Judge(FixedAnchors(*LIST.entries), None, FakeClock())
    assert (await judge.judge(LEAF, service=Service.LOGIN)).good
    assert (await judge.judge(LEAF, service=Service.DOCUMENTS)).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    half = await made("leaf", sm2("leaf"), PAIRS["person"].encryption, CA)
    assert (await judge.judge(half, service=Service.LOGIN)).sub_indication == "CHAIN_CONSTRAINTS_FAILURE"


async def test_pyca_reads_what_we_ask_about_sm2_certificates() -> None:
    """The other way round: the question names issuer and serial number as pyca sees them."""
    asked = ocsp.load_der_ocsp_request(build_request(read_certificate(LEAF), read_certificate(ANCHOR), None))
    digest = hashes.Hash(hashes.SHA1())
    digest.update(pyca.load_der_x509_certificate(ANCHOR).subject.public_bytes())
    assert asked.issuer_name_hash == digest.finalize()
    assert asked.serial_number == x509.Certificate.load(LEAF).serial_number
    assert pyca.load_der_x509_certificate(LEAF).public_bytes(Encoding.DER) == LEAF
