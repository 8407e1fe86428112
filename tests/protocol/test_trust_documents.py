"""Documents sealed under authorities of others (数字证书交叉互认): who is listed vouches, who is not does not."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from api.routes.signing.verifications import report_view
from core.kv.embedded import EmbeddedKeyValueStore
from keys.trust.judge import Judge
from keys.trust.model import Assurance, Period, Service, Standing
from keys.trust.revocation import Revocations
from signing.pades.cms_writer import cms_writer
from signing.verification.report import Check, VerificationReport
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainAuthority, PlainSigner, pdf
from tests.support.signing_world import SIGNED_AT, FileJudge, SealPress
from tests.support.trust_pki import DAY, FixedAnchors, Made, Plan, entry, issuing, key, make, root
from tests.support.trust_revocation import CRL_URL, Web, crl, points_to_crl

NOW = SIGNED_AT + dt.timedelta(hours=1)
LIFE = {"not_before": SIGNED_AT - 100 * DAY, "not_after": SIGNED_AT + 900 * DAY}
CA = root("邻省电子认证根", **LIFE)
ISSUING = issuing(CA, "邻省电子认证机构", more=[points_to_crl("http://crl.ca.example/root.crl")], **LIFE)
OFFICE = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "邻省民政厅"),
        x509.NameAttribute(NameOID.COMMON_NAME, "邻省民政厅印章"),
    ]
)
SEAL = make(Plan(OFFICE, key("邻省民政厅"), ISSUING, more=[points_to_crl()], **LIFE))
AUTHORITY = PlainAuthority.make()
ALWAYS = (Period(Standing.GRANTED, SIGNED_AT - 500 * DAY),)


def lists(*revoked: Made) -> dict[str, bytes]:
    return {CRL_URL: _list(ISSUING, SEAL, revoked), "http://crl.ca.example/root.crl": _list(CA, ISSUING, revoked)}


def _list(issuer: Made, below: Made, revoked: tuple[Made, ...]) -> bytes:
    ended = [below.certificate] if below in revoked else []
    times = {"this_update": NOW - dt.timedelta(hours=2), "next_update": NOW + DAY}
    return crl(issuer, *ended, at=SIGNED_AT - dt.timedelta(minutes=5), **times)


def neighbours_press() -> SealPress:
    signer, chain = PlainSigner(SEAL.private), (SEAL.der, ISSUING.der)
    return SealPress(signer, chain, cms_writer(signer, chain))


@pytest.fixture
async def kv(tmp_path: Path) -> AsyncIterator[EmbeddedKeyValueStore]:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", FakeClock(NOW))
    yield store
    await store.close()


async def verified(
    kv: EmbeddedKeyValueStore,
    *,
    anchor: Made | None = CA,
    periods: tuple[Period, ...] = ALWAYS,
    services: tuple[Service, ...] = (Service.DOCUMENTS,),
    pages: dict[str, bytes] | None = None,
    signed_at: dt.datetime = SIGNED_AT,
) -> VerificationReport:
    clock = FakeClock(NOW)
    own = entry(AUTHORITY.root.der, *Service, periods=ALWAYS)
    listed = [entry(anchor, *services, periods=periods, assurance=Assurance.SUBSTANTIAL)] if anchor else []
    revocations = Revocations([], Web(lists() if pages is None else pages), kv)
    judge = FileJudge(AUTHORITY, clock, judge=Judge(FixedAnchors(own, *listed), revocations, clock))
    sealed = neighbours_press().seal(pdf(), signed_at=signed_at)
    return await judge(sealed)


async def test_a_listed_authority_vouches_and_is_named(kv: EmbeddedKeyValueStore) -> None:
    report = await verified(kv)
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")
    assert report.text.zh.startswith("真实：邻省民政厅于 ")
    assert report.text.zh.endswith("这枚印章不在本系统登记，盖章人的身份由某省电子认证中心证明。")
    assert "A province's authority vouches for who sealed" in report.text.en
    certificate, register = (report.signatures[0].steps[check - 1] for check in (Check.CERTIFICATE, Check.REGISTER))
    assert certificate.passed is True
    assert "某省电子认证中心" in certificate.text.zh
    assert (register.passed, register.text.zh) == (None, "这枚印章不在本系统登记。")
    shown = report_view(report)["signatures"][0]
    assert shown["vouched_by"] == {"zh": "某省电子认证中心", "en": "A province's authority"}
    assert shown["assurance"] == "substantial"


async def test_an_issuing_authority_may_be_listed_by_itself(kv: EmbeddedKeyValueStore) -> None:
    assert (await verified(kv, anchor=ISSUING)).conclusion == "genuine"


async def test_who_is_not_listed_does_not_vouch(kv: EmbeddedKeyValueStore) -> None:
    for options in ({"anchor": None}, {"anchor": root("别的根", **LIFE)}):
        report = await verified(kv, **options)  # type: ignore[arg-type]
        assert (report.conclusion, report.sub_indication) == ("unknown-signer", "NO_CERTIFICATE_CHAIN_FOUND")
        assert report.signatures[0].vouched_by is None
        assert report.signatures[0].assurance is None


async def test_who_is_listed_for_something_else_does_not_vouch_for_documents(kv: EmbeddedKeyValueStore) -> None:
    report = await verified(kv, services=(Service.LOGIN, Service.TIMESTAMPS))
    assert (report.conclusion, report.sub_indication) == ("unknown-signer", "NO_CERTIFICATE_CHAIN_FOUND")
    assert "不是用于这一用途" in report.signatures[0].steps[Check.CERTIFICATE - 1].text.zh


async def test_a_withdrawn_authority_does_not_vouch(kv: EmbeddedKeyValueStore) -> None:
    report = await verified(kv, periods=(*ALWAYS, Period(Standing.WITHDRAWN, SIGNED_AT - DAY)))
    assert (report.conclusion, report.sub_indication) == ("unknown-signer", "NO_CERTIFICATE_CHAIN_FOUND_NO_POE")
    assert "移出信任列表" in report.signatures[0].steps[Check.CERTIFICATE - 1].text.zh


@pytest.mark.parametrize(
    ("revoked", "signed_at", "indication", "sub_indication", "words"),
    [
        (SEAL, SIGNED_AT, "TOTAL-FAILED", "REVOKED", "证书已吊销"),
        (SEAL, SIGNED_AT - dt.timedelta(hours=1), "INDETERMINATE", "REVOKED_NO_POE", "已失效"),
        (ISSUING, SIGNED_AT, "INDETERMINATE", "REVOKED_CA_NO_POE", "签发机构已失效"),
    ],
)
async def test_a_revoked_certificate_is_said_to_be_revoked(
    kv: EmbeddedKeyValueStore,
    revoked: Made,
    signed_at: dt.datetime,
    indication: str,
    sub_indication: str,
    words: str,
) -> None:
    report = await verified(kv, pages=lists(revoked), signed_at=signed_at)
    assert (report.indication, report.sub_indication) == (indication, sub_indication)
    assert report.conclusion == "unknown-signer"
    assert report.text.zh.startswith(words)


async def test_when_nothing_can_be_found_out_nothing_is_promised(kv: EmbeddedKeyValueStore) -> None:
    report = await verified(kv, pages={})
    assert (report.indication, report.sub_indication, report.conclusion) == (
        "INDETERMINATE",
        "TRY_LATER",
        "unknown-signer",
    )
    assert report.text.zh.startswith("现在判断不了")


async def test_a_changed_file_is_changed_whoever_vouches(kv: EmbeddedKeyValueStore) -> None:
    clock = FakeClock(NOW)
    judge = FileJudge(
        AUTHORITY,
        clock,
        judge=Judge(FixedAnchors(entry(CA, periods=ALWAYS)), Revocations([], Web(lists()), kv), clock),
    )
    sealed = bytearray(neighbours_press().seal(pdf()))
    sealed[sealed.index(b"housing")] ^= 1
    assert (await judge(bytes(sealed))).conclusion == "changed"
