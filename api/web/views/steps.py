"""The further steps of a log-in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from api.web.puzzles import PuzzleView
from core.text import Text
from idp.login.proofs import Method


@dataclass(frozen=True, slots=True)
class MethodWords:
    """A way to log in, in words; `icon` is its symbol."""

    icon: str
    name: Text
    what: Text


METHODS: Final[Mapping[Method, MethodWords]] = {
    Method.PASSWORD: MethodWords("lock", Text("密码", "Password"), Text("您设的密码", "the one that you chose")),
    Method.SMS: MethodWords(
        "msg", Text("短信验证码", "Code by text message"), Text("发到您登记的手机号", "sent to your registered phone")
    ),
    Method.EMAIL: MethodWords(
        "mail", Text("邮件验证码", "Code by e-mail"), Text("发到您确认过的邮箱", "sent to the mailbox you confirmed")
    ),
    Method.TOTP: MethodWords(
        "clock",
        Text("验证器动态码", "Code from your authenticator app"),
        Text("打开手机上的验证器应用", "open the app on your phone"),
    ),
    Method.RECOVERY: MethodWords(
        "file", Text("恢复码", "Recovery code"), Text("您保存下来的十个之一", "one of the ten that you kept")
    ),
    Method.PASSKEY: MethodWords(
        "finger", Text("通行密钥", "Passkey"), Text("用指纹、人脸或安全密钥", "with fingerprint, face or security key")
    ),
    Method.CERTIFICATE: MethodWords(
        "shield", Text("数字证书", "Digital certificate"), Text("插上 USB 密钥", "plug in your USB key")
    ),
    Method.QR: MethodWords(
        "phone", Text("扫码", "QR code"), Text("用已登录的手机扫一扫", "scan with a phone that is logged in")
    ),
}


@dataclass(frozen=True, slots=True)
class StepWay:
    """One way on."""

    words: MethodWords
    href: str


@dataclass(frozen=True, slots=True)
class StepsView:
    """`/login/step`: the ways on; empty when the person has none."""

    ways: tuple[StepWay, ...]


@dataclass(frozen=True, slots=True)
class SentStepView:
    """`/login/step/sms`, `/login/step/email`.

    Attributes:
        destination: where the code goes, masked.
        sent: a code is on its way, so there is something to type.
        others: the person has other ways on.
    """

    method: MethodWords
    action: str
    destination: str
    sent: bool = False
    error: Text | None = None
    error_field: str | None = None
    others: bool = False
    demo: bool = False
    puzzle: PuzzleView | None = None


@dataclass(frozen=True, slots=True)
class TypedStepView:
    """A step where something is typed that the person has already. `others`: they have other ways on."""

    method: MethodWords
    action: str
    error: Text | None = None
    error_field: str | None = None
    others: bool = False
    puzzle: PuzzleView | None = None
