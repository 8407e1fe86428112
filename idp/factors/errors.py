"""What can go wrong with keys that people hold; each says what to do.

::

    AppError
    ├── InvalidInput
    │   ├── PasskeyNotMade        the authenticator's answer is not accepted, or the passkey is known already
    │   └── KeyNameInvalid        a name that cannot be shown
    ├── LimitExceeded
    │   └── TooManyKeys           as many as one person may have
    ├── NotFound
    │   └── KeyUnknown            not one of this person's keys
    ├── NotPermitted
    │   ├── PasskeyNotAccepted    unknown, removed, or what came proves nothing: all look alike
    │   ├── PasskeySuspended      it looks as if somebody had copied it
    │   ├── LastWayIn             nothing else would be left to log in with
    │   └── AccountOutOfUse       the right key, of an account that is frozen or closed
    └── NotAuthenticated
        └── NotStrong             the log-in is weaker than what is to be changed
"""

from __future__ import annotations

from core.errors import InvalidInput, LimitExceeded, NotAuthenticated, NotFound, NotPermitted
from core.text import Text


class PasskeyNotMade(InvalidInput):
    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "passkey-not-made",
            Text(
                "没有添加：这台设备的答复不被接受，或者这把通行密钥已经登记过。请再试一次，或换一台设备。",
                "Not added: the device's answer is not accepted, or the passkey is registered already. "
                "Try again, or use another device.",
            ),
            private=private,
        )


class KeyNameInvalid(InvalidInput):
    def __init__(self) -> None:
        super().__init__(
            "key-name-invalid",
            Text("名称请用 1 到 40 个字。", "A name takes 1 to 40 characters."),
            field="name",
        )


class TooManyKeys(LimitExceeded):
    def __init__(self, most: int) -> None:
        super().__init__(
            "too-many-keys",
            Text(
                "最多 {most} 把，已经满了。请先移除不用的。",
                "You have {most} already, which is the most. Remove one that you do not use.",
            ).format(most=most),
        )


class KeyUnknown(NotFound):
    def __init__(self) -> None:
        super().__init__(
            "key-unknown", Text("这一项已经移除，或者不是您的。", "It was removed already, or is not yours.")
        )


class PasskeyNotAccepted(NotPermitted):
    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "passkey-not-accepted",
            Text(
                "没能登录：这把通行密钥没有在这里登记，或者等得太久了。请再试一次，或换一种方式登录。",
                "Not logged in: this passkey is not registered here, or it took too long. "
                "Try again, or log in another way.",
            ),
            private=private,
        )


class PasskeySuspended(NotPermitted):
    def __init__(self) -> None:
        super().__init__(
            "passkey-suspended",
            Text(
                "这把通行密钥已停用：它的计数不对，可能被人复制过。请换一种方式登录，把它移除，再新建一把。",
                "This passkey is out of use: its counter is wrong, so somebody may have copied it. "
                "Log in another way, remove it and make a new one.",
            ),
        )


class LastWayIn(NotPermitted):
    def __init__(self) -> None:
        super().__init__(
            "last-way-in",
            Text(
                "这是您登录的唯一方式，移除后就进不来了。请先添加另一种。",
                "This is your only way to log in. Add another one before you remove it.",
            ),
        )


class AccountOutOfUse(NotPermitted):
    def __init__(self) -> None:
        super().__init__(
            "account-frozen",
            Text(
                "这个账号已停用。请带身份证到政务服务大厅，或拨打 12345。",
                "This account is out of use. Bring your ID card to a service hall, or call 12345.",
            ),
        )


class NotStrong(NotAuthenticated):
    """Somebody is logged in, but more weakly than they can."""

    def __init__(self) -> None:
        super().__init__(
            "log-in-not-strong",
            Text(
                "您的账号有两步验证。请用通行密钥或两步再登录一次，再改登录方式。",
                "Your account has two factors. Log in once more with a passkey, or with both, before you change how "
                "you log in.",
            ),
        )
