"""One believable view for every page: each template is rendered in both languages without a service behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from api.web.asked_details import DetailWords
from api.web.consent_words import CLAIMS, PSEUDONYM, SCOPES
from api.web.errors import ErrorView
from api.web.level_words import HIGHEST, LEVELS
from api.web.seal_words import SEAL_LEVELS, SEAL_PROFILES
from api.web.views.agreement import Agreement
from api.web.views.common import Fact, TimelineEntry
from api.web.views.consenting import CopyPreview
from api.web.views.desk import (
    CheckFormView,
    CheckView,
    Found,
    LookUpView,
    MaterialGroup,
    MaterialRow,
    Part,
)
from api.web.views.entrance import (
    AccountChoiceView,
    ConsentItem,
    DemoAccount,
    DemoPortal,
    FrontView,
    LoggedOutView,
    LoginView,
    LogoutView,
    ScopesView,
    SiteWords,
)
from api.web.views.office import (
    ChooseTypeView,
    FormField,
    HolderBlock,
    IssuedRow,
    IssuedView,
    IssueView,
    OfficeView,
    SealChoice,
    SealedView,
    SealPlaceView,
    SealUploadView,
    Sheet,
    TypeChoice,
)
from api.web.views.own import (
    AccessesView,
    AccessRow,
    AttachmentRow,
    ConsentDoneView,
    ConsentRow,
    ConsentsView,
    ConsentView,
    LicenceCard,
    LicenceView,
    MeView,
    NoticeRow,
    OwnPortalsView,
    PortalRow,
    Showable,
    WithdrawView,
)
from api.web.views.sign_ins import (
    AskedRow,
    AskedView,
    CounterCodeView,
    DeviceCodeView,
    DeviceConfirmView,
    DeviceDoneView,
    EndSessionView,
    SessionRow,
    SignInsView,
)
from api.web.views.verification import (
    Answer,
    ChangedPage,
    CodeView,
    FileRow,
    LaterRevision,
    SignatureRow,
    StampRow,
    StampView,
    VerifyResultView,
    VerifyView,
)
from core.text import Text

NOW = dt.datetime(2026, 11, 23, 2, 6, 31, tzinfo=dt.UTC)
PICTURE = "/picture.png"
HOUSING = Text("示例市住房保障局", "Example City Housing Bureau")
POLICE = Text("示例市公安局", "Example City Police Bureau")
SITE = SiteWords("https://zwfw.demo.invalid/privacy", "https://zwfw.demo.invalid/terms")
PORTAL = Text("示例市政务服务网", "Example City Government Services")
RENTAL = Text("公共租赁住房资格申请", "public rental housing")
WRONG = Text("密码不对，还可以试 4 次。", "Wrong password. 4 tries left.")

ACCOUNTS = tuple(
    DemoAccount(name, f"410199 19880229 10{n}1", "yizheng-demo-2026", what)
    for n, (name, what) in enumerate(
        (
            ("林知远", Text("市民", "citizen")),
            ("陈素", Text("住房保障局窗口人员", "clerk, Housing Bureau")),
            ("许文澜", Text("公安局发证人员", "issuer, Police Bureau")),
        )
    )
)
STORY = (
    TimelineEntry(
        "stamp", Text("盖章并签名", "Sealed and signed"), HOUSING, Text("2026-11-23 09:58", "2026-11-23 09:58"), "red"
    ),
    TimelineEntry("check", Text("之后没有任何改动", "Not changed since"), None, None, ""),
)
FACTS = (
    Fact(Text("签名等级", "Level"), "PAdES B-B"),
    Fact(
        Text("证照标识", "Identifier"),
        "1.2.156.3005.2.11410199DEMA00001W207.11410199DEMA00025B.26112300418.001.8",
        True,
    ),
)


VALID = Text("有效", "valid")


COPY = CopyPreview(
    "pine",
    ("仅供示例市住房保障局", "办理公租房资格申请", "2026-12-23 前有效"),
    (("权利人", "林知远"), ("坐落", "示例市青石区演示路 18 号 6 幢")),
)


def card(state: Text = VALID, *, usable: bool = True, colour: str = "pine") -> LicenceCard:
    rows = (("坐落", "青石区演示路 18 号 6 幢"), ("颁发", HOUSING.zh), ("有效", "长期"))
    return LicenceCard(
        "/me/licences/lic_1",
        colour,
        "不动产权证书",
        "豫（2026）示例市不动产权第 0018 号",
        rows,
        HOUSING.zh,
        state,
        "" if usable else "info",
        "check" if usable else "no",
        usable,
        PICTURE,
    )


def verdict(tone: str, icon: str, words: Text) -> VerifyResultView:
    answers = (
        Answer(
            Text("是真的吗", "Is it genuine?"), Text("真：签名与印章都核过", "Yes: signature and seal checked"), "check"
        ),
        Answer(Text("改过吗", "Was it changed?"), Text("改过：第 1 页", "Yes: page 1"), "x", "no"),
        Answer(Text("现在还有效吗", "Is it still valid?"), Text("判断不了", "Cannot tell"), "warn", "idk"),
    )
    return VerifyResultView(
        tone,
        icon,
        words,  # type: ignore[arg-type]  # one of the three tones
        Text("这份文件由示例市住房保障局盖章。", "Sealed by the Housing Bureau."),
        Text("请不要采信。", "Do not rely on it."),
        "TOTAL-PASSED",
        Text("ETSI EN 319 102-1", "ETSI EN 319 102-1"),
        NOW,
        answers,
        "住房保障资格证明.pdf",
        (PICTURE, PICTURE),
        7,
        Text("这枚印章的来历", "The seal's story"),
        STORY,
        Text("请向颁发机构核实。", "Ask the issuing office."),
        "/original" if tone == "bad" else None,
        "/report",
        FACTS,
        (ChangedPage(1, "56.40 m²", "16.40 m²", (PICTURE, PICTURE, PICTURE)),) if tone == "bad" else (),
        100,
        machine_href="/report.xml",
        receipt_href="/receipt.json" if tone == "" else None,
        data_href="/report.json",
        signatures=(
            SignatureRow(HOUSING, Text("真实，未改动", "Genuine"), "good", "check", Text("PAdES-B-T", "PAdES-B-T")),
            SignatureRow(HOUSING, Text("认不出盖章人", "Unknown"), "warn", "warn", Text("PAdES-B-B", "PAdES-B-B")),
        )
        if tone == "bad"
        else (),
        revisions=(
            LaterRevision(HOUSING, Text("允许", "permitted"), "good", "check", (HOUSING,)),
            LaterRevision(HOUSING, Text("不允许", "not permitted"), "bad", "x", (HOUSING, HOUSING)),
        ),
    )


STAMP_STEPS = tuple(
    StampRow(number, HOUSING, *state, HOUSING)
    for number, state in enumerate(
        [("good", "check", Text("通过", "Good"))] * 6
        + [("bad", "x", Text("不通过", "Failed")), ("warn", "warn", Text("判断不了", "Cannot be told"))]
        + [("", "no", Text("没有核", "Not reached"))] * 2,
        1,
    )
)
STAMPED = replace(
    verdict("", "check", Text("真实有效", "Genuine and valid")),
    stamps=(
        StampView(
            Text("电子签章的十步核验", "The ten steps of the stamp"),
            "bad",
            "x",
            Text("6/10 步通过", "6 of 10 good"),
            (Fact(Text("印章标识", "Seal id"), "41010000000001", True),),
            STAMP_STEPS,
        ),
    ),
    files=(
        FileRow("/Doc_0/Pages/Page_0/Content.xml", 1, Text("和盖章时不一样", "not what was sealed")),
        FileRow("/Doc_0/Res/x.png", None, Text("没有签名保护", "protected by no signature")),
    ),
    files_left_out=3,
)

SEAL = SealChoice("seal_1", HOUSING, "4101990000017", PICTURE, 42.0, Text("可用", "active"), "good", "check")
ITEMS = (("410199-ZF-0207", "公共租赁住房资格申请"),)


def check() -> CheckView:
    rows = (
        MaterialRow(
            1,
            Text("不动产权证书", "Title deed"),
            Text("须本人同意后才能取。", "Needs consent."),
            HOUSING,
            "warn",
            "clock",
            Text("待同意", "asks consent"),
        ),
        MaterialRow(
            2,
            Text("单位收入证明", "Income statement"),
            Text("证照库没有这一类。", "Not in the repository."),
            None,
            "",
            "",
            Text("未入库", "not held"),
            None,
            Text("收纸质件", "take the paper"),
        ),
        MaterialRow(
            3,
            Text("居住证", "Residence permit"),
            Text("在库，今日有效。", "Held and valid."),
            POLICE,
            "good",
            "check",
            Text("免交", "exempt"),
            "/copy",
        ),
    )
    groups = (
        MaterialGroup(Text("还差 2 份", "2 to go"), rows[:2]),
        MaterialGroup(Text("不用交 1 份", "1 not needed"), rows[2:]),
    )
    parts = (
        Part("g", Text("免交", "exempt"), 1),
        Part("w", Text("待同意", "consent"), 1),
        Part("n", Text("没有", "not held"), 1),
    )
    return CheckView(
        RENTAL,
        "410199-ZF-0207",
        "410199 ******** 1031",
        "GZF-2026-1123-00418",
        "免交材料核对",
        NOW,
        3,
        1,
        2,
        parts,
        groups,
        "/ask",
        "/again",
    )


def issue(error: Text | None = None, field: str | None = None) -> IssueView:
    fields = (
        FormField("data.address", "address", Text("住址", "Address"), "text", "", 100, True),
        FormField("data.sex", "sex", Text("性别", "Sex"), "text", "", 10, True, (("男", "男"), ("女", "女"))),
        FormField(
            "data.area",
            "area",
            Text("面积", "Area"),
            "number",
            "decimal",
            12,
            False,
            (),
            Text("平方米", "square metres"),
        ),
    )
    values = dict.fromkeys(("licence_number", "valid_from", "valid_until", "based_on"), "")
    values |= {one.name: "" for one in fields}
    return IssueView(
        "/office/issue/X",
        Text("居住证", "Residence permit"),
        POLICE,
        (
            HolderBlock("", "111", "", "", fault=field if field in ("holder_name", "holder_code") else None),
            HolderBlock(
                ".2", "001", "", "", kinds=(("vin", Text("车辆识别代号", "VIN")), ("001", Text("单位", "organisation")))
            ),
        ),
        True,
        fields,
        values,
        True,
        Text("", ""),
        PICTURE,
        "key",
        error,
        field,
    )


AGREEMENT = Agreement(
    Text("政务服务大厅自助终端", "Kiosk in the service hall"),
    HOUSING,
    "kiosk.demo.invalid",
    PSEUDONYM,
    (
        ConsentItem(
            "realname", SCOPES["realname"].title, SCOPES["realname"].text, (CLAIMS["id_number"],), False, sensitive=True
        ),
        ConsentItem("phone", SCOPES["phone"].title, SCOPES["phone"].text, (CLAIMS["phone_number"],), True, before=True),
    ),
    site=SITE,
    contacts=("12345",),
    days=30,
)


SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    # page: (template, view, who looks)
    "front": ("front.html", FrontView(ACCOUNTS, (DemoPortal(PORTAL, RENTAL, "/demo/portals/zwfw"),)), None),
    "front-plain": ("front.html", FrontView(), "citizen"),
    "login": ("login.html", LoginView("/login?i=1", PORTAL, "zwfw.demo.invalid", site=SITE), None),
    "login-wrong": (
        "login.html",
        LoginView("/login", PORTAL, "zwfw.demo.invalid", "410199 19880229 1031", WRONG, "password", ACCOUNTS),
        None,
    ),
    "login-refused": ("login.html", LoginView("/login", error=WRONG), None),
    "login-popup": (
        "login.html",
        LoginView("/login?i=1", PORTAL, "zwfw.demo.invalid", "13800000001", compact=True),
        None,
    ),
    "select-account": (
        "select_account.html",
        AccountChoiceView("/select-account?i=1", "/login?i=1", PORTAL, "zwfw.demo.invalid", "林知远"),
        "citizen",
    ),
    "scopes": (
        "scopes.html",
        ScopesView(
            "/consent",
            PORTAL,
            "zwfw.demo.invalid",
            PSEUDONYM,
            (
                ConsentItem(
                    "realname",
                    SCOPES["realname"].title,
                    SCOPES["realname"].text,
                    (CLAIMS["id_number"],),
                    False,
                    essential=True,
                    sensitive=True,
                ),
                ConsentItem(
                    "email", SCOPES["email"].title, SCOPES["email"].text, (CLAIMS["email"],), True, before=True
                ),
                ConsentItem("offline_access", SCOPES["offline_access"].title, SCOPES["offline_access"].text, (), True),
            ),
            office=HOUSING,
            contacts=("privacy@zwfw.demo.invalid",),
            site=SITE,
            days=30,
        ),
        "citizen",
    ),
    "scopes-in-detail": (
        "scopes.html",
        ScopesView(
            "/consent",
            PORTAL,
            "zwfw.demo.invalid",
            PSEUDONYM,
            (
                ConsentItem(
                    "tax:read", Text("看您的纳税记录", "See your tax records"), Text("那里。", "There."), (), False
                ),
            ),
            (
                DetailWords(
                    Text("取一份您的证照加注副本", "Fetch an annotated copy of your licence"),
                    Text("副本上印着用途。", "The copy carries its purpose."),
                    (
                        (Text("哪些证照", "Which licences"), (Text("不动产权证书", "Title deed"), RENTAL)),
                        (Text("用途", "Purpose"), (Text("<b>x</b>", "<b>x</b>"),)),
                    ),
                ),
            ),
            elsewhere=True,
        ),
        "citizen",
    ),
    "own-portals": (
        "own_portals.html",
        OwnPortalsView(
            (
                PortalRow(
                    PORTAL, HOUSING, (SCOPES["email"].title,), (SCOPES["phone"].title,), NOW, "/me/portals/x/withdraw"
                ),
            ),
            (
                TimelineEntry(
                    "link", Text("进入门户", "Entered a portal"), when=Text("2026-11-23 09:51", "2026-11-23 09:51")
                ),
            ),
            None,
            "/me/portals?cursor=x",
        ),
        "citizen",
    ),
    "own-portals-none": ("own_portals.html", OwnPortalsView((), (), None, None), "citizen"),
    "device": ("device.html", DeviceCodeView("WDJB-MJHT"), "citizen"),
    "device-wrong": ("device.html", DeviceCodeView("WDJB-MJHT", WRONG), "citizen"),
    "device-confirm": (
        "device_confirm.html",
        DeviceConfirmView("/device/confirm?t=x", "WDJB-MJHT", NOW, 9, AGREEMENT),
        "citizen",
    ),
    "device-granted": ("device_done.html", DeviceDoneView(granted=True), "citizen"),
    "device-refused": ("device_done.html", DeviceDoneView(granted=False), "citizen"),
    "sign-ins": (
        "sign_ins.html",
        SignInsView(
            (AskedRow("/me/sign-ins/requests/cba_1", PORTAL, HOUSING, NOW, 4),),
            (
                SessionRow("user", Text("浏览器", "A browser"), (PORTAL,), NOW, True, "/logout"),
                SessionRow("phone", Text("自助终端", "Kiosk"), (), NOW, False, "/me/sign-ins/ses_1/end"),
            ),
            done=Text("已确认。", "Confirmed."),
        ),
        "citizen",
    ),
    "sign-ins-none": ("sign_ins.html", SignInsView((), (), "/me/sign-ins?wait=59"), "citizen"),
    "sign-in-request": (
        "sign_in_request.html",
        AskedView("/me/sign-ins/requests/cba_1", "GZF-0418", NOW, 4, AGREEMENT),
        "citizen",
    ),
    "sign-in-request-plain": (
        "sign_in_request.html",
        AskedView("/me/sign-ins/requests/cba_1", None, NOW, 4, Agreement(PORTAL, None, None, PSEUDONYM)),
        "citizen",
    ),
    "session-end": (
        "session_end.html",
        EndSessionView("/me/sign-ins/ses_1/end", Text("结束？", "End it?"), Text("马上退出。", "At once.")),
        "citizen",
    ),
    "counter-code": ("counter_code.html", CounterCodeView("hint_x", "", 5), "citizen"),
    "logout": ("logout.html", LogoutView("/logout", "/me"), "citizen"),
    "logged-out": ("logged_out.html", LoggedOutView(), None),
    "logged-out-telling": (
        "logged_out.html",
        LoggedOutView(
            ("/demo/portals/zwfw/front?iss=x&sid=y",), "/demo/portals/zwfw/", Text("门户", "Portal"), "a.example", True
        ),
        None,
    ),
    "logged-out-link": (
        "logged_out.html",
        LoggedOutView((), "/demo/portals/zwfw/", Text("门户", "Portal"), "a.example"),
        None,
    ),
    "logout-for-a-portal": ("logout.html", LogoutView("/logout", "/me", Text("门户", "Portal")), "citizen"),
    "error": (
        "error.html",
        ErrorView(404, Text("没有这个页面", "There is no such page"), Text("请核对地址。", "Check the address.")),
        None,
    ),
    "error-500": (
        "error.html",
        ErrorView(500, Text("我们这边出了错", "Something broke on our side"), WRONG, "/me"),
        None,
    ),
    "verify": ("verify.html", VerifyView(100), None),
    "verify-error": ("verify.html", VerifyView(100, WRONG), None),
    "verify-good": ("verify_result.html", verdict("", "check", Text("真实有效", "Genuine and valid")), None),
    "verify-stamp": ("verify_result.html", STAMPED, None),
    "verify-bad": ("verify_result.html", verdict("bad", "x", Text("盖章后被改动", "Changed after sealing")), None),
    "verify-old": (
        "verify_result.html",
        verdict("old", "no", Text("是真的，但已撤销", "Genuine, but withdrawn")),
        "citizen",
    ),
    "code": ("code.html", CodeView("", "check", Text("在库有效", "Held and valid"), HOUSING, NOW, FACTS), None),
    "me": (
        "me.html",
        MeView(
            "林知远",
            "410199 ******** 1031",
            (card(), card(colour="blue"), card(Text("撤销", "withdrawn"), usable=False, colour="ochre")),
            14,
            STORY,
            3,
            HIGHEST,
            LEVELS[3].name,
            1,
            Text("居住证还有 26 天到期。", "Your residence permit ends in 26 days."),
            "/me/licences/lic_2",
            showable=(
                Showable("居住证", "/me/licences/lic_1/show"),
                Showable("不动产权证书", "/me/licences/lic_2/show"),
            ),
            notices=(
                NoticeRow(
                    Text("凭证被用了两次。", "A token was used twice."),
                    "/me/notices/ntc_1",
                    "/me/sign-ins",
                    Text("登录与设备", "Log-ins and devices"),
                ),
            ),
        ),
        "citizen",
    ),
    "me-empty": ("me.html", MeView("林知远", "410199 ******** 1031", (), 0, (), 0, HIGHEST, LEVELS[0].name), "citizen"),
    "licence": (
        "licence.html",
        LicenceView(
            card(Text("撤销", "withdrawn"), usable=False),
            "/download",
            "不动产权证书.pdf",
            (PICTURE,),
            1,
            (("权利人", "林知远"),),
            STORY,
            (),
            ((Text("证照标识", "Identifier"), "1.2.156"),),
            WRONG,
            attachments=(
                AttachmentRow("<b>宗地图</b>.pdf", "412 KiB", NOW, "/me/licences/lic_1/attachments/att_1"),
                AttachmentRow("门楼照片.jpg", "1208 KiB", NOW, "/me/licences/lic_1/attachments/att_2"),
            ),
            ofd="/download?form=ofd",
        ),
        "citizen",
    ),
    "accesses": (
        "accesses.html",
        AccessesView(
            (AccessRow(NOW, HOUSING, RENTAL, "GZF-2026-1123-00418", Text("您已同意", "you agreed"), "good", "check"),)
            * 3,
            None,
            "?before=x",
        ),
        "citizen",
    ),
    "accesses-empty": ("accesses.html", AccessesView((), None, None), "citizen"),
    "consents": (
        "consents.html",
        ConsentsView(
            (
                ConsentRow(
                    HOUSING,
                    Text("不动产权证书", "Title deed"),
                    RENTAL,
                    "GZF-1",
                    "2026-12-23",
                    Text("等您决定", "open"),
                    "warn",
                    "clock",
                    "/consents/1",
                ),
                ConsentRow(
                    HOUSING,
                    Text("居住证", "Residence permit"),
                    RENTAL,
                    "GZF-1",
                    "2026-12-23",
                    Text("有效", "in force"),
                    "good",
                    "check",
                    None,
                    "/w",
                ),
            ),
            None,
            None,
            WRONG,
        ),
        "citizen",
    ),
    "consents-empty": ("consents.html", ConsentsView((), None, None), "citizen"),
    "withdraw": ("withdraw.html", WithdrawView("/w", WRONG), "citizen"),
    "consent": (
        "consent.html",
        ConsentView(
            "/consents/1",
            PORTAL,
            Text("不动产权证书", "Title deed"),
            RENTAL,
            NOW,
            29,
            ("权利人", "坐落", "面积"),
            ("共有情况",),
            "《示例市公共租赁住房管理办法》第九条（演示）",
            "GZF-2026-1123-00418",
            dt.date(2026, 12, 23),
            COPY,
        ),
        "citizen",
    ),
    "consent-done": ("consent_done.html", ConsentDoneView(Text("已同意", "You agreed"), WRONG, "/demo"), "citizen"),
    "clerk": ("clerk.html", CheckFormView(ITEMS, "", "410199", "GZF-1", "免交材料核对", WRONG, "id_number"), "clerk"),
    "clerk-check": ("clerk_check.html", check(), "clerk"),
    "lookup": ("lookup.html", LookUpView(ITEMS, (("", "全部"),)), "clerk"),
    "lookup-found": (
        "lookup.html",
        LookUpView(
            ITEMS,
            (("", "全部"),),
            found=(Found(RENTAL, Text("有效", "valid"), "good", "check", (("住址", "青石区"),)),),
            at=NOW,
        ),
        "clerk",
    ),
    "lookup-none": ("lookup.html", LookUpView(ITEMS, (), found=(), at=NOW, error=WRONG), "clerk"),
    "office": (
        "office.html",
        OfficeView(
            HOUSING,
            True,
            True,
            True,
            (SEAL,),
            (IssuedRow(RENTAL, "/office/licences/lic_1", "1.2.156.3005.2", Text("有效", "valid"), "good", "check"),),
        ),
        "office",
    ),
    "office-empty": ("office.html", OfficeView(HOUSING, True, False, False, (), ()), "office"),
    "issue-choose": (
        "issue_choose.html",
        ChooseTypeView((TypeChoice("/office/issue/X", RENTAL, "11410199DEMA00001W207", "blue"),)),
        "office",
    ),
    "issue-choose-none": ("issue_choose.html", ChooseTypeView(()), "office"),
    "issue": ("issue.html", issue(WRONG, "address"), "office"),
    "issued": ("issued.html", IssuedView(RENTAL, card(), FACTS, "/download"), "office"),
    "seal-upload": ("seal_upload.html", SealUploadView(True, 20), "office"),
    "seal-none": ("seal_upload.html", SealUploadView(False, 20, WRONG), "office"),
    "seal-place": (
        "seal_place.html",
        SealPlaceView(
            "/office/seal/t",
            "住房保障资格证明.pdf",
            (Sheet(1, PICTURE, "/office/seal/t?page=1"), Sheet(2, PICTURE, "/office/seal/t?page=2", 1)),
            1,
            PICTURE,
            210.0,
            297.0,
            140.0,
            220.0,
            SEAL,
            (SEAL,),
            "公租房资格证明签发",
            levels=tuple((one.value, *words) for one, words in SEAL_LEVELS.items()),
            level="PAdES-B-T",
            level_chosen=True,
            level_or_nothing=False,
            profiles=tuple((name, *words) for name, words in SEAL_PROFILES.items()),
            profile="dual",
        ),
        "office",
    ),
    "sealed": (
        "sealed.html",
        SealedView("住房保障资格证明.pdf", "sig_1", (PICTURE,), 3, 2, FACTS, "/download"),
        "office",
    ),
}
