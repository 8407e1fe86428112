"""What can go wrong with a log-in through an upstream provider; each is a page that says what to do.

::

    AppError
    ├── NotPermitted
    │   └── UpstreamRefused       what came back, or whom it is about, is not accepted
    ├── NotFound
    │   └── AttemptGone           no such log-in is under way in this browser
    ├── NotAuthenticated
    │   └── NotFresh              the log-in is too long ago for what is to be done
    └── Unavailable
        └── UpstreamUnavailable   the provider does not answer, or not as it should
"""

from __future__ import annotations

from core.errors import NotFound, NotPermitted, Unavailable
from core.text import Text


class UpstreamRefused(NotPermitted):
    """`code` says which rule; `private` is for the log and the operator of the provider."""


class AttemptGone(NotFound):
    """Unknown, finished, expired, or begun in another browser."""

    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "upstream-attempt-gone",
            Text(
                "这次登录已经结束、过期，或者不是在这个浏览器里开始的。请重新开始登录。",
                "This log-in has ended, expired, or was not begun in this browser. Start it again.",
            ),
            private=private,
        )


class UpstreamUnavailable(Unavailable):
    def __init__(self, name: Text, *, private: str = "") -> None:
        super().__init__(
            "upstream-unavailable",
            Text(
                "“{zh}”暂时没有按要求应答。请稍后再试，或换一种方式登录。",
                "{en} does not answer as it should. Try again later, or log in another way.",
            ).format(zh=name.zh, en=name.en),
            private=private,
        )


def provider_not_found() -> NotFound:
    return NotFound(
        "upstream-not-found",
        Text(
            "没有这种登录方式，或者它已停用。请换一种方式登录。",
            "There is no such way to log in, or it is out of use. Choose another.",
        ),
    )


def not_trusted(name: Text, *, private: str) -> UpstreamRefused:
    """What the provider sent breaks a rule of the protocol."""
    return UpstreamRefused(
        "upstream-answer-refused",
        Text(
            "“{zh}”的应答没有通过检查，没有登录。请重新登录一次；再不行请换一种方式，并告诉我们请求编号。",
            "The answer of {en} did not pass our checks, so you are not logged in. Try once more; if it happens again, "
            "log in another way and tell us the request id.",
        ).format(zh=name.zh, en=name.en),
        private=private,
    )


def cancelled(name: Text, *, private: str) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-cancelled",
        Text(
            "您在“{zh}”没有完成登录。可以再试一次，或换一种方式登录。",
            "You did not finish logging in at {en}. Try again, or log in another way.",
        ).format(zh=name.zh, en=name.en),
        private=private,
    )


def not_linked(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-not-linked",
        Text(
            "这个“{zh}”账号还没有绑定。请先用密码登录，再到“我的证照”里的“登录方式”绑定。",
            "This account at {en} is not linked yet. Log in with your password first, then link it under "
            "“Ways to log in” on your own page.",
        ).format(zh=name.zh, en=name.en),
    )


def linked_elsewhere(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-linked-elsewhere",
        Text(
            "这个“{zh}”账号已经绑定了另一个一证账号，不能再绑定。如果不是您绑定的，请带身份证到政务服务大厅。",
            "This account at {en} is linked to another account here, so it cannot be linked again. If that was not "
            "you, bring your ID card to a service hall.",
        ).format(zh=name.zh, en=name.en),
    )


def another_linked(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-another-linked",
        Text(
            "您的账号已经绑定了另一个“{zh}”账号。请先用密码登录，在“登录方式”里解除，再绑定新的。",
            "Your account is linked to another account at {en} already. Log in with your password, unlink that one "
            "under “Ways to log in”, then link the new one.",
        ).format(zh=name.zh, en=name.en),
    )


def unlinked_before(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-unlinked",
        Text(
            "您解除过“{zh}”的绑定，所以它不能用来登录。想恢复的话，请用密码登录，再到“登录方式”里绑定。",
            "You unlinked {en}, so it cannot log you in. To use it again, log in with your password and link it under "
            "“Ways to log in”.",
        ).format(zh=name.zh, en=name.en),
    )


def person_differs(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-person-differs",
        Text(
            "“{zh}”说的姓名或身份证号和这里的账号不一致，没有登录，也没有绑定。请带身份证到政务服务大厅核对。",
            "The name or ID number that {en} gives is not that of the account here, so nothing was done. Bring your "
            "ID card to a service hall to have it checked.",
        ).format(zh=name.zh, en=name.en),
    )


def not_proved(name: Text) -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-not-proved",
        Text(
            "您在“{zh}”还没有实名认证到需要的等级。请先在那里完成实名认证，或用密码登录。",
            "{en} has not checked who you are at the level that is needed. Prove your identity there first, or log in "
            "with your password.",
        ).format(zh=name.zh, en=name.en),
    )


def out_of_use() -> UpstreamRefused:
    return UpstreamRefused(
        "account-frozen",
        Text(
            "这个账号已停用。请带身份证到政务服务大厅，或拨打 12345。",
            "This account is out of use. Bring your ID card to a service hall, or call 12345.",
        ),
    )


def last_way_in() -> UpstreamRefused:
    return UpstreamRefused(
        "upstream-last-way-in",
        Text(
            "这是您登录的唯一方式，解除后就进不来了，所以没有解除。请先设置密码，或绑定另一种登录方式。",
            "This is your only way to log in; without it you could not come back, so it was kept. Set a password or "
            "link another way first.",
        ),
    )
