"""S-15: revocation data that is forged, stale, foreign or incomplete says nothing; "good" needs a good reason.
S-16: addresses in certificates of strangers are called by nobody."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from core.egress.fetch import Egress
from core.egress.rules import EgressRules, HostList
from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.port import KeyValueStore
from keys.trust.certificate import read_certificate
from keys.trust.judge import Judge
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.own_register import OwnRegister
from keys.trust.ports import RegisteredStatus
from keys.trust.revocation import RevocationRules, Revocations, _digest
from tests.support.clock import FakeClock
from tests.support.listener import Listener, listening, response
from tests.support.trust_pki import DAY, NOW, FixedAnchors, Made, Plan, entry, issuing, key, make, root, seal
from tests.support.trust_revocation import (
    CRL_URL,
    OCSP_URL,
    Served,
    Web,
    answer,
    crl,
    nonce_of,
    points_to_crl,
    points_to_ocsp,
    responder,
)

HOUR = dt.timedelta(hours=1)
CA = root("省级机构")
OTHER = root("别的机构")
LISTED = seal(CA, more=[points_to_crl()])
ASKED = seal(CA, more=[points_to_ocsp()])
BOTH = seal(CA, more=[points_to_ocsp(), points_to_crl()])
SILENT = seal(CA)
RESPONDER = responder(CA)


@pytest.fixture
async def kv(tmp_path: Path) -> AsyncIterator[KeyValueStore]:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", CLOCK)
    yield store
    await store.close()


CLOCK = FakeClock(NOW)


@pytest.fixture(autouse=True)
def _now() -> None:
    CLOCK.set(NOW)


def judge(web: Web, kv: KeyValueStore, *, anchor: Made = CA, **options: object) -> Judge:
    revocations = Revocations([], web, kv, RevocationRules(seconds=2.0))
    return Judge(FixedAnchors(entry(anchor, *Service)), revocations, CLOCK, **options)  # type: ignore[arg-type]


async def verdict(
    leaf: Made, pages: Mapping[str, Served], kv: KeyValueStore, *, others: tuple[Made, ...] = (), **options: object
) -> Judgement:
    return await judge(Web(pages), kv).judge(
        leaf.der,
        [one.der for one in others],
        service=Service.DOCUMENTS,
        **options,  # type: ignore[arg-type]
    )


# --- lists

IDP = x509.IssuingDistributionPoint


def idp(**changes: object) -> tuple[x509.ExtensionType, bool]:
    nothing = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return IDP(**(nothing | changes)), True  # type: ignore[arg-type]


_URI = [x509.UniformResourceIdentifier(CRL_URL)]
_ELSEWHERE = [x509.UniformResourceIdentifier("http://crl.ca.example/other.crl")]
_STRANGE = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")

GOOD_LISTS: dict[str, Callable[[], bytes]] = {
    "plain": lambda: crl(CA),
    "without-number": lambda: crl(CA, number=None),
    "others-revoked": lambda: crl(CA, ASKED.certificate, SILENT.certificate),
    "for-users": lambda: crl(CA, more=[idp(only_contains_user_certs=True)]),
    "of-this-point": lambda: crl(CA, more=[idp(full_name=_URI)]),
    "unknown-not-critical": lambda: crl(CA, more=[(_STRANGE, False)]),
    "harmless-in-entry": lambda: crl(CA, ASKED.certificate, entry_extensions=[(_STRANGE, False)]),
}


@pytest.mark.parametrize("made", GOOD_LISTS.values(), ids=GOOD_LISTS)
async def test_twin_a_good_list_says_good(made: Callable[[], bytes], kv: KeyValueStore) -> None:
    found = await verdict(LISTED, {CRL_URL: made()}, kv)
    assert found.good, found.fault
    assert [one.source for one in found.evidence] == ["crl"]


def _flipped(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


BAD_LISTS: dict[str, Callable[[], bytes]] = {
    "of-another-issuer": lambda: crl(OTHER),
    "another-issuer-under-our-name": lambda: crl(OTHER, issuer_name=CA.certificate.subject),
    "signed-by-another-key": lambda: crl(CA, private=key("attacker")),
    "signed-by-the-certificate-itself": lambda: crl(CA, private=LISTED.private),
    "one-bit-changed": lambda: _flipped(crl(CA)),
    "outdated": lambda: crl(CA, this_update=NOW - 3 * DAY, next_update=NOW - DAY),
    "outdated-by-a-second": lambda: crl(CA, next_update=NOW - dt.timedelta(seconds=1)),
    "from-the-future": lambda: crl(CA, this_update=NOW + HOUR, next_update=NOW + DAY),
    "delta": lambda: crl(CA, more=[(x509.DeltaCRLIndicator(6), True)]),
    "delta-not-critical": lambda: crl(CA, more=[(x509.DeltaCRLIndicator(6), False)]),
    "indirect": lambda: crl(CA, more=[idp(indirect_crl=True)]),
    "for-authorities-only": lambda: crl(CA, more=[idp(only_contains_ca_certs=True)]),
    "for-attributes-only": lambda: crl(CA, more=[idp(only_contains_attribute_certs=True)]),
    "some-reasons-only": lambda: crl(CA, more=[idp(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise}))]),
    "of-another-point": lambda: crl(CA, more=[idp(full_name=_ELSEWHERE)]),
    "unknown-critical": lambda: crl(CA, more=[(_STRANGE, True)]),
    "unknown-critical-in-another-entry": lambda: crl(CA, ASKED.certificate, entry_extensions=[(_STRANGE, True)]),
    "indirect-entry": lambda: crl(
        CA,
        ASKED.certificate,
        entry_extensions=[(x509.CertificateIssuer([x509.DirectoryName(OTHER.certificate.subject)]), True)],
    ),
    "a-page": lambda: b"<html>not found</html>",
    "empty": lambda: b"",
    "two-lists": lambda: crl(CA) + crl(CA),
    "an-ocsp-answer": lambda: answer(LISTED, CA, CA),
    "weak-signature": lambda: crl(CA, private=rsa.generate_private_key(public_exponent=65537, key_size=1024)),
}


@pytest.mark.parametrize("made", BAD_LISTS.values(), ids=BAD_LISTS)
async def test_a_list_with_a_flaw_is_never_good(made: Callable[[], bytes], kv: KeyValueStore) -> None:
    found = await verdict(LISTED, {CRL_URL: made()}, kv)
    assert (found.good, found.sub_indication) == (False, "TRY_LATER")
    assert found.evidence == ()


async def test_an_issuer_that_must_not_sign_lists_does_not(kv: KeyValueStore) -> None:
    mute = root("无列表权", key_usage=("key_cert_sign",))
    leaf = seal(mute, more=[points_to_crl()])
    found = await judge(Web({CRL_URL: crl(mute)}), kv, anchor=mute).judge(leaf.der, service=Service.DOCUMENTS)
    assert found.sub_indication == "TRY_LATER"


@pytest.mark.parametrize(
    ("proven", "claimed", "sub_indication"),
    [
        (None, None, "REVOKED_NO_POE"),
        (None, NOW - 2 * DAY, "REVOKED_NO_POE"),  # it says so itself
        (None, NOW - HOUR, "REVOKED"),
        (NOW - 2 * HOUR, NOW - 2 * HOUR, "REVOKED"),
        (NOW - 4 * HOUR, NOW - 4 * HOUR, None),  # proven before the revocation
    ],
)
async def test_before_or_after_a_revocation(
    proven: dt.datetime | None, claimed: dt.datetime | None, sub_indication: str | None, kv: KeyValueStore
) -> None:
    for pages in (
        {CRL_URL: crl(CA, BOTH.certificate)},
        {OCSP_URL: answer(BOTH, CA, RESPONDER, status=ocsp.OCSPCertStatus.REVOKED)},
    ):
        found = await verdict(BOTH, pages, kv, at=proven, claimed=claimed)
        assert (found.sub_indication, found.good) == (sub_indication, sub_indication is None)
        assert found.evidence[0].reason == "keyCompromise"


async def test_a_revoked_authority_vouches_for_nobody(kv: KeyValueStore) -> None:
    below = issuing(CA, "下级机构", more=[points_to_crl()])
    leaf = seal(below, more=[points_to_crl("http://crl.ca.example/below.crl")])
    lists = {CRL_URL: crl(CA), "http://crl.ca.example/below.crl": crl(below)}
    assert (await verdict(leaf, lists, kv, others=(below,))).good
    lists[CRL_URL] = crl(CA, below.certificate, number=8)
    CLOCK.advance(7200)
    found = await verdict(leaf, lists, kv, others=(below,))
    assert found.sub_indication == "REVOKED_CA_NO_POE"


async def test_an_older_list_never_takes_the_place_of_a_newer_one(kv: KeyValueStore) -> None:
    older, newer = crl(CA, number=7), crl(CA, LISTED.certificate, number=8)
    assert (await verdict(LISTED, {CRL_URL: newer}, kv)).sub_indication == "REVOKED_NO_POE"
    await _forget_lists(kv)
    assert (await verdict(LISTED, {CRL_URL: older}, kv)).sub_indication == "TRY_LATER"
    assert (await verdict(LISTED, {CRL_URL: newer}, kv)).sub_indication == "TRY_LATER", "left alone for a while"
    CLOCK.advance(61)
    assert (await verdict(LISTED, {CRL_URL: newer}, kv)).sub_indication == "REVOKED_NO_POE"


async def _forget_lists(kv: KeyValueStore) -> None:
    assert await kv.delete(_place_of_list())


def _place_of_list() -> str:
    """Where workers share the list of `CA`."""
    return f"trust.crl.{_digest(CRL_URL.encode(), read_certificate(CA.der).public_key)}"


async def test_what_the_shared_store_holds_is_judged_again(kv: KeyValueStore) -> None:
    await kv.put(_place_of_list(), crl(CA, private=key("attacker")), 3600)
    found = await verdict(LISTED, {CRL_URL: crl(CA, LISTED.certificate)}, kv)
    assert found.sub_indication == "REVOKED_NO_POE"


async def test_a_certificate_that_had_ended_before_the_list_was_made_may_have_left_it(kv: KeyValueStore) -> None:
    ended = seal(CA, not_after=NOW - 10 * DAY, more=[points_to_crl()])
    for expired_kept, good in ((None, False), (b"\x18\x0f20200101000000Z", True), (b"\x18\x0f20261124000000Z", False)):
        kept = x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), expired_kept) if expired_kept else None
        more = [(kept, False)] if kept else []
        CLOCK.advance(7200)
        pages = {CRL_URL: crl(CA, this_update=CLOCK.now() - HOUR, next_update=CLOCK.now() + DAY, more=more)}
        found = await verdict(ended, pages, kv, at=NOW - 20 * DAY)
        assert found.good is good


# --- OCSP

GOOD_ANSWERS: dict[str, Served] = {
    "by-a-responder": lambda request: answer(ASKED, CA, RESPONDER, nonce=nonce_of(request)),
    "by-the-authority": lambda request: answer(ASKED, CA, CA, nonce=nonce_of(request)),
    "made-before-without-nonce": answer(ASKED, CA, RESPONDER),
    "without-next-update": answer(ASKED, CA, RESPONDER, next_update=None),
    "by-the-responders-name": answer(ASKED, CA, RESPONDER, by_name=True),
    "by-the-authoritys-name": answer(ASKED, CA, CA, by_name=True),
}


@pytest.mark.parametrize("page", GOOD_ANSWERS.values(), ids=GOOD_ANSWERS)
async def test_twin_a_good_answer_says_good(page: Served, kv: KeyValueStore) -> None:
    found = await verdict(ASKED, {OCSP_URL: page}, kv)
    assert found.good, found.fault
    assert [one.source for one in found.evidence] == ["ocsp"]


def _unsuccessful(_: bytes) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)


_UNKNOWN = ocsp.OCSPCertStatus.UNKNOWN
BAD_ANSWERS: dict[str, Served] = {
    "unknown-serial": answer(ASKED, CA, RESPONDER, status=_UNKNOWN),
    "unsuccessful": _unsuccessful,
    "about-another-certificate": answer(LISTED, CA, RESPONDER),
    "about-another-issuer": answer(ASKED, OTHER, responder(OTHER)),
    "about-our-serial-of-another-issuer": answer(ASKED, OTHER, RESPONDER),
    "other-nonce": answer(ASKED, CA, RESPONDER, nonce=b"n" * 32),
    "expired": answer(ASKED, CA, RESPONDER, this_update=NOW - 3 * DAY, next_update=NOW - DAY),
    "old-without-next-update": answer(ASKED, CA, RESPONDER, this_update=NOW - 2 * HOUR, next_update=None),
    "from-the-future": answer(ASKED, CA, RESPONDER, this_update=NOW + HOUR),
    "one-bit-changed-by-a-responder": _flipped(answer(ASKED, CA, RESPONDER, carry=False)),
    "under-the-authoritys-name": answer(ASKED, CA, make(Plan(CA.certificate.subject, key("attacker"))), by_name=True),
    "under-the-responders-name": answer(ASKED, CA, responder(root("应答器")), by_name=True),
    "one-bit-changed": _flipped(answer(ASKED, CA, CA)),
    "responder-of-another-authority": answer(ASKED, CA, responder(OTHER)),
    "responder-by-itself": answer(ASKED, CA, responder(root("应答器"))),
    "responder-without-right": answer(ASKED, CA, responder(CA, extended=[ExtendedKeyUsageOID.CLIENT_AUTH])),
    "responder-is-a-seal": answer(ASKED, CA, SILENT),
    "responder-is-the-certificate-itself": answer(ASKED, CA, ASKED),
    "responder-expired": answer(ASKED, CA, responder(CA, not_after=NOW - DAY)),
    "responder-not-yet-valid": answer(ASKED, CA, responder(CA, not_before=NOW + HOUR)),
    "responder-that-must-be-checked-itself": answer(ASKED, CA, responder(CA, no_check=False)),
    "responder-below-a-responder": answer(ASKED, CA, responder(RESPONDER, "再下级")),
    "responder-may-not-sign": answer(ASKED, CA, responder(CA, key_usage=("key_encipherment",))),
    "responder-left-out": answer(ASKED, CA, RESPONDER, carry=False),
    "unknown-critical": answer(ASKED, CA, RESPONDER, more=[(_STRANGE, True)]),
    "not-an-answer": b"<html>busy</html>",
    "empty": b"",
    "a-list": crl(CA),
    "very-long": b"\x30" * 70_000,
}


@pytest.mark.parametrize("page", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_an_answer_with_a_flaw_is_never_good(page: Served, kv: KeyValueStore) -> None:
    found = await verdict(ASKED, {OCSP_URL: page}, kv)
    assert (found.good, found.sub_indication) == (False, "TRY_LATER")


async def test_where_the_responder_says_nothing_the_list_is_asked(kv: KeyValueStore) -> None:
    found = await verdict(BOTH, {OCSP_URL: b"busy", CRL_URL: crl(CA)}, kv)
    assert (found.good, [one.source for one in found.evidence]) == (True, ["crl"])


async def test_a_certificate_that_names_nobody_to_ask_cannot_be_told(kv: KeyValueStore) -> None:
    web = Web()
    strict = await judge(web, kv).judge(SILENT.der, service=Service.DOCUMENTS)
    lenient = await judge(web, kv, lenient=frozenset({Service.DOCUMENTS})).judge(SILENT.der, service=Service.DOCUMENTS)
    assert (strict.sub_indication, lenient.good, lenient.evidence, web.called) == ("TRY_LATER", True, (), [])
    revoked = judge(Web({CRL_URL: crl(CA, LISTED.certificate)}), kv, lenient=frozenset(Service))
    assert not (await revoked.judge(LISTED.der, service=Service.DOCUMENTS)).good, "lenient is for silence only"


# --- the cache


async def test_an_answer_is_used_again_while_it_counts_and_no_longer(kv: KeyValueStore) -> None:
    web = Web(
        {CRL_URL: crl(CA, next_update=NOW + HOUR / 2), OCSP_URL: answer(ASKED, CA, CA, next_update=NOW + HOUR / 2)}
    )
    one = judge(web, kv)
    for leaf, url in ((LISTED, CRL_URL), (ASKED, OCSP_URL)):
        CLOCK.set(NOW)
        for _ in range(3):
            assert (await one.judge(leaf.der, service=Service.DOCUMENTS)).good
        assert (await judge(web, kv).judge(leaf.der, service=Service.DOCUMENTS)).good, "another worker"
        assert web.called.count(url) == 1
        CLOCK.advance(31 * 60)
        assert not (await one.judge(leaf.der, service=Service.DOCUMENTS)).good
        assert web.called.count(url) == 2


async def test_many_questions_at_once_go_out_once(kv: KeyValueStore) -> None:
    web = Web({CRL_URL: crl(CA), OCSP_URL: answer(ASKED, CA, CA)})
    one = judge(web, kv)
    asked = [one.judge(leaf.der, service=Service.DOCUMENTS) for leaf in (LISTED, ASKED) * 10]
    assert all(found.good for found in await asyncio.gather(*asked))
    assert sorted(web.called) == [CRL_URL, OCSP_URL]


async def test_who_does_not_answer_is_left_alone_for_a_while(kv: KeyValueStore) -> None:
    web = Web()
    one = judge(web, kv)
    for _ in range(3):
        assert (await one.judge(LISTED.der, service=Service.DOCUMENTS)).sub_indication == "TRY_LATER"
    assert web.called == [CRL_URL]
    web.pages = {CRL_URL: crl(CA)}
    CLOCK.advance(61)
    assert (await one.judge(LISTED.der, service=Service.DOCUMENTS)).good


# --- our own register


class Register:
    """Implements `keys.trust.ports.CertificateRegister`."""

    def __init__(self, **known: RegisteredStatus) -> None:
        self.known, self.asked = known, 0

    def answers_for(self, issuer: object) -> bool:
        return True

    async def status_of(self, sha256: str) -> RegisteredStatus | None:
        self.asked += 1
        return self.known.get(f"c{sha256}")


async def test_our_own_certificates_are_looked_up_in_our_register(kv: KeyValueStore) -> None:
    fingerprint = f"c{entry(BOTH).id}"
    register = Register(**{fingerprint: RegisteredStatus(None, None)})
    web = Web()
    anchors = FixedAnchors(entry(CA, *Service))
    one = Judge(anchors, Revocations([OwnRegister(register, CLOCK)], web, kv), CLOCK)
    for _ in range(3):
        found = await one.judge(BOTH.der, service=Service.DOCUMENTS)
        assert (found.good, found.evidence[0].source) == (True, "own-register")
    assert (register.asked, web.called) == (1, [])
    register.known[fingerprint] = RegisteredStatus(NOW + dt.timedelta(seconds=2), "keyCompromise")
    CLOCK.advance(5)
    assert (await one.judge(BOTH.der, service=Service.DOCUMENTS)).sub_indication == "REVOKED_NO_POE"
    assert (await one.judge(BOTH.der, service=Service.DOCUMENTS, at=NOW)).good


async def test_a_certificate_by_our_key_that_nobody_issued_is_as_good_as_revoked(kv: KeyValueStore) -> None:
    one = Judge(FixedAnchors(entry(CA, *Service)), Revocations([OwnRegister(Register(), CLOCK)], Web(), kv), CLOCK)
    found = await one.judge(SILENT.der, service=Service.DOCUMENTS)
    assert (found.good, found.sub_indication) == (False, "REVOKED_NO_POE")


# --- S-16


@pytest.fixture
async def inside() -> AsyncIterator[Listener]:
    async with listening() as listener:
        listener.answers["/ca.crl"] = response(crl(CA))
        listener.answers["/ocsp"] = response(answer(ASKED, CA, CA), "Content-Type: application/ocsp-response")
        yield listener


def _real(listener: Listener, kv: KeyValueStore, **rules: object) -> Judge:
    allowed = EgressRules(
        schemes=frozenset({"http", "https"}),
        ports=frozenset({80, 443, listener.port}),
        seconds=1.0,
        **rules,  # type: ignore[arg-type]
    )
    return Judge(FixedAnchors(entry(CA, *Service)), Revocations([], Egress(allowed), kv), CLOCK)


def _pointing(listener: Listener, issuer: Made, host: str) -> list[Made]:
    at_host = listener.url("/ca.crl", host)
    return [
        seal(issuer, more=[points_to_crl(at_host)]),
        seal(issuer, more=[points_to_ocsp(listener.url("/ocsp", host))]),
        seal(issuer, more=[points_to_crl(f"http://example.com@{host}:{listener.port}/ca.crl")]),
    ]


HOSTS = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "[::ffff:127.0.0.1]", "169.254.169.254"]


@pytest.mark.parametrize("host", HOSTS)
async def test_addresses_in_strangers_certificates_are_called_by_nobody(
    inside: Listener, kv: KeyValueStore, host: str
) -> None:
    """Not even where the operator allows the listener's address: a chain that leads nowhere is never followed."""
    allowed = _real(inside, kv, inside=HostList.of(["127.0.0.0/8", "localhost"]))
    stranger = issuing(OTHER, "陌生机构", more=[points_to_crl(inside.url("/ca.crl", host))])
    for leaf in (*_pointing(inside, OTHER, host), *_pointing(inside, stranger, host)):
        found = await allowed.judge(leaf.der, [stranger.der, OTHER.der], service=Service.DOCUMENTS)
        assert found.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert inside.connections == 0


@pytest.mark.parametrize("host", HOSTS)
async def test_even_a_trusted_authority_does_not_make_us_call_inside(
    inside: Listener, kv: KeyValueStore, host: str
) -> None:
    strict = _real(inside, kv)
    for leaf in _pointing(inside, CA, host):
        assert (await strict.judge(leaf.der, service=Service.DOCUMENTS)).sub_indication == "TRY_LATER"
    assert inside.connections == 0


OTHER_SCHEMES = [
    "ldap://127.0.0.1/cn=ca?certificateRevocationList",
    "file:///etc/passwd",
    "gopher://127.0.0.1/_",
    "ftp://127.0.0.1/ca.crl",
]


@pytest.mark.parametrize("url", OTHER_SCHEMES)
async def test_other_schemes_are_not_even_tried(url: str, kv: KeyValueStore) -> None:
    web = Web()
    leaf = seal(CA, more=[points_to_crl(url), points_to_ocsp(url)])
    assert (await judge(web, kv).judge(leaf.der, service=Service.DOCUMENTS)).sub_indication == "TRY_LATER"
    assert web.called == []


async def test_authorities_that_are_named_for_download_are_not_fetched(inside: Listener, kv: KeyValueStore) -> None:
    """AIA caIssuers: a missing intermediate stays missing; the list may name issuing authorities themselves."""
    access = x509.AccessDescription(
        x509.oid.AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(inside.url("/issuer.cer"))
    )
    leaf = seal(issuing(CA, "下级机构"), more=[(x509.AuthorityInformationAccess([access]), False)])
    allowed = _real(inside, kv, inside=HostList.of(["127.0.0.0/8"]))
    assert (await allowed.judge(leaf.der, service=Service.DOCUMENTS)).sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert inside.connections == 0


async def test_twin_a_host_that_the_operator_allows_is_asked(inside: Listener, kv: KeyValueStore) -> None:
    allowed = _real(inside, kv, inside=HostList.of(["127.0.0.1/32"]), only=HostList.of(["127.0.0.1/32"]))
    by_list, by_ocsp, _ = _pointing(inside, CA, "127.0.0.1")
    inside.answers["/ocsp"] = response(answer(by_ocsp, CA, CA), "Content-Type: application/ocsp-response")
    assert (await allowed.judge(by_list.der, service=Service.DOCUMENTS)).good
    assert (await allowed.judge(by_ocsp.der, service=Service.DOCUMENTS)).good
    assert inside.connections == 2


async def test_huge_slow_and_moved_lists_are_no_lists(inside: Listener, kv: KeyValueStore) -> None:
    allowed = _real(inside, kv, inside=HostList.of(["127.0.0.1/32"]), most_bytes=64 * 1024)

    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()

    async def silent(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    inside.answers |= {
        "/huge": endless,
        "/slow": silent,
        "/gigabyte": response(b"").replace(b"Length: 0", b"Length: 1000000000"),
        "/moved": response(b"", f"Location: {inside.url('/ca.crl')}", status="302 Found"),
    }
    for path in ("/huge", "/slow", "/gigabyte", "/moved"):
        leaf = seal(CA, more=[points_to_crl(inside.url(path))])
        assert (await allowed.judge(leaf.der, service=Service.DOCUMENTS)).sub_indication == "TRY_LATER", path
    assert inside.connections == 4
