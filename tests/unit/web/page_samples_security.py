"""What the pages of second factors are tried with."""

from __future__ import annotations

from markupsafe import Markup

from api.demo.phone.pages import PhoneRow, PhoneView
from api.web.puzzles import PuzzleView
from api.web.qr import qr_svg
from api.web.views.entrance import CodeLoginView, LoginTab, OtherWay
from api.web.views.security import (
    AuthenticatorRow,
    AuthenticatorsView,
    FactorRow,
    RecoveryView,
    RemoveAuthenticatorView,
    SecurityView,
    SetupView,
)
from api.web.views.steps import METHODS, SentStepView, StepsView, StepWay, TypedStepView
from core.text import Text
from idp.login.proofs import Method
from idp.messages.ports import AddressKind
from idp.messages.stand_in import KeptMessage
from tests.unit.web.page_samples import NOW, PORTAL, WRONG

_USED = Text("可用", "in use")
_NONE = Text("没有", "not set up")
_ROWS = (
    FactorRow(METHODS[Method.SMS], True, _USED, "139****0001"),
    FactorRow(METHODS[Method.PASSWORD], True, _USED, href="/me/security/password"),
    FactorRow(METHODS[Method.TOTP], False, _NONE, href="/me/security/totp"),
    FactorRow(METHODS[Method.RECOVERY], True, Text("还剩 9 个", "9 left"), href="/me/security/recovery"),
)
_TABS = (
    LoginTab(Text("密码", "Password"), "/login?i=1"),
    LoginTab(Text("短信验证码", "Text message"), "/login/sms?i=1", current=True),
    LoginTab(Text("邮件验证码", "E-mail"), "/login/email?i=1"),
)
_OTHERS = (OtherWay("finger", Text("用通行密钥登录", "Log in with a passkey"), "/login/passkey?i=1"),)
_PUZZLE = PuzzleView("token", "name", 16)
_MESSAGE = KeptMessage("msg_1", AddressKind.SMS, "13900000003", "", "【示例市一证】验证码 123456 <b>", NOW)
_CODES = tuple(f"7k3m-2p9x-qd4{digit}" for digit in range(10))


def _code_login(**changes: object) -> CodeLoginView:
    given = {
        "action": "/login/sms?i=1",
        "client_name": PORTAL,
        "client_host": "zwfw.demo.invalid",
        "tabs": _TABS,
        "others": _OTHERS,
        "method": METHODS[Method.SMS],
        "identifier": "13900000001",
        "demo": True,
        **changes,
    }
    return CodeLoginView(**given)  # type: ignore[arg-type]  # the names are the view's own


def _step(method: Method, **changes: object) -> TypedStepView:
    return TypedStepView(METHODS[method], f"/login/step/{method.value}", others=True, **changes)  # type: ignore[arg-type]


SAMPLES = {
    "login-sms": ("login_code.html", _code_login(), None),
    "login-sms-sent": ("login_code.html", _code_login(ticket="t"), None),
    "login-sms-wrong": (
        "login_code.html",
        _code_login(ticket="t", error=WRONG, error_field="code", puzzle=_PUZZLE),
        None,
    ),
    "login-steps": (
        "steps.html",
        StepsView(tuple(StepWay(METHODS[one], f"/login/step/{one.value}") for one in (Method.TOTP, Method.SMS))),
        None,
    ),
    "login-steps-none": ("steps.html", StepsView(()), None),
    "login-step-sms": ("step_code.html", SentStepView(METHODS[Method.SMS], "/login/step/sms", "139****0003"), None),
    "login-step-sms-sent": (
        "step_code.html",
        SentStepView(
            METHODS[Method.SMS], "/login/step/sms", "139****0003", sent=True, others=True, demo=True, puzzle=_PUZZLE
        ),
        None,
    ),
    "login-step-email-wrong": (
        "step_code.html",
        SentStepView(METHODS[Method.EMAIL], "/login/step/email", "c***@citizen.invalid", True, WRONG, "code"),
        None,
    ),
    "login-step-totp": ("step_totp.html", _step(Method.TOTP), None),
    "login-step-recovery": ("step_recovery.html", _step(Method.RECOVERY, error=WRONG, error_field="code"), None),
    "login-step-password": ("step_password.html", _step(Method.PASSWORD, puzzle=_PUZZLE), None),
    "security": ("security.html", SecurityView(_ROWS, True, "/me/identities"), "citizen"),
    "security-one-factor": ("security.html", SecurityView(_ROWS[1:3], False), "citizen"),
    "authenticators": (
        "authenticators.html",
        AuthenticatorsView(
            (
                AuthenticatorRow("我的手机 <b>", NOW, NOW, "/me/security/totp/aut_1"),
                AuthenticatorRow("平板", NOW, None, "/me/security/totp/aut_2"),
            ),
            done=Text("已添加。", "Added."),
        ),
        "citizen",
    ),
    "authenticators-none": ("authenticators.html", AuthenticatorsView((), "/login?again=1"), "citizen"),
    "authenticator-add": (
        "authenticator_add.html",
        SetupView(Markup(qr_svg("otpauth://totp/x?secret=GEZDGNBV")), "GEZD GNBV GY3T QOJQ", "我的手机 <b>"),
        "citizen",
    ),
    "authenticator-add-wrong": (
        "authenticator_add.html",
        SetupView(Markup(qr_svg("otpauth://totp/x?secret=GEZDGNBV")), "GEZD GNBV", "手机", WRONG, "code"),
        "citizen",
    ),
    "authenticator-remove": (
        "authenticator_remove.html",
        RemoveAuthenticatorView("/me/security/totp/aut_1/remove", "我的手机 <b>"),
        "citizen",
    ),
    "recovery": ("recovery.html", RecoveryView(3), "citizen"),
    "recovery-none": ("recovery.html", RecoveryView(0, "/login?again=1", removed=True), "citizen"),
    "recovery-made": ("recovery.html", RecoveryView(10, codes=_CODES), "citizen"),
    "demo-phone": ("phone.html", PhoneView((PhoneRow(_MESSAGE, "陈素", "123456"),)), None),
    "demo-phone-none": ("phone.html", PhoneView(()), None),
}
