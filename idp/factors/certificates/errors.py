"""What can go wrong with a certificate; each says what to do.

::

    AppError
    ├── LimitExceeded
    │   └── too_many_starts         one source began too many
    ├── NotFound
    │   └── ShowingGone             not begun in this browser, over, or too late
    └── NotPermitted
        ├── CertificateNotAccepted  none, or one that nobody we trust stands behind
        ├── CertificateNobodys      nobody here has this certificate
        └── CertificateOthers       it names, or belongs to, somebody else
"""

from __future__ import annotations

from typing import Final

from core.errors import LimitExceeded, NotFound, NotPermitted
from core.text import Text
from idp.factors.certificates.model import Fault

_WHY: Final = {
    Fault.NONE_SHOWN: Text(
        "浏览器没有出示证书。请插好 USB Key，关掉所有浏览器窗口再打开，然后重试。",
        "Your browser showed no certificate. Plug in the USB key, close all windows of the browser, open it and "
        "try again.",
    ),
    Fault.UNREADABLE: Text(
        "出示的证书读不出来。请联系发证的 CA 机构。",
        "The certificate cannot be read. Ask the authority that issued it.",
    ),
    Fault.NOT_SIGNED: Text(
        "签名对不上这一次的文字或这张证书。请用证书对应的 USB Key，对页面上的整行文字重新签名。",
        "The signature is not of this page's text by this certificate's key. Sign the whole line again, with the USB "
        "key that holds the certificate.",
    ),
    Fault.REVOKED: Text(
        "这张证书已经被吊销，不能再用。请联系发证的 CA 机构换一张，或换一种方式登录。",
        "This certificate was revoked and cannot be used. Ask its authority for another, or log in another way.",
    ),
    Fault.UNTRUSTED: Text(
        "发这张证书的机构不在可信名单上，或者证书已过期、不是用来登录的。请换一张证书，或换一种方式登录。",
        "The certificate's authority is not on the trust list, or it has run out or is not for logging in. "
        "Use another certificate, or log in another way.",
    ),
    Fault.UNCERTAIN: Text(
        "现在查不到这张证书是否被吊销，所以不能用它登录。请过几分钟再试，或换一种方式登录。",
        "It cannot be found out now whether this certificate was revoked, so it is not accepted. "
        "Try again in some minutes, or log in another way.",
    ),
}


class ShowingGone(NotFound):
    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "certificate-showing-gone",
            Text(
                "这次证书登录已经结束、过期，或者不是在这个浏览器里开始的。请重新开始。",
                "This log-in with a certificate has ended, expired, or was not begun in this browser. Start again.",
            ),
            private=private,
        )


class CertificateNotAccepted(NotPermitted):
    def __init__(self, fault: Fault) -> None:
        super().__init__(f"certificate-{fault.value}", _WHY[fault])


class CertificateNobodys(NotPermitted):
    def __init__(self) -> None:
        super().__init__(
            "certificate-nobodys",
            Text(
                "这张证书没有对应的账号。请先用别的方式登录，在“账号安全”里绑定它。",
                "No account belongs to this certificate. Log in another way first, and bind it under Security.",
            ),
        )


class CertificateOthers(NotPermitted):
    def __init__(self) -> None:
        super().__init__(
            "certificate-others",
            Text(
                "这张证书是别人的，或已绑定在另一个账号上，不能绑定。",
                "This certificate is somebody else's, or is bound to another account, so it cannot be bound.",
            ),
        )


def too_many_starts(seconds: int) -> LimitExceeded:
    return LimitExceeded(
        "too-many-starts",
        Text(
            "这个网络开始的登录太多。请一分钟后再试，或换一种方式登录。",
            "Too many log-ins were begun from this network. Try again in a minute, or log in another way.",
        ),
        retry_after=seconds,
    )
