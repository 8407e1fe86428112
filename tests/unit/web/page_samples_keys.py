"""What the pages of people's keys are tried with."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from api.web.qr import qr_svg
from api.web.views.entrance import AskingView
from api.web.views.keys import (
    CertificateChallengeView,
    CertificateLoginView,
    CertificateRow,
    CertificatesView,
    KeyView,
    PasskeyAddView,
    PasskeyLoginView,
    PasskeyRow,
    PasskeysView,
    QrScreenView,
    ScanDoneView,
    ScanView,
)
from core.text import Text
from tests.unit.web.page_samples import NOW, PORTAL, WRONG

_ASKING = AskingView(PORTAL, "zwfw.demo.invalid")
_OPTIONS = '{"challenge":"AAAA","rpId":"id.example.test"}'
_EDGE = Text("Edge · Windows", "Edge · Windows")
_PICTURE = Markup(qr_svg("https://id.example.test/scan/AAAA"))
_PASSKEYS = (
    PasskeyRow("我的手机 <b>", None, False, False, NOW, NOW, "/me/security/passkeys/pky_1"),
    PasskeyRow("办公室的安全密钥", "Example Key 5", True, False, NOW, None, "/me/security/passkeys/pky_2"),
    PasskeyRow("旧手机", None, True, True, NOW, NOW, "/me/security/passkeys/pky_3"),
)
_CERTIFICATES = (
    CertificateRow("USB Key <b>", "Example CA", True, False, NOW, NOW, "/me/security/certificates/pct_1"),
    CertificateRow("旧证书", "Example CA", False, True, NOW, None, "/me/security/certificates/pct_2"),
)


def _scan(client: Text | None, *, same: bool) -> ScanView:
    return ScanView("/scan/AAAA", client, "192.0.2.7", same, _EDGE, "user", NOW, 2, "林知远")


def _challenge(**changes: Any) -> CertificateChallengeView:
    word = "k4b1V0mZpQ7yJ2xT8cWn5RdLs3HfUeGa"
    line = f"yizheng-certificate:https://id.example.gov.cn:{word}"
    return CertificateChallengeView("/login/certificate/signed", word, line, "/login", **changes)


SAMPLES = {
    "login-passkey": ("login_passkey.html", PasskeyLoginView("/login/passkey", _OPTIONS, "/login", _ASKING), None),
    "login-passkey-wrong": (
        "login_passkey.html",
        PasskeyLoginView("/login/step/passkey", _OPTIONS, "/login/step?choose=1", error=WRONG, step=True),
        None,
    ),
    "login-passkey-not-here": ("login_passkey.html", PasskeyLoginView("/login/passkey", None, "/login"), None),
    "login-certificate": (
        "login_certificate.html",
        CertificateLoginView("/login/certificate", "/login", True, _ASKING),
        None,
    ),
    "login-certificate-wrong": (
        "login_certificate.html",
        CertificateLoginView("/login/step/certificate", "/login", True, error=WRONG, step=True),
        None,
    ),
    "login-certificate-not-here": (
        "login_certificate.html",
        CertificateLoginView("/login/certificate", "/login", False),
        None,
    ),
    "login-certificate-sign": (
        "login_certificate.html",
        CertificateLoginView("/login/certificate", "/login", True, _ASKING, sign="/login/certificate/challenge"),
        None,
    ),
    "login-certificate-sign-alone": (
        "login_certificate.html",
        CertificateLoginView("/login/certificate", "/login", False, sign="/login/certificate/challenge"),
        None,
    ),
    "login-challenge": ("login_challenge.html", _challenge(asking=_ASKING), None),
    "login-challenge-step": ("login_challenge.html", _challenge(step=True), None),
    "login-challenge-own": ("login_challenge.html", _challenge(own=True), "citizen"),
    "login-qr": (
        "login_qr.html",
        QrScreenView("waiting", 112, "/login/qr", "/login", _PICTURE, asking=_ASKING),
        None,
    ),
    "login-qr-scanned": ("login_qr.html", QrScreenView("scanned", 90, "/login/qr", "/login", number="42"), None),
    "login-qr-refused": ("login_qr.html", QrScreenView("refused", 0, "/login/qr", "/login"), None),
    "login-qr-over": ("login_qr.html", QrScreenView("over", 0, "/login/qr", "/login"), None),
    "scan": ("scan.html", None, "citizen"),
    "scan-confirm": ("scan_confirm.html", _scan(PORTAL, same=False), "citizen"),
    "scan-confirm-near": ("scan_confirm.html", _scan(None, same=True), "citizen"),
    "scan-granted": ("scan_done.html", ScanDoneView(True), "citizen"),
    "scan-refused": ("scan_done.html", ScanDoneView(False), "citizen"),
    "scan-wrong": ("scan_done.html", ScanDoneView(None, WRONG), "citizen"),
    "passkeys": ("passkeys.html", PasskeysView(_PASSKEYS, None, True, False, PORTAL), "citizen"),
    "passkeys-none": ("passkeys.html", PasskeysView((), "/login?again=1", False, False), "citizen"),
    "passkey-add": ("passkey_add.html", PasskeyAddView(_OPTIONS, "Edge · Windows"), "citizen"),
    "passkey-add-wrong": ("passkey_add.html", PasskeyAddView(_OPTIONS, "<b>", WRONG, "name"), "citizen"),
    "passkey": ("passkey.html", KeyView("/me/security/passkeys/pky_1", "我的手机", "我的手机"), "citizen"),
    "passkey-last": ("passkey.html", KeyView("/me/security/passkeys/pky_1", "<b>", "<b>", WRONG), "citizen"),
    "certificates": ("certificates.html", CertificatesView(_CERTIFICATES, None, True, PORTAL), "citizen"),
    "certificates-sign": ("certificates.html", CertificatesView(_CERTIFICATES, None, True, sign=True), "citizen"),
    "certificates-sign-alone": ("certificates.html", CertificatesView((), None, False, sign=True), "citizen"),
    "certificates-none": ("certificates.html", CertificatesView((), "/login?again=1", False), "citizen"),
    "certificates-wrong": (
        "certificates.html",
        CertificatesView((), None, True, None, "<b>", WRONG, "name"),
        "citizen",
    ),
    "certificate": ("certificate.html", KeyView("/me/security/certificates/pct_1", "USB Key <b>"), "citizen"),
    "certificate-not-fresh": (
        "certificate.html",
        KeyView("/me/security/certificates/pct_1", "USB Key", error=WRONG, again_href="/login?again=1"),
        "citizen",
    ),
}
