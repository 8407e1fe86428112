"""A verdict keeps three questions apart, and gives each state its own word."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from api.web import verdicts
from certstore.ports import DocumentJudgement
from certstore.status import Status
from certstore.verify import LicenceFacts
from certstore.verify_file import COPY_EXPIRED, NOT_A_LICENCE, UNKNOWN_LICENCE, LicenceFileVerdict, Question
from certstore.verify_file import Answer as Said
from core.text import Text
from signing.verification.report import NOBODY, SignatureReport, VerificationReport

NOW = dt.datetime(2026, 11, 23, 2, 6, 31, tzinfo=dt.UTC)
HOUSING = Text("示例市住房保障局", "Example City Housing Bureau")


def report(
    conclusion: str, *, text: Text, indication: str = "TOTAL-PASSED", sub: str | None = None
) -> VerificationReport:
    return VerificationReport(indication, sub, conclusion, text, (), (), "ab" * 32, 84217, NOW)  # type: ignore[arg-type]  # literals


def verdict(
    conclusion: str, state: str, *, valid: Said = Said.YES, revision: bytes | None = None
) -> LicenceFileVerdict:
    facts = LicenceFacts(
        "lic_1", "1.2.156", 1, "T", HOUSING, "11410199DEMA00025B", HOUSING, Status.VALID, NOW, NOW, NOW.date(), None
    )
    words = Text("证照的状态。", "The licence's state.")
    return LicenceFileVerdict(
        genuine=Question(Said.YES, Text("印章是真的。", "The seal is genuine.")),
        unchanged=Question(Said.YES if conclusion == "genuine" else Said.NO, words),
        valid_now=Question(valid, words),
        state=state,
        same_file=True,
        sha256="ab" * 32,
        licence=facts,
        copy=None,
        judgement=DocumentJudgement(conclusion, "TOTAL-PASSED", signed_revision=revision),  # type: ignore[arg-type]  # literal
    )


GENUINE = report("genuine", text=Text("真实：某局盖章，一字未改。", "Genuine: sealed by the bureau, unchanged."))
CHANGED = report(
    "changed",
    text=Text("盖章后被改动：有人改了文件。", "Changed after sealing: altered."),
    indication="TOTAL-FAILED",
    sub="FORMAT_FAILURE",
)


@pytest.mark.parametrize(
    "state",
    [*(one.value for one in Status if one is not Status.NOT_ISSUED), COPY_EXPIRED, NOT_A_LICENCE, UNKNOWN_LICENCE],
)
def test_every_state_of_a_genuine_file_has_a_headline_of_its_own(state: str) -> None:
    head = verdicts.headline(verdict("genuine", state), GENUINE)
    others = {
        verdicts.headline(verdict("genuine", other), GENUINE).words
        for other in ("valid", "withdrawn")
        if other != state
    }
    assert head.words not in others
    good = state in ("valid", NOT_A_LICENCE)
    assert (head.tone == "") is good


def test_the_three_endings_keep_their_own_word() -> None:
    words = {
        state: verdicts.headline(verdict("genuine", state), GENUINE).words.zh
        for state in ("withdrawn", "revoked", "cancelled")
    }
    assert "撤销" in words["withdrawn"]
    assert "吊销" in words["revoked"]
    assert "注销" in words["cancelled"]


def test_a_changed_file_is_refused_even_if_the_original_is_valid() -> None:
    changed = verdict("changed", "valid", revision=b"%PDF")
    head = verdicts.headline(changed, CHANGED)
    assert (head.tone, head.words.zh) == ("bad", "盖章后被改动")
    genuine, unchanged, valid = verdicts.answers(changed, CHANGED)
    assert [one.tone for one in (genuine, unchanged, valid)] == ["idk", "no", "idk"]
    assert valid.answer.zh == "原件有效，这一份不算"


def test_a_broken_signature_is_not_called_a_genuine_seal() -> None:
    broken = verdict("changed", UNKNOWN_LICENCE, valid=Said.UNKNOWN)
    assert verdicts.headline(broken, CHANGED).words.zh == "签名不成立"
    assert verdicts.answers(broken, CHANGED)[0].tone == "no"


@pytest.mark.parametrize("conclusion", ["unknown-signer", "not-signed", "not-a-pdf", "empty", "undecided"])
def test_what_cannot_be_judged_is_neither_good_nor_refused(conclusion: str) -> None:
    told = report(conclusion, text=Text("说明。", "Why."), indication="INDETERMINATE")
    head = verdicts.headline(verdict(conclusion, NOT_A_LICENCE), told)
    assert head.tone == "old"
    assert head.words.zh
    assert head.words.en


def test_the_sentence_does_not_repeat_the_headline_and_adds_the_state() -> None:
    good = verdicts.sentence(verdict("genuine", "valid"), GENUINE)
    assert (good.zh, good.en) == ("某局盖章，一字未改。", "Sealed by the bureau, unchanged.")
    ended = verdicts.sentence(verdict("genuine", "withdrawn", valid=Said.NO), GENUINE)
    assert ended.zh.endswith("证照的状态。")


def test_the_downloaded_report_says_what_a_machine_needs_and_no_content() -> None:
    data = verdicts.as_data(verdict("genuine", "valid"), GENUINE)
    assert data["indication"] == "TOTAL-PASSED"
    assert data["file"] == {"sha256": "ab" * 32, "size": 84217}
    assert data["licence"] == {"identifier": "1.2.156", "issuer": "11410199DEMA00025B", "state": "valid"}


def test_a_signer_of_whom_nothing_can_be_read_is_not_given_a_name() -> None:
    unread = SignatureReport(
        "Signature1", None, None, None, None, None, None, None, None, "unclear", 0, "TOTAL-FAILED", "FORMAT_FAILURE",
        "changed", (),
    )  # fmt: skip
    named = dataclasses.replace(unread, organisation="某局")
    told = dataclasses.replace(CHANGED, signatures=(unread, named))
    first, second, *_ = verdicts.story(verdict("changed", NOT_A_LICENCE), told)
    assert first.title == NOBODY
    assert "某局" in second.title.zh
    assert [row.title.zh for row in verdicts.signatures(told)] == [NOBODY.zh, "某局"]
