"""How somebody logged in, and why a try was refused, in the words of the person whose account it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.text import Text
from idp.login.proofs import Method

METHODS: Mapping[str, Text] = {
    Method.PASSWORD: Text("密码", "password"),
    Method.SMS: Text("短信验证码", "SMS code"),
    Method.EMAIL: Text("邮箱验证码", "e-mail code"),
    Method.TOTP: Text("动态口令", "authenticator code"),
    Method.RECOVERY: Text("恢复码", "recovery code"),
    Method.PASSKEY: Text("通行密钥", "passkey"),
    Method.CERTIFICATE: Text("数字证书", "certificate"),
    Method.QR: Text("手机扫码", "QR code"),
    Method.UPSTREAM: Text("其他账号", "another account"),
}
_AMR: Mapping[str, Text] = {
    "pwd": METHODS[Method.PASSWORD],
    "sms": METHODS[Method.SMS],
    "otp": Text("一次性验证码", "one-time code"),
    "hwk": Text("安全密钥", "security key"),
    "swk": Text("软证书", "certificate in a file"),
    "mca": METHODS[Method.QR],
    "pop": METHODS[Method.PASSKEY],
    "sc": METHODS[Method.CERTIFICATE],
    "face": Text("刷脸", "face"),
    "fpt": Text("指纹", "fingerprint"),
}
_REFUSALS: Mapping[str, Text] = {
    "password-wrong": Text("密码不对", "wrong password"),
    "too-many-tries": Text("试的次数太多，没有再查密码", "too many tries, so the password was not even checked"),
    "code-wrong": Text("验证码不对", "wrong code"),
    "qr-no": Text("您在手机上没有同意", "you said no on your phone"),
    "qr-wrong-number": Text("手机上输的数字不对", "another number was typed on the phone"),
    "passkey-suspended": Text("通行密钥可能被复制，已停用", "the passkey may have been copied; it is out of use"),
    "passkey-changed": Text("通行密钥和登记的不一样", "the passkey is not as it was registered"),
    "account-frozen": Text("账号已停用", "the account is out of use"),
    "account-closed": Text("账号已注销", "the account is closed"),
}
_SOMEHOW = Text("没有通过", "not accepted")


def method_words(method: str, providers: Mapping[str, Text]) -> Text:
    """Of the word that a log-in is recorded under, as `password+sms` or `upstream:province`."""
    return _joined([_one(part, providers) for part in method.split("+")])


def amr_words(amr: Sequence[str]) -> Text:
    """Of the values that a session has (RFC 8176 §2); `mfa` only says that there were several."""
    return _joined([_AMR[value] for value in amr if value in _AMR])


def refusal_words(reason: str) -> Text:
    return _REFUSALS.get(reason, _SOMEHOW)


def _one(part: str, providers: Mapping[str, Text]) -> Text:
    kind, _, provider = part.partition(":")
    return providers.get(provider) or METHODS.get(kind, Text(kind, kind))


def _joined(parts: Sequence[Text]) -> Text:
    parts = list(dict.fromkeys(parts))
    return Text(" + ".join(part.zh for part in parts), " + ".join(part.en for part in parts))
