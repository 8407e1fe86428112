"""Trust lists from others: who did not sign, what is old, and what is wrapped, expanded or smuggled does not count."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.xades.xades import XAdESSigner

from core.text import Text
from keys.primitives import base64url
from keys.spec import SignatureAlgorithm
from keys.trust.documents import read_document, write_document
from keys.trust.errors import TrustListRefused
from keys.trust.etsi_names import ROOT_ELEMENT, TSL
from keys.trust.etsi_read import read_list
from keys.trust.etsi_write import write_list
from keys.trust.model import Assurance, Period, Service, Standing, TrustList
from keys.trust.signed_json import read_signed_list, sign_list
from keys.trust.xml_signature import sign_xml, verified_list
from tests.support.signing_fakes import PlainSigner
from tests.support.trust_pki import DAY, NOW, Made, Plan, entry, issuing, key, make, name_of, root, rsa_key

ROOT = root()
PUBLISHER = make(Plan(name_of("信任列表签名"), key("publisher"), extended=[]))
ATTACKER = make(Plan(name_of("信任列表签名"), key("attacker"), extended=[]))
_WITHDRAWN = (Period(Standing.WITHDRAWN, NOW - DAY),)
LIST = TrustList(
    publisher=Text("某省政务数据局", "Data office of a province"),
    territory="CN-41",
    sequence=7,
    issued_at=NOW - DAY,
    next_update=NOW + 6 * DAY,
    entries=(
        entry(ROOT, Service.DOCUMENTS, Service.LOGIN, assurance=Assurance.HIGH, territory="CN-41"),
        entry(
            issuing(ROOT),
            Service.DOCUMENTS,
            assurance=Assurance.LOW,
            also_extended=frozenset({"1.3.6.1.5.5.7.3.4"}),
            territory="CN-41",
            periods=(
                Period(Standing.GRANTED, NOW - 90 * DAY),
                Period(Standing.WITHDRAWN, NOW - 60 * DAY),
                Period(Standing.GRANTED, NOW - 30 * DAY),
            ),
        ),
        entry(
            root("时间戳根"), Service.TIMESTAMPS, territory="CN-41", periods=(Period(Standing.WITHDRAWN, NOW - DAY),)
        ),
    ),
)


def spki(made: Made) -> bytes:
    return made.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signer(made: Made, algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256) -> PlainSigner:
    return PlainSigner(made.private, algorithm)


# --- JSON of our own


async def test_twin_a_list_comes_back_as_it_was_signed() -> None:
    signed = await sign_list(LIST, signer(PUBLISHER))
    assert read_signed_list(signed, spki(PUBLISHER), at=NOW) == LIST
    assert read_document(write_document(LIST)) == LIST


async def _jws(**changes: str) -> bytes:
    value = json.loads(await sign_list(LIST, signer(PUBLISHER)))
    return json.dumps(value | changes).encode()


def _protected(**header: object) -> str:
    return base64url.encode(json.dumps(header).encode())


async def test_who_was_not_pinned_does_not_count() -> None:
    by_attacker = await sign_list(LIST, signer(ATTACKER))
    with pytest.raises(TrustListRefused) as refused:
        read_signed_list(by_attacker, spki(PUBLISHER), at=NOW)
    assert refused.value.reason == "signature"
    kid = signer(PUBLISHER).key_id
    forged = json.loads(by_attacker) | {"protected": _protected(alg="ES256", kid=kid, typ="yizheng-trust-list")}
    with pytest.raises(TrustListRefused):
        read_signed_list(json.dumps(forged).encode(), spki(PUBLISHER), at=NOW)


async def test_a_list_that_was_changed_after_signing_does_not_count() -> None:
    other = base64url.encode(write_document(replace(LIST, sequence=8)))
    kid = signer(PUBLISHER).key_id
    changed = {
        "payload": await _jws(payload=other),
        "no-algorithm": await _jws(protected=_protected(alg="none", kid=kid, typ="yizheng-trust-list"), signature=""),
        "hmac-with-the-public-key": await _jws(protected=_protected(alg="HS256", kid=kid, typ="yizheng-trust-list")),
        "another-type": await _jws(protected=_protected(alg="ES256", kid=kid, typ="JWT")),
        "a-key-of-its-own": await _jws(
            protected=_protected(alg="ES256", kid=kid, typ="yizheng-trust-list", jwk={"kty": "EC"})
        ),
        "critical": await _jws(
            protected=_protected(alg="ES256", kid=kid, typ="yizheng-trust-list", crit=["b64"], b64=False)
        ),
        "signature-of-zeros": await _jws(signature=base64url.encode(bytes(64))),
        "more-members": json.dumps(json.loads(await _jws()) | {"header": {}}).encode(),
        "no-json": b"<xml/>",
        "deep": b"[" * 100_000,
        "a-token": b"a.b.c",
    }
    for name, data in changed.items():
        with pytest.raises(TrustListRefused):
            read_signed_list(data, spki(PUBLISHER), at=NOW)
            pytest.fail(name)


async def test_a_token_of_ours_is_no_list_and_a_weak_key_signs_none() -> None:
    weak = make(Plan(name_of("弱"), rsa_key(1024), extended=[]))
    with pytest.raises(TrustListRefused):
        read_signed_list(await _jws(), spki(weak), at=NOW)
    strong = make(Plan(name_of("强"), rsa_key(2048), extended=[]))
    signed = await sign_list(LIST, signer(strong, SignatureAlgorithm.RS256))
    assert read_signed_list(signed, spki(strong), at=NOW) == LIST
    with pytest.raises(TrustListRefused):
        read_signed_list(signed, spki(strong), at=dt.datetime(2031, 1, 1, tzinfo=dt.UTC))


def _document(**changes: object) -> bytes:
    value = json.loads(write_document(LIST)) | changes
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _entry(**changes: object) -> bytes:
    value = json.loads(write_document(LIST))
    value["entries"][1] |= changes
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


DOCUMENTS: dict[str, bytes] = {
    "another-format": _document(format="yizheng-trust-list/2"),
    "more": _document(more=1),
    "sequence-zero": _document(sequence=0),
    "sequence-text": _document(sequence="7"),
    "sequence-fraction": _document(sequence=7.0),
    "ends-before-it-begins": _document(next_update="2020-01-01T00:00:00Z"),
    "no-such-day": _document(next_update="2027-02-30T00:00:00Z"),
    "local-time": _document(next_update="2027-02-28T00:00:00+08:00"),
    "no-certificate": _entry(certificate="AAAA"),
    "odd-base64": _entry(certificate="@@@"),
    "unknown-service": _entry(services=["everything"]),
    "unknown-assurance": _entry(assurance="total"),
    "no-history": _entry(history=[]),
    "history-backwards": _entry(history=json.loads(write_document(LIST))["entries"][1]["history"][::-1]),
    "bad-oid": _entry(also_extended=["1.3.6.1.5.5.7.3.4 "]),
    "long-name": _entry(name={"zh": "名" * 201, "en": "x"}),
    "spaces": json.dumps(json.loads(write_document(LIST)), sort_keys=True, ensure_ascii=False).encode(),
    "twice": write_document(LIST).replace(b'"sequence":7', b'"sequence":9,"sequence":7'),
    "escaped": write_document(LIST).replace(b'"format"', b'"\\u0066ormat"'),
}


SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "trust-list.schema.json").read_text())


def test_the_published_schema_describes_what_we_write() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(json.loads(write_document(LIST)))
    for name in (
        "another-format",
        "more",
        "sequence-zero",
        "sequence-text",
        "unknown-service",
        "no-history",
        "bad-oid",
    ):
        assert not validator.is_valid(json.loads(DOCUMENTS[name])), name


@pytest.mark.parametrize("data", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_that_is_not_quite_one_is_refused(data: bytes) -> None:
    with pytest.raises(TrustListRefused) as refused:
        read_document(data)
    assert refused.value.reason == "document"


# --- ETSI TS 119 612


async def signed_xml(made: Made = PUBLISHER, trust_list: TrustList = LIST) -> bytes:
    return await sign_xml(write_list(trust_list, address="https://pki.example.cn/pki"), signer(made), made.der, NOW)


def read_xml(data: bytes, pinned: Made = PUBLISHER, *, at: dt.datetime = NOW) -> TrustList:
    return read_list(verified_list(data, pinned.der, at=at))


def _same(found: TrustList) -> bool:
    """The XML names the kind of service besides."""
    return replace(found, entries=tuple(replace(one, kind="") for one in found.entries)) == LIST


async def test_twin_a_list_survives_the_way_through_xml() -> None:
    assert _same(read_xml(await signed_xml()))


async def test_twin_lists_signed_by_an_independent_program_are_read() -> None:
    """signxml's own XAdES signer, three references, with RSA and with ECDSA."""
    for made, method in (
        (PUBLISHER, "ecdsa-sha256"),
        (make(Plan(name_of("强"), rsa_key(2048), extended=[])), "rsa-sha256"),
    ):
        by_others = XAdESSigner(
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=method,
            digest_algorithm="sha256",
        ).sign(
            write_list(LIST, address="https://pki.example.cn"),
            key=made.private,
            cert=[made.certificate],
            always_add_key_value=False,
        )
        assert _same(read_xml(etree.tostring(by_others), made))


async def test_xml_by_who_was_not_pinned_does_not_count() -> None:
    with pytest.raises(TrustListRefused) as refused:
        read_xml(await signed_xml(ATTACKER))
    assert refused.value.reason == "signature"
    ended = make(Plan(PUBLISHER.certificate.subject, key("publisher"), extended=[], not_after=NOW - DAY))
    with pytest.raises(TrustListRefused):
        read_xml(await signed_xml(ended), ended)


def _tree(data: bytes) -> Any:
    return etree.fromstring(data)


def _evil() -> Any:
    """A list as the attacker would like it: another root, trusted for everything."""
    evil = replace(LIST, sequence=99, entries=(entry(root("攻击者根"), *Service),))
    return write_list(evil, address="https://evil.example")


def wrapped_in_an_object(data: bytes) -> Any:
    """The signed list hides in the signature's own Object; a new one stands in its place."""
    signed = _tree(data)
    signature = signed.find("{*}Signature")
    outer = _evil()
    outer.set("Id", "evil")
    hidden = copy.deepcopy(signed)
    hidden.remove(hidden.find("{*}Signature"))
    moved = copy.deepcopy(signature)
    etree.SubElement(moved, "{http://www.w3.org/2000/09/xmldsig#}Object").append(hidden)
    outer.append(moved)
    return outer


def wrapped_with_the_same_id(data: bytes) -> Any:
    outer = wrapped_in_an_object(data)
    outer.set("Id", "list")
    return outer


def wrapped_as_a_child(data: bytes) -> Any:
    """The signed list, whole, is the last child of a new one."""
    outer = _evil()
    outer.set("Id", "evil")
    outer.append(_tree(data))
    return outer


def signature_in_front_of_another_list(data: bytes) -> Any:
    outer = _evil()
    outer.append(copy.deepcopy(_tree(data).find("{*}Signature")))
    return outer


def two_signatures(data: bytes) -> Any:
    signed = _tree(data)
    signed.append(copy.deepcopy(signed.find("{*}Signature")))
    return signed


def only_the_properties(data: bytes) -> Any:
    """The reference to the list is left out, so the signature covers nothing that is read."""
    signed = _tree(data)
    info = signed.find("{*}Signature/{*}SignedInfo")
    info.remove(info.findall("{*}Reference")[0])
    return signed


def unsigned(data: bytes) -> Any:
    signed = _tree(data)
    signed.remove(signed.find("{*}Signature"))
    return signed


def one_number_changed(data: bytes) -> Any:
    signed = _tree(data)
    signed.find("{*}SchemeInformation/{*}TSLSequenceNumber").text = "8"
    return signed


def one_service_added(data: bytes) -> Any:
    signed = _tree(data)
    providers = signed.find("{*}TrustServiceProviderList")
    providers.append(copy.deepcopy(_evil().find("{*}TrustServiceProviderList")[0]))
    return signed


def digest_sha1(data: bytes) -> Any:
    signed = _tree(data)
    for method in signed.iter("{http://www.w3.org/2000/09/xmldsig#}DigestMethod"):
        method.set("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")
    return signed


def hmac(data: bytes) -> Any:
    signed = _tree(data)
    method = signed.find("{*}Signature/{*}SignedInfo/{*}SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    return signed


def a_key_of_its_own(data: bytes) -> Any:
    signed = _tree(data)
    signed.find("{*}Signature/{*}KeyInfo/{*}X509Data/{*}X509Certificate").text = base64.b64encode(ATTACKER.der).decode()
    return signed


def transform_xslt(data: bytes) -> Any:
    signed = _tree(data)
    for transform in signed.iter("{http://www.w3.org/2000/09/xmldsig#}Transform"):
        transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
    return signed


def reference_outside(data: bytes) -> Any:
    signed = _tree(data)
    signed.find("{*}Signature/{*}SignedInfo/{*}Reference").set("URI", "http://127.0.0.1:9/list.xml")
    return signed


TAMPERED: list[Callable[[bytes], Any]] = [
    wrapped_in_an_object,
    wrapped_with_the_same_id,
    wrapped_as_a_child,
    signature_in_front_of_another_list,
    two_signatures,
    only_the_properties,
    unsigned,
    one_number_changed,
    one_service_added,
    digest_sha1,
    hmac,
    a_key_of_its_own,
    transform_xslt,
    reference_outside,
]


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda one: one.__name__)
async def test_a_wrapped_or_changed_list_never_brings_the_attackers_authorities(tamper: Callable[[bytes], Any]) -> None:
    data = etree.tostring(tamper(await signed_xml()))
    if tamper is a_key_of_its_own:  # the certificate beside the signature is not looked at: the pinned one is
        assert _same(read_xml(data))
        return
    with pytest.raises(TrustListRefused) as refused:
        read_xml(data)
    assert refused.value.reason in ("signature", "document")


async def test_declarations_are_refused_before_anything_is_expanded_or_fetched() -> None:
    body = (await signed_xml()).decode().partition("?>")[2]
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bombs = {
        "external-file": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        "external-address": '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>',
        "parameter-entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        "external-dtd": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
        "billion-laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>',
        "quadratic": f'<!DOCTYPE x [<!ENTITY a "{"a" * 10_000}">]>',
        "id-attribute": "<!DOCTYPE x [<!ATTLIST x Id ID #IMPLIED>]>",
    }
    for name, declaration in bombs.items():
        utf_16 = f"<?xml version='1.0' encoding='UTF-16'?>{declaration}{body}".encode("utf-16")
        for data in (f"{declaration}{body}".encode(), utf_16):
            with pytest.raises(TrustListRefused) as refused:
                read_xml(data)
            assert refused.value.reason == "document", name
    assert _same(read_xml(f"<!-- a comment does no harm -->{body}".encode()))


async def test_deep_and_huge_xml_is_refused() -> None:
    deep = b"<a>" * 100_000 + b"</a>" * 100_000
    huge = f'<a xmlns="{TSL}">{"x" * 17_000_000}</a>'.encode()
    for data in (deep, huge, b"", b"\xff\xfe", b"{}"):
        with pytest.raises(TrustListRefused):
            read_xml(data)


def _changed(change: Callable[[Any], None]) -> Any:
    tree = write_list(LIST, address="https://pki.example.cn")
    change(tree)
    return tree


def _set(path: str, text: str) -> Callable[[Any], None]:
    def change(tree: Any) -> None:
        tree.find("/".join(f"{{*}}{part}" for part in path.split("/"))).text = text

    return change


_SERVICE = "TrustServiceProviderList/TrustServiceProvider/TSPServices/TSPService/ServiceInformation"
ODD: dict[str, Callable[[Any], None]] = {
    "sequence-negative": _set("SchemeInformation/TSLSequenceNumber", "-1"),
    "sequence-words": _set("SchemeInformation/TSLSequenceNumber", "seven"),
    "version": _set("SchemeInformation/TSLVersionIdentifier", "3"),
    "no-zone": _set("SchemeInformation/ListIssueDateTime", "2026-11-24T00:00:00"),
    "never-ends": _set("SchemeInformation/NextUpdate/dateTime", ""),
    "ends-before-it-begins": _set("SchemeInformation/NextUpdate/dateTime", "2020-01-01T00:00:00Z"),
    "no-certificate": _set(f"{_SERVICE}/ServiceDigitalIdentity/DigitalId/X509Certificate", "AAAA"),
    "no-start": _set(f"{_SERVICE}/StatusStartingTime", "soon"),
    "tag": lambda tree: tree.set("TSLTag", "http://example.org/"),
}


@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_a_signed_list_that_makes_no_sense_is_refused(change: Callable[[Any], None]) -> None:
    with pytest.raises(TrustListRefused) as refused:
        read_list(_changed(change))
    assert refused.value.reason == "document"


def test_what_is_unknown_is_kept_and_not_trusted() -> None:
    strange = "http://uri.etsi.org/TrstSvc/Svctype/unspecified"

    def change(tree: Any) -> None:
        _set(f"{_SERVICE}/ServiceTypeIdentifier", strange)(tree)
        extensions = tree.find("/".join(f"{{*}}{part}" for part in _SERVICE.split("/"))).find(
            "{*}ServiceInformationExtensions"
        )
        for one in list(extensions):
            extensions.remove(one)

    first = read_list(_changed(change)).entries[0]
    assert (first.kind, first.services) == (strange, frozenset())

    unknown_status = _changed(
        _set(f"{_SERVICE}/ServiceStatus", "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/odd")
    )
    assert read_list(unknown_status).entries[0].standing_at(NOW) is Standing.WITHDRAWN

    def critical(tree: Any) -> None:
        extensions = next(tree.iter(f"{{{TSL}}}ServiceInformationExtensions"))
        etree.SubElement(etree.SubElement(extensions, f"{{{TSL}}}Extension", Critical="true"), "{urn:x}Unknown")

    assert read_list(_changed(critical)).entries[0].services == frozenset()
    assert read_list(_changed(lambda tree: None)).entries[0].services == LIST.entries[0].services


def test_a_service_that_was_of_another_kind_before_was_not_trusted_as_this_one_then() -> None:
    def change(tree: Any) -> None:
        history = tree.findall(".//{*}ServiceHistoryInstance")
        for one in history:
            one.find("{*}ServiceTypeIdentifier").text = "http://uri.etsi.org/TrstSvc/Svctype/unspecified"

    found = read_list(_changed(change)).entries[1]
    assert found.standing_at(NOW - 80 * DAY) is Standing.WITHDRAWN
    assert found.standing_at(NOW) is Standing.GRANTED


def test_the_root_element_is_that_of_the_standard() -> None:
    assert write_list(LIST, address="https://x").tag == ROOT_ELEMENT
