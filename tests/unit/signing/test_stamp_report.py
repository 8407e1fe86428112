"""A national stamp's ten steps reach everyone who is told of a verification: as data, on paper, and for validators."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from lxml import etree
from pyhanko.generated.etsi import ts_11910202

from api.routes.signing.verifications import report_view
from api.web.stamp_words import stamps
from core.text import Text
from signing.eseal.judge import StampVerdict, StepName
from signing.eseal.model import Signers
from signing.reports.describe import describe
from signing.reports.typst_setter import TypstReportSetter
from signing.verification.etsi_report import etsi_report
from signing.verification.report import Check, SignatureReport, VerificationReport
from signing.verification.stamp_report import NationalStamp
from signing.verification.stamp_words import stamp_faults, told_stamp
from tests.support.eseal_world import DIGEST, INFO, NOW, YEAR, Making, certificate, judge, root, with_numbers
from tests.unit.signing.test_etsi_report import faults, read
from tests.unit.signing.test_reports import words_of

GOOD = Making()


async def judged(stamp: bytes, digest: bytes = DIGEST, now: dt.datetime = NOW) -> StampVerdict:
    return await judge().judge(stamp, digest=digest, now=now)


def report_with(stamp: NationalStamp) -> VerificationReport:
    signature = SignatureReport(
        "s", "示例市", "章", None, None, None, None, None, None, "whole-file", 1, "TOTAL-PASSED", None, "genuine", (),
        national=stamp, algorithm="SGD_SM3_SM2", algorithm_counts=True,
    )  # fmt: skip
    text = Text("真实：一字未改。", "Genuine: unchanged.")
    return VerificationReport("TOTAL-PASSED", None, "genuine", text, (), (signature,), "ab" * 32, 1, NOW)


async def test_a_good_stamp_is_told_with_all_ten_steps_everywhere() -> None:
    report = report_with(told_stamp(await judged(GOOD.stamp())))
    told = report_view(report)["signatures"][0]["national_stamp"]
    assert told["good"]
    assert (told["seal"]["id"], told["seal"]["maker"], told["edition"]) == (INFO.seal_id, "maker", "GB/T 38540-2020")
    assert [(one["number"], one["id"]) for one in told["steps"]] == list(enumerate(map(str, StepName), 1))
    (view,) = stamps(report)
    assert (view.tone, [row.tone for row in view.steps]) == ("good", ["good"] * 10)
    constraints = read(report).signature_validation_report[0].validation_constraints_evaluation_report
    names = [one.validation_constraint_identifier for one in constraints.validation_constraint]
    assert names == [f"urn:yizheng:verification:gbt38540:{n}:{name}" for n, name in enumerate(StepName, 1)]
    assert list(faults(etree.fromstring(etsi_report(report)), ts_11910202.ValidationReport)) == []
    found = describe(report, file_name="", operator=Text("市", "City"), address="https://id.example.cn/verify")
    paper = words_of(TypstReportSetter().set(found.told, found.etsi, sealed=False, made_at=NOW))
    assert "十步核验" in paper
    assert all(word in paper for word in ("制章人签名", "签章人名单", "原文杂凑值", INFO.seal_id))


async def test_a_stamp_that_cannot_be_read_says_so_and_skips_the_rest() -> None:
    report = report_with(told_stamp(await judged(b"\x30\x80\x00\x00")))
    told = report_view(report)["signatures"][0]["national_stamp"]
    assert [one["state"] for one in told["steps"]] == ["bad"] + ["skipped"] * 9
    assert told["seal"]["id"] is None
    statuses = [
        one.constraint_status.status.rpartition(":")[2]
        for one in read(report)
        .signature_validation_report[0]
        .validation_constraints_evaluation_report.validation_constraint
    ]
    assert statuses == ["applied"] + ["disabled"] * 9


@pytest.mark.parametrize(
    ("making", "now", "check", "sub_indication"),
    [
        (replace(GOOD, digest=bytes(32)), NOW, Check.DIGEST, "HASH_FAILURE"),
        (GOOD, NOW + 4.5 * YEAR, Check.CERTIFICATE, "OUT_OF_BOUNDS_NO_POE"),
        (
            replace(GOOD, info=replace(INFO, signers=Signers((certificate("another"),)))),
            NOW,
            Check.CERTIFICATE,
            "SIG_CONSTRAINTS_FAILURE",
        ),
        (replace(GOOD, at=NOW + dt.timedelta(hours=1)), NOW, Check.CERTIFICATE, "SIG_CONSTRAINTS_FAILURE"),
        (replace(GOOD, user_id=b"another"), NOW, Check.SIGNATURE, "SIG_CRYPTO_FAILURE"),
    ],
)
async def test_each_step_that_fails_has_its_sub_indication(
    making: Making, now: dt.datetime, check: Check, sub_indication: str
) -> None:
    assert stamp_faults(await judged(GOOD.stamp())) == ()
    first = stamp_faults(await judged(making.stamp(), now=now))[0]
    assert (first.check, first.sub_indication) == (check, sub_indication)


async def test_what_says_no_is_kept_apart_from_what_cannot_be_told() -> None:
    stranger = await judge(root("elsewhere")).judge(GOOD.stamp(), digest=DIGEST, now=NOW)
    (maker, signer) = stamp_faults(stranger)
    assert {maker.sub_indication, signer.sub_indication} == {"NO_CERTIFICATE_CHAIN_FOUND"}
    assert not told_stamp(stranger).bad
    forged = await judged(with_numbers(GOOD.stamp(), 5, 7))
    assert told_stamp(forged).bad
    assert [one.sub_indication for one in stamp_faults(forged)] == ["SIG_CRYPTO_FAILURE"]
