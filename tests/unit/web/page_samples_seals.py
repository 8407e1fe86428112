"""Believable views of a department's pages about its seals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from api.web.seal_diagram import seal_diagram
from api.web.seal_words import (
    BINDING,
    EFFECTS,
    GRANTEES,
    KINDS,
    MARKS,
    ONWARDS,
    PROFILES,
    REQUEST_MARKS,
    SEALED_AS,
    story_of,
)
from api.web.views.common import Fact, Mark
from api.web.views.seals import (
    FormsChoice,
    GrantRow,
    LedgerRow,
    LedgerView,
    NationalFormView,
    SealAct,
    SealApplyView,
    SealCertificateView,
    SealGrantView,
    SealPicture,
    SealRow,
    SealsView,
    SealTabs,
    SealView,
    UseRequestNewView,
    UseRequestRow,
    UseRequestsView,
    UseRequestView,
)
from core.principal import Principal, PrincipalKind
from core.text import Text
from keys.profile import Profile
from signing.lifecycle import EVENT_NAMES, SealEvent
from signing.model import RequestState, SealKind, SealStatus, SealStep
from tests.unit.web.page_samples import FACTS, HOUSING, NOW, PICTURE, WRONG

TABS = SealTabs("seals", True, True, 2)
ME = Principal(PrincipalKind.STAFF, "acc_2")


def row(kind: SealKind, code: str, status: SealStatus) -> SealRow:
    return SealRow(f"/office/seals/{code}", PICTURE, HOUSING, KINDS[kind], code, MARKS[status])


def step(event: SealEvent, status: SealStatus, actor: str, reason: str = "", days: int = 0) -> SealStep:
    at = NOW - dt.timedelta(days=days)
    return SealStep("sealapp_1", "seal_1", event.value, status, "staff", actor, None, reason, at)


STORY = story_of(
    [
        step(SealEvent.APPLY, SealStatus.APPLIED, "acc_7k2m9q", "旧章磨损，申请更换", 9),
        step(SealEvent.APPROVE, SealStatus.APPROVED, "acc_2", "同意", 8),
        step(SealEvent.MAKE, SealStatus.MADE, "acc_7k2m9q", "", 8),
        step(SealEvent.ACTIVATE, SealStatus.ACTIVE, "acc_2", "", 7),
        step(SealEvent.SUSPEND, SealStatus.SUSPENDED, "acc_7k2m9q", "保管人休假", 1),
    ],
    ME,
    {"acc_7k2m9q": "江予晴"},
)


def act(event: SealEvent, *, blocked: bool = False) -> SealAct:
    refuses = event is SealEvent.REFUSE
    return SealAct(
        event.value, EVENT_NAMES[event], EFFECTS[event], "/act", event in BINDING, event in ONWARDS, refuses, blocked
    )


def seal(
    status: SealStatus, *acts: SealAct, grants: tuple[GrantRow, ...] | None = None, error: Text | None = None
) -> SealView:
    return SealView(
        HOUSING,
        MARKS[status],
        PICTURE,
        FACTS,
        acts,
        STORY,
        seal_diagram(status),
        TABS,
        grants,
        "/office/seals/seal_1/grants/new" if grants is not None else None,
        error,
        None if error else Text("已暂停，马上生效。", "Suspended, at once."),
    )


GRANTS = (
    GrantRow(
        Text("岗位 用印人员", "role Seal user"),
        Text("所有文件", "all documents"),
        "2026-01-01 – 2026-12-31",
        Text("限 200 次，已用 34 次；每次要审批", "34 of 200 uses; each approved"),
        Mark("good", "check", Text("有效", "valid")),
        "17.0%",
        "/office/seals/seal_1/grants/grant_1/end",
    ),
    GrantRow(
        Text("系统 housing-app", "system housing-app"),
        Text("licence", "licence"),
        "2026-01-01 – 2026-12-31",
        Text("不限次，已用 1208 次", "any number of uses, 1208 so far"),
        Mark("", "x", Text("已收回", "taken back")),
        None,
        None,
    ),
)
REQUEST = UseRequestRow(
    "/office/seal-requests/sealreq_1",
    Text("公章 4101990000017", "Official seal 4101990000017"),
    "给县局发函",
    Text("同事（尾号 7k2m9q）", "a colleague (7k2m9q)"),
    "2026-11-23 09:51",
    REQUEST_MARKS[RequestState.OPEN],
)
REQUEST_FACTS = (Fact(Text("事由", "What for"), "给县局发函"), Fact(Text("文件摘要", "Digest"), "ab" * 32, True))


def request(state: RequestState, **what: object) -> UseRequestView:
    shown = state in (RequestState.OPEN, RequestState.APPROVED)
    return UseRequestView(
        "/office/seal-requests/sealreq_1",
        Text("申请用“公章 4101990000017”", "Request to use “Official seal 4101990000017”"),
        REQUEST_MARKS[state],
        REQUEST_FACTS,
        (PICTURE,) if shown else (),
        1 if shown else 0,
        TABS,
        file="/file" if shown else None,
        place={"page": "1", "x_mm": "145", "y_mm": "222"},
        **what,  # type: ignore[arg-type]  # flags of the view
    )


VALUES = {"name_zh": HOUSING.zh, "name_en": HOUSING.en, "code": "410199", "diameter_mm": "42"}
FORM_CHOICES = tuple((one.value, words) for one, words in PROFILES.items())
LEDGER = LedgerRow(
    "2026-11-23 09:51",
    Text("公章 4101990000017", "Official seal 4101990000017"),
    "document",
    "公租房资格证明签发",
    Text("您", "you"),
    "PAdES-B-T",
    "sig_01m82ynfm0e5dws1xd1ca6tfrr",
)
_OFFICE = "office"
SEAL_SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "seals": (
        "seals.html",
        SealsView(
            Text("1 个制章申请在办", "1 application under way"),
            Text("申请、审核、制作、启用由不同的人办。", "Different people apply, review, make and activate."),
            (row(SealKind.FINANCE, "4101990000025", SealStatus.APPLIED),),
            (
                row(SealKind.OFFICIAL, "4101990000017", SealStatus.ACTIVE),
                row(SealKind.CONTRACT, "4101990000033", SealStatus.REPLACED),
            ),
            True,
            TABS,
            next_href="/office/seals?cursor=x",
            forms=FormsChoice(FORM_CHOICES, "national", PROFILES[Profile.BOTH], PROFILES[Profile.BOTH]),
        ),
        _OFFICE,
    ),
    "seals-none": (
        "seals.html",
        SealsView(
            Text("0 枚印章可用", "0 seals in use"), Text("。", "."), (), (), False, SealTabs("seals", False, True)
        ),
        _OFFICE,
    ),
    "seal-suspended": (
        "seal.html",
        seal(SealStatus.SUSPENDED, act(SealEvent.RESUME), act(SealEvent.REVOKE), grants=GRANTS),
        _OFFICE,
    ),
    "seal-applied": (
        "seal.html",
        seal(
            SealStatus.APPLIED,
            act(SealEvent.APPROVE, blocked=True),
            act(SealEvent.REFUSE),
            act(SealEvent.WITHDRAW),
            error=WRONG,
        ),
        _OFFICE,
    ),
    "seal-destroyed": ("seal.html", seal(SealStatus.DESTROYED, grants=()), _OFFICE),
    "seal-apply": (
        "seal_apply.html",
        SealApplyView(
            VALUES,
            tuple((kind.value, KINDS[kind]) for kind in SealKind),
            ("40", "42", "45"),
            (("seal_1", "公章 4101990000017"),),
            FORM_CHOICES,
            PROFILES[Profile.BOTH],
            error=WRONG,
            error_field="code",
        ),
        _OFFICE,
    ),
    "seal-apply-scan": (
        "seal_apply.html",
        SealApplyView(
            {**VALUES, "shape": "scan", "code": "4101990000017"},
            tuple((kind.value, KINDS[kind]) for kind in SealKind),
            ("40", "42", "45"),
            (),
            FORM_CHOICES,
            PROFILES[Profile.INTERNATIONAL],
            SealPicture(PICTURE, "42 mm"),
            PICTURE,
        ),
        _OFFICE,
    ),
    "seal-certificate": (
        "seal_certificate.html",
        SealCertificateView(
            HOUSING,
            "/office/seals/seal_1",
            "/office/seals/seal_1/certificate",
            MARKS[SealStatus.ACTIVE],
            Mark("bad", "no", Text("信任列表不认", "does not count by the trust list")),
            WRONG,
            FACTS,
            True,
        ),
        _OFFICE,
    ),
    "seal-certificates-of-two-forms": (
        "seal_certificate.html",
        SealCertificateView(
            HOUSING,
            "/office/seals/seal_1",
            "/office/seals/seal_1/certificate",
            MARKS[SealStatus.ACTIVE],
            Mark("good", "check", Text("可信", "trusted")),
            None,
            FACTS,
            True,
            NationalFormView(
                Mark("warn", "clock", Text("快到期", "ends soon")),
                WRONG,
                (
                    Fact(Text("印章标识", "esID"), "4101990000017", True),
                    Fact(Text("SM3 摘要", "SM3"), "9f" * 32, True),
                ),
                FACTS,
                "/office/seals/seal_1/certificate/sealform_1.esl",
                2,
            ),
        ),
        _OFFICE,
    ),
    "seal-grant": (
        "seal_grant.html",
        SealGrantView(
            "/office/seals/seal_1/grants/new",
            "/office/seals/seal_1",
            HOUSING,
            {"valid_from": "2026-11-23", "valid_to": "2027-11-22", "classes": "document"},
            tuple((kind.value, words) for kind, words in GRANTEES.items()),
            (("seal-user", Text("用印人员", "Seal user")),),
            (("document", Text("文件", "documents")), ("digest", Text("只送摘要，文件不来", "digests only"))),
            WRONG,
        ),
        _OFFICE,
    ),
    "seal-requests": (
        "seal_requests.html",
        UseRequestsView(
            Text("2 个用印申请等您决定", "2 requests for you"),
            (REQUEST,),
            True,
            SealTabs("requests", True, True, 2),
            "open",
            None,
            "/office/seal-requests?cursor=x",
        ),
        _OFFICE,
    ),
    "seal-requests-none": (
        "seal_requests.html",
        UseRequestsView(Text("我的用印申请", "My requests"), (), False, SealTabs("requests", False, True)),
        _OFFICE,
    ),
    "seal-request-new": (
        "seal_request_new.html",
        UseRequestNewView((("seal_1", "公章 4101990000017"),), {"reason": "发函"}, 20, WRONG),
        _OFFICE,
    ),
    "seal-request": ("seal_request.html", request(RequestState.OPEN, may_decide=True), _OFFICE),
    "seal-request-own": ("seal_request.html", request(RequestState.OPEN, own_waits=True, may_withdraw=True), _OFFICE),
    "seal-request-approved": (
        "seal_request.html",
        request(RequestState.APPROVED, may_seal=True, may_withdraw=True, error=WRONG),
        _OFFICE,
    ),
    "seal-request-sealed": ("seal_request.html", request(RequestState.SEALED, sealed_file="/sealed"), _OFFICE),
    "seal-ledger": (
        "seal_ledger.html",
        LedgerView(
            (LEDGER, replace(LEDGER, level="SES-B-T", sealed_as=SEALED_AS["ofd"])),
            (("seal_1", "公章 4101990000017"),),
            {"seal": "seal_1", "since": "2026-11-01"},
            "/office/seals/ledger.csv?seal=seal_1",
            SealTabs("ledger", True, True),
            "/office/seals/ledger",
            "/office/seals/ledger?cursor=x",
        ),
        _OFFICE,
    ),
    "seal-ledger-none": (
        "seal_ledger.html",
        LedgerView((), (), {}, "/office/seals/ledger.csv", SealTabs("ledger", True, True), error=WRONG),
        _OFFICE,
    ),
}
