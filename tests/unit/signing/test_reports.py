"""Reports of verifications: what they say, who sealed them, and that an unsealed one never passes for a sealed one."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pypdfium2
import pytest
from cryptography import x509
from lxml import etree
from pyhanko.pdf_utils.reader import PdfFileReader
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from core.db.database import Database
from core.errors import Unavailable
from core.principal import SYSTEM
from core.text import Text
from signing.errors import SealNotActive, SealNotGranted
from signing.model import GranteeKind, Seal, SealKind, SealPdfCommand, SealStatus
from signing.pades.attachments import attachments
from signing.ports import UseQuery
from signing.reports.describe import describe
from signing.reports.model import REPORT_CLASS, REPORTS, Findings
from signing.verification.report import VerificationReport
from tests.support.clock import FakeClock
from tests.support.signing_fakes import pdf
from tests.support.signing_world import CLIENT, ORGANISATION, PLACE, SEAL_CODE, SealOffice

CODE = "4101990000009"
OPERATOR = Text("示例市政务数据局", "Example City Data Bureau")


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    """With the seal of a department, and one for reports."""
    office = await SealOffice(sqlite_database, clock, report_seal=CODE).with_seal()
    seal = await office.make_seal(CODE, kind=SealKind.SPECIAL)
    await grant_reports(office, seal)
    return office


async def grant_reports(office: SealOffice, seal: Seal, **changes: object) -> None:
    given = {"grantee_kind": GranteeKind.SERVICE, "grantee": REPORTS.id, "document_classes": (REPORT_CLASS,)}
    await office.grant(seal, **{**given, **changes})


async def report_of(office: SealOffice, content: bytes | None = None) -> VerificationReport:
    if content is None:
        seal = await office.seals.active_seal_of(ORGANISATION)
        command = SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE, reason="住房保障资格证明")
        content = (await office.seal_pdf(command)).content
    return await office.verify_pdf(content)


async def findings(office: SealOffice, content: bytes | None = None) -> Findings:
    return found_in(await report_of(office, content))


def found_in(report: VerificationReport) -> Findings:
    return describe(report, file_name="证明.pdf", operator=OPERATOR, address="https://id.example.cn/verify")


def words_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def signed_part(xml: bytes, seal: Seal) -> etree._Element:
    """What a library that is not ours finds signed by the seal."""
    expected = XAdESSignatureConfiguration(location="./", expect_references=False)
    found = XAdESVerifier().verify(
        xml, x509_cert=x509.load_der_x509_certificate(seal.certificate), expect_config=expected
    )
    (document,) = [one.signed_xml for one in found if one.signed_xml.tag.endswith("}ValidationReport")]
    return document


async def uses_of(office: SealOffice) -> list[tuple[str, str]]:
    async with office.database.read() as tx:
        found = await office.store.uses(tx, UseQuery(ORGANISATION, document_class=REPORT_CLASS), before=None, limit=9)
    return [(one.level, one.digest_after) for one in found]


async def report_seal(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION, SealKind.SPECIAL)


async def test_the_report_is_sealed_and_carries_the_signed_one_for_machines(office: SealOffice) -> None:
    made = await office.reports.pdf(await findings(office))
    assert made.sealed
    judged = await office.verify_pdf(made.content)
    assert judged.conclusion == "genuine"
    assert [one.seal_code for one in judged.signatures] == [CODE]
    root = PdfFileReader(BytesIO(made.content)).root
    assert [one.get_object()["/AFRelationship"] for one in root["/AF"]] == [
        "/Data"
    ]  # PDF/A-3: associated with the document
    (attached,) = attachments(made.content).values()
    document = signed_part(attached, await report_seal(office))
    assert b"mainindication:total-passed" in etree.tostring(document)
    levels = [level for level, _ in await uses_of(office)]
    assert sorted(levels) == ["PAdES-B-B", "XAdES-B-B"]  # each use of the seal has its entry


async def test_the_report_says_what_was_found(office: SealOffice) -> None:
    report = await report_of(office)
    told = words_of((await office.reports.pdf(found_in(report))).content)
    signature = report.signatures[0]
    for words in ("真实，未改动", "Genuine,unchanged", SEAL_CODE, report.digest, "住房保障资格证明", "证明.pdf"):
        assert words in told, words
    assert all("".join(step.text.zh.split()) in told for step in signature.steps)
    assert "未盖章" not in told


async def test_the_signed_report_for_machines_does_not_stand_a_change(office: SealOffice) -> None:
    made = await office.reports.xml(await findings(office))
    seal = await report_seal(office)
    assert made.level == "XAdES-B-B"
    assert signed_part(made.content, seal) is not None
    changed = made.content.replace(b"mainindication:total-passed", b"mainindication:total-failed")
    with pytest.raises(SignXMLException):
        signed_part(changed, seal)


async def test_without_a_seal_for_it_a_report_says_that_nobody_sealed_it(
    sqlite_database: Database, clock: FakeClock
) -> None:
    office = await SealOffice(sqlite_database, clock).with_seal()
    made, machines = await office.reports.pdf(await findings(office)), await office.reports.xml(await findings(office))
    assert (made.sealed, machines.sealed) == (False, False)
    assert "本报告未盖章" in words_of(made.content)
    assert (await office.verify_pdf(made.content)).conclusion == "not-signed"
    assert b"SignedInfo" not in machines.content
    assert await uses_of(office) == []


async def test_where_one_should_be_sealed_and_cannot_none_is_made(office: SealOffice) -> None:
    found, seal = await findings(office), await report_seal(office)
    await office.change_status(seal.id, SealStatus.SUSPENDED, actor=SYSTEM, reason="盘点")
    for make in (office.reports.pdf, office.reports.xml):
        with pytest.raises(SealNotActive):
            await make(found)
    await office.change_status(seal.id, SealStatus.ACTIVE, actor=replace(SYSTEM, id="another"))
    assert (await office.reports.pdf(found)).sealed


async def test_a_seal_that_nobody_granted_to_the_service_is_not_used(
    sqlite_database: Database, clock: FakeClock
) -> None:
    office = await SealOffice(sqlite_database, clock, report_seal=CODE).with_seal()
    found = await findings(office)
    with pytest.raises(Unavailable):  # it does not exist yet
        await office.reports.pdf(found)
    seal = await office.make_seal(CODE, kind=SealKind.SPECIAL)
    await grant_reports(office, seal, document_classes=("licence",))
    await grant_reports(office, seal, grantee="somebody-else")
    with pytest.raises(SealNotGranted):
        await office.reports.pdf(found)
    assert await uses_of(office) == []


@pytest.mark.parametrize(
    "content", [pdf(), b"", b"no pdf", b"%PDF-1.7 /ByteRange [0 1 2 3]"], ids=["unsigned", "empty", "text", "broken"]
)
async def test_there_is_a_report_on_every_file(office: SealOffice, content: bytes) -> None:
    made = await office.reports.pdf(await findings(office, content))
    assert (await office.verify_pdf(made.content)).conclusion == "genuine"


async def test_words_of_a_hostile_file_stay_words(office: SealOffice) -> None:
    report = await report_of(office)
    hostile = '#import "x.typ"; $x$ \\u{0}\x00\N{RIGHT-TO-LEFT OVERRIDE}\U0001f600\ud800 *b* "'
    signature = replace(report.signatures[0], organisation=hostile, reason=hostile, seal_name=hostile)
    made = await office.reports.pdf(found_in(replace(report, signatures=(signature,))))
    told = words_of(made.content)
    assert '#import"x.typ";$x$\\u{0}□□*b*"' in told
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in told
