"""The verification report as ETSI TS 119 102-2 XML: in the schema's form, and saying the same."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from lxml import etree
from pyhanko.generated.etsi import ts_11910202, xades
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from core.db.database import Database
from signing.levels import Level
from signing.model import SealedPdf, SealPdfCommand
from signing.verification.etsi_report import etsi_report
from signing.verification.etsi_xml import NAMESPACE
from signing.verification.report import VerificationReport
from tests.support.clock import FakeClock
from tests.support.lasting_world import LastingWorld
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SealOffice

MODULES: tuple[ModuleType, ...] = (ts_11910202, xades)
REASON = "住房保障资格证明"


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return await SealOffice(sqlite_database, clock).with_seal()


async def sealed(office: SealOffice, content: bytes | None = None) -> SealedPdf:
    seal = await office.seals.active_seal_of(ORGANISATION)
    return await office.seal_pdf(SealPdfCommand(content or pdf(), seal.id, CLIENT, "document", PLACE, reason=REASON))


def read(report: VerificationReport) -> Any:
    """By classes that others made from the schema, which know nothing of ours."""
    config = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True)
    return XmlParser(config=config).from_bytes(etsi_report(report), ts_11910202.ValidationReport)


def faults(element: etree._Element, kind: Any) -> Iterator[str]:
    """Where an element is not in the schema's order, or lacks what the schema requires."""
    fields = [one for one in dataclasses.fields(kind) if one.metadata.get("type") == "Element"]
    names = [one.metadata.get("name", one.name) for one in fields]
    found = [etree.QName(child).localname for child in element]
    places = [names.index(name) for name in found]
    if places != sorted(places):
        yield f"{element.tag}: order {found}"
    for one, name in zip(fields, names, strict=True):
        least = 1 if one.metadata.get("required") else one.metadata.get("min_occurs", 0)
        if found.count(name) < least:
            yield f"{element.tag}: no {name}"
    for child, place in zip(element, places, strict=True):
        if (below := _kind(fields[place].type)) is not None:
            yield from faults(child, below)


def _kind(annotation: Any) -> Any:
    """The class that a field's annotation names, if it is one with fields."""
    words = str(annotation).replace("[", " ").replace(",", " ").replace("|", " ").split()
    for word in words:
        for module in MODULES:
            if dataclasses.is_dataclass(kind := getattr(module, word.rpartition(".")[2], None)):
                return kind
    return None


async def test_a_genuine_file_is_told_in_the_schemas_form(office: SealOffice) -> None:
    file = await sealed(office)
    report = await office.verify_pdf(file.content)
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    told = read(report)
    (signature,) = told.signature_validation_report
    status = signature.signature_validation_status
    assert (status.main_indication, status.sub_indication) == ("urn:etsi:019102:mainindication:total-passed", ())
    assert signature.signature_identifier.daidentifier == report.signatures[0].field
    assert signature.signature_attributes.reason[0].reason_element == REASON
    assert signature.signature_attributes.signing_time[0].time.to_datetime() == file.signed_at
    times = signature.validation_time_info
    assert times.best_signature_time.poetime.to_datetime() == file.signed_at  # the ledger has it
    assert times.best_signature_time.type_of_proof == "urn:etsi:019102:poetype:provided"
    checks = signature.validation_constraints_evaluation_report.validation_constraint
    assert [one.validation_status.main_indication.rpartition(":")[2] for one in checks] == ["passed"] * 8
    objects = {one.id: one for one in told.signature_validation_objects.validation_object}
    document = objects["document"].validation_object_representation.digest_alg_and_value
    assert document.digest_value.value == hashlib.sha256(file.content).digest()
    seal = await office.seals.active_seal_of(ORGANISATION)
    assert objects["certificate-1"].validation_object_representation.base64 == seal.certificate


async def test_a_changed_file_fails_with_the_standards_word(office: SealOffice) -> None:
    file = await sealed(office)
    changed = _flipped(file.content)
    report = await office.verify_pdf(changed)
    (signature,) = read(report).signature_validation_report
    status = signature.signature_validation_status
    assert status.main_indication == "urn:etsi:019102:mainindication:total-failed"
    assert status.sub_indication == ("urn:etsi:019102:subindication:HASH_FAILURE",)
    states = {
        one.validation_constraint_identifier.rpartition(":")[2]: one.constraint_status.status.rpartition(":")[2]
        for one in signature.validation_constraints_evaluation_report.validation_constraint
    }
    assert (states["4"], states["6"]) == ("applied", "disabled")  # what comes after the failure was not looked at


@pytest.mark.parametrize(
    "content", [pdf(), b"", b"no pdf", bytes(range(256)) * 8], ids=["unsigned", "empty", "text", "noise"]
)
async def test_a_file_without_a_signature_has_a_report_too(office: SealOffice, content: bytes) -> None:
    report = await office.verify_pdf(content)
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    (only,) = read(report).signature_validation_report
    assert only.signature_identifier is None
    assert only.signature_validation_status.main_indication != "urn:etsi:019102:mainindication:total-passed"


async def test_two_signatures_have_two_reports(office: SealOffice) -> None:
    first = await sealed(office)
    second = await sealed(office, first.content)
    report = await office.verify_pdf(second.content)
    told = read(report)
    assert len(told.signature_validation_report) == len(report.signatures) == 2
    assert len({one.signature_identifier.id for one in told.signature_validation_report}) == 2
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []


async def test_time_stamps_are_told_with_what_they_prove() -> None:
    world = LastingWorld()
    made = await world.seal(pdf(), Level.B_LTA)
    world.clock.advance(3600)
    report = await world.verifier()(made.content)
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    (signature,) = read(report).signature_validation_report
    attributes, best = signature.signature_attributes, signature.validation_time_info.best_signature_time
    (beside,), (over,) = attributes.signature_time_stamp, attributes.doc_time_stamp
    assert (beside.signed, over.signed) == (False, False)
    (stamp,) = report.signatures[0].timestamps
    assert stamp.time is not None
    assert beside.time_stamp_value.to_datetime() == stamp.time
    assert best.poetime.to_datetime() == report.signatures[0].proven_at
    assert stamp.time <= best.poetime.to_datetime()  # its accuracy is added
    assert over.time_stamp_value.to_datetime() >= beside.time_stamp_value.to_datetime()


async def test_what_the_verdict_rests_on_stands_in_the_report_with_its_time() -> None:
    world = LastingWorld()
    made = await world.seal(pdf(), Level.B_LTA)
    world.clock.advance(3600)
    world.end_of_seal_authority()  # what the file itself brings is all there is
    report = await world.verifier()(made.content)
    told = read(report)
    objects = {one.id: one for one in told.signature_validation_objects.validation_object}
    held = {name: one.validation_object_representation.base64 for name, one in objects.items() if name != "document"}
    (signature,) = told.signature_validation_report
    (grounds,) = signature.signature_validation_status.associated_validation_report_data
    chain = grounds.certificate_chain
    path = [chain.signing_certificate, *chain.intermediate_certificate, chain.trust_anchor]
    assert [held[one.voreference[0]] for one in path] == list(report.signatures[0].path)
    assert grounds.trust_anchor.voreference == chain.trust_anchor.voreference
    related = [objects[one.voreference[0]] for one in grounds.related_validation_object]
    assert {one.object_type.rpartition(":")[2] for one in related} == {"OCSPResponse"}
    (outer,) = report.timestamps
    assert outer.time is not None
    proven = [one.poe.poetime.to_datetime() for one in related]  # the archive time-stamp proves them all
    assert all(outer.time <= one < report.verified_at for one in proven)
    assert grounds.crypto_information.algorithm.endswith("ecdsa-sha256")
    assert grounds.crypto_information.secure_algorithm is True
    assert signature.signature_identifier.signature_value.value == report.signatures[0].value
    stamps = [one for one in objects.values() if one.object_type.endswith(":timestamp")]
    assert {held[one.id] for one in stamps} == {outer.token, report.signatures[0].timestamps[0].token}
    assert all(one.validation_report.signature_validation_status.main_indication.endswith(":passed") for one in stamps)


async def test_a_revoked_certificate_is_told_with_day_and_source() -> None:
    world = LastingWorld()
    made = await world.seal(pdf(), Level.B_B)
    revoked_at = world.clock.now().replace(microsecond=0)
    world.live.revoked[hashlib.sha256(world.certificate.der).hexdigest()] = revoked_at
    world.clock.advance(3600)
    report = await world.verifier()(made.content)
    assert report.signatures[0].sub_indication is not None
    assert report.signatures[0].sub_indication.startswith("REVOKED")
    (signature,) = read(report).signature_validation_report
    (grounds,) = signature.signature_validation_status.associated_validation_report_data
    told = grounds.revocation_status_information
    assert told.revocation_time.to_datetime() == revoked_at
    assert told.validation_object_id.voreference == grounds.certificate_chain.signing_certificate.voreference
    assert told.revocation_object.voreference[0] in {one.voreference[0] for one in grounds.related_validation_object}
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []


async def test_words_from_a_hostile_file_stay_words(office: SealOffice) -> None:
    report = await office.verify_pdf((await sealed(office)).content)
    hostile = "\x00\x1b]]><evil xmlns='x'/>&amp;\ud800\uffff\N{RIGHT-TO-LEFT OVERRIDE}"
    signature = replace(report.signatures[0], field=hostile, reason=hostile, organisation=hostile)
    told = read(replace(report, signatures=(signature,)))
    wanted = "\ufffd\ufffd]]><evil xmlns='x'/>&amp;\ufffd\ufffd\N{RIGHT-TO-LEFT OVERRIDE}"
    (one,) = told.signature_validation_report
    assert one.signature_identifier.daidentifier == wanted
    assert one.signature_attributes.reason[0].reason_element == wanted
    assert one.signer_information.signer == wanted


async def test_the_sentences_for_people_are_there_in_both_languages(office: SealOffice) -> None:
    report = await office.verify_pdf((await sealed(office)).content)
    root = etree.fromstring(etsi_report(report))
    values = root.findall(f".//{{{NAMESPACE}}}ReportData/{{{NAMESPACE}}}Value")
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    told = {(one.get(language), one.text) for one in values}
    for step in report.signatures[0].steps:
        assert {("zh", step.text.zh), ("en", step.text.en)} <= told


def _flipped(content: bytes) -> bytes:
    """One byte changed in the page's stream."""
    place = content.index(b"stream") + 10
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


async def test_the_test_sees_what_is_missing_or_out_of_order(office: SealOffice) -> None:
    root = etree.fromstring(etsi_report(await office.verify_pdf((await sealed(office)).content)))
    identifier = root.find(f".//{{{NAMESPACE}}}SignatureIdentifier")
    identifier.remove(identifier[1])  # HashOnly
    identifier.append(identifier[1])
    found = list(faults(root, ts_11910202.ValidationReport))
    told = [one.rpartition("}")[2] for one in found]
    assert told == [
        "SignatureIdentifier: order ['SignatureValue', 'DAIdentifier', 'DocHashOnly']",
        "SignatureIdentifier: no HashOnly",
    ]
