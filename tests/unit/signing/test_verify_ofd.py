"""An OFD is judged as a PDF is: by its signatures of every kind, their times, and in every form of report."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

import pytest
from lxml import etree
from pyhanko.generated.etsi import ts_11910202

from api.web.stamp_words import files
from core.db.database import Database
from core.text import Text
from keys.der import CONTEXT_0, SEQUENCE, integer, only, tlv
from keys.trust.judge import Judge
from keys.trust.model import Service
from keys.tsa.imprint import imprint_of
from keys.tsa.request import write_request
from signing.eseal.fields import bits
from signing.gmcms.names import Form
from signing.gmcms.write import signed_data_writer
from signing.ofd.facts import PackageFacts, read_facts
from signing.reports.describe import describe
from signing.reports.typst_setter import TypstReportSetter
from signing.verification.etsi_report import etsi_report
from signing.verify_ofd import VerifyOfd
from tests.support.clock import FakeClock
from tests.support.eseal_world import NOW, YEAR, Making, certificate, root, sm2
from tests.support.ofd_verify_world import office_of
from tests.support.ofd_world import LIST, PAGE, Files, document, sealed, zipped
from tests.support.signing_world import SealOffice
from tests.support.timestamp_pki import StampingAuthority
from tests.support.timestamp_world import stamping_world
from tests.support.trust_pki import FixedAnchors, entry
from tests.unit.signing.test_etsi_report import faults, read
from tests.unit.signing.test_reports import words_of

GOOD = sealed(document(), Making())
SIGNED, VALUE = "/Doc_0/Signs/Sign_0/Signature.xml", "/Doc_0/Signs/Sign_0/SignedValue.dat"
STAMPING = StampingAuthority()


@pytest.fixture
async def office(sqlite_database: Database, clock: FakeClock) -> SealOffice:
    return office_of(sqlite_database, clock)


# -- signatures without a seal ---------------------------------------------------------------------------------------


def signed(form: Form, files: Files | None = None) -> Files:
    """The package with a signature of Type `Sign`: SignedData over its Signature.xml."""
    made = sealed(files or document(), Making(), xml=without_seal)
    writer = signed_data_writer(sm2("signer").sign, (certificate("signer"),), form)
    value = writer.sign(hashlib.new("sm3", made[SIGNED]).digest())
    return as_sign(made) | {VALUE: value}


def without_seal(text: str) -> str:
    start, end = text.index("<ofd:Seal>"), text.index("</ofd:Seal>") + len("</ofd:Seal>")
    return text[:start] + text[end:]


def as_sign(files: Files) -> Files:
    return files | {LIST: files[LIST].replace(b'Type="Seal"', b'Type="Sign"')}


@pytest.mark.parametrize("form", [Form.ATTRIBUTES, Form.DIGEST])
async def test_a_signature_without_a_seal_is_judged_by_its_certificate(form: Form, office: SealOffice) -> None:
    report = await office.verify_file(zipped(signed(form)))
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine"), report.text
    (one,) = report.signatures
    assert (one.level, one.national, one.algorithm) == ("GM/T 0010", None, "SGD_SM3_SM2")
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []


@pytest.mark.parametrize(
    ("change", "sub_indication"),
    [
        (lambda files: files | {PAGE: files[PAGE] + b" "}, "HASH_FAILURE"),
        (lambda files: files | {SIGNED: files[SIGNED].replace(b"120 200", b"020 200")}, "HASH_FAILURE"),
        (lambda files: files | {VALUE: files[VALUE][:-3] + bytes(3)}, "SIG_CRYPTO_FAILURE"),
        (lambda files: files | {VALUE: b"\x30\x80\x00\x00"}, "FORMAT_FAILURE"),
        (lambda files: files | {VALUE: tlv(SEQUENCE, integer(5), integer(7))}, "NO_SIGNING_CERTIFICATE_FOUND"),
    ],
)
async def test_what_is_wrong_with_one_is_told(change: object, sub_indication: str, office: SealOffice) -> None:
    report = await office.verify_file(zipped(change(signed(Form.ATTRIBUTES))))  # type: ignore[operator]  # a function
    assert report.sub_indication == sub_indication
    assert report.indication != "TOTAL-PASSED"


# -- times -----------------------------------------------------------------------------------------------------------


async def with_time_stamp(files: Files, at: dt.datetime, path: str = VALUE) -> Files:
    """The stamp with a time-stamp over its signature value, made at a moment."""
    clock = FakeClock()
    clock.set(at)
    world = stamping_world(clock, {"tsa/1": STAMPING.unit()})
    parts = only(files[path]).items()
    asked = write_request(imprint_of(parts[3].content[1:]), certificates=True)
    answer = await world.authority.answer(asked)
    token = only(answer).items()[1].encoded
    stamp = tlv(SEQUENCE, *(one.encoded for one in parts), tlv(CONTEXT_0, bits(token)))
    return files | {path: stamp}


@pytest.fixture
async def later(sqlite_database: Database) -> SealOffice:
    """Five years on: every seal of the tests has ended."""
    clock = FakeClock()
    clock.set(NOW + 4.5 * YEAR)
    anchors = FixedAnchors(entry(root()), entry(STAMPING.anchor, Service.TIMESTAMPS))
    return SealOffice(sqlite_database, clock, judge=Judge(anchors, None, clock))


async def test_a_time_stamp_proves_that_a_stamp_is_older_than_the_end_of_its_seal(later: SealOffice) -> None:
    plain = await later.verify_file(zipped(GOOD))
    assert (plain.indication, plain.sub_indication) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")
    report = await later.verify_file(zipped(await with_time_stamp(GOOD, NOW)))
    assert report.indication == "TOTAL-PASSED", report.text
    (one,) = report.signatures
    assert one.proven_at is not None
    assert [stamp.good for stamp in one.timestamps] == [True]


async def test_a_time_stamp_over_something_else_proves_nothing(later: SealOffice) -> None:
    other = await with_time_stamp(sealed(document("另一份"), Making()), NOW)
    token = only(other[VALUE]).items()[4].encoded
    moved = tlv(SEQUENCE, *(one.encoded for one in only(GOOD[VALUE]).items()), token)
    report = await later.verify_file(zipped(GOOD | {VALUE: moved}))
    assert report.indication == "INDETERMINATE"
    assert [stamp.good for stamp in report.signatures[0].timestamps] == [False]


async def test_a_later_seal_that_is_proven_proves_those_that_it_covers(later: SealOffice) -> None:
    both = sealed(GOOD, Making(), number=1)
    proven = await with_time_stamp(both, NOW, "/Doc_0/Signs/Sign_1/SignedValue.dat")
    report = await later.verify_file(zipped(proven))
    assert [one.indication for one in report.signatures] == ["TOTAL-PASSED"] * 2, report.text


# -- reports ---------------------------------------------------------------------------------------------------------


async def test_the_report_on_paper_and_for_machines_tell_of_an_ofd(office: SealOffice) -> None:
    report = await office.verify_file(zipped(GOOD | {PAGE: GOOD[PAGE] + b" ", "/extra": b"x"}))
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    checks = read(report).signature_validation_report[0].validation_constraints_evaluation_report.validation_constraint
    assert len(checks) == 18  # our own eight, and the ten steps
    found = describe(report, file_name="证照.ofd", operator=Text("市", "City"), address="https://id.example.cn/verify")
    paper = words_of(TypstReportSetter().set(found.told, found.etsi, sealed=False, made_at=NOW))
    assert all(word in paper for word in ("盖章后被改动", "十步核验", "/extra", "OFD"))
    rows, left_out = files(report)
    assert [(row.path, row.page) for row in rows] == [(PAGE, 1), ("/extra", None)]
    assert left_out == 0


async def test_of_a_stranger_s_seal_nobody_says_that_it_is_genuine(sqlite_database: Database, clock: FakeClock) -> None:
    elsewhere = office_of(sqlite_database, clock, root("elsewhere"))
    report = await elsewhere.verify_file(zipped(GOOD | {PAGE: GOOD[PAGE] + b" "}))
    assert (report.indication, report.altered) == ("TOTAL-FAILED", False)
    assert "签名不成立" in report.text.zh


async def test_a_package_that_is_refused_has_reports_too(office: SealOffice) -> None:
    report = await office.verify_file(zipped(GOOD) + b"x")
    assert report.refusal == "hidden-data"
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    found = describe(report, file_name="", operator=Text("市", "City"), address="https://id.example.cn/verify")
    assert TypstReportSetter().set(found.told, found.etsi, sealed=False, made_at=NOW)[:5] == b"%PDF-"


# -- a cell that was taken over --------------------------------------------------------------------------------------


class Lying:
    """Implements `signing.isolation.port.Isolation`: says of a changed file what is true of the genuine one."""

    def __init__(self, told: PackageFacts) -> None:
        self._told = told

    def ask(self, *_: object) -> PackageFacts:
        return self._told


async def test_a_cell_that_was_taken_over_cannot_hide_a_change(office: SealOffice) -> None:
    genuine, told = zipped(GOOD), read_facts(zipped(GOOD))
    verify = VerifyOfd(
        office.database, office.store, *judges(office), office.clock, office.pool, Lying(told), office.settings
    )
    assert (await verify(genuine)).conclusion == "genuine"
    for changed in (GOOD | {PAGE: GOOD[PAGE] + b" "}, GOOD | {"/added": b"x"}, GOOD | {SIGNED: GOOD[SIGNED] + b" "}):
        report = await verify(zipped(changed))
        assert (report.indication, report.conclusion) == ("INDETERMINATE", "undecided")


def judges(office: SealOffice) -> Sequence[object]:
    ofd = office.verify_file._ofd
    return ofd._certificates, ofd._stamps, ofd._register
