"""What can go wrong with a QR log-in; each says what to do.

::

    AppError
    ├── NotFound
    │   └── QrGone             unknown, used, expired
    ├── Conflict
    │   └── QrTaken            somebody else has scanned it
    ├── InvalidInput
    │   └── QrWrongNumber      another number than the screen shows; the request is over
    ├── LimitExceeded
    │   └── TooManyCodes       one source asked for too many
    └── NotAuthenticated
        └── QrNotFresh         the phone has logged in too long ago
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, LimitExceeded, NotAuthenticated, NotFound
from core.text import Text


class QrGone(NotFound):
    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "qr-gone",
            Text(
                "这个二维码已经用过或过期了。请在要登录的屏幕上换一个新码，再扫一次。",
                "This code was used already or has expired. Get a new one on the screen, and scan it again.",
            ),
            private=private,
        )


class QrTaken(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "qr-taken",
            Text(
                "这个二维码刚被别人扫过。请在要登录的屏幕上换一个新码。",
                "Somebody else has just scanned this code. Get a new one on the screen.",
            ),
        )


class QrWrongNumber(InvalidInput):
    def __init__(self) -> None:
        super().__init__(
            "qr-wrong-number",
            Text(
                "数字和屏幕上的不一样，这次登录已经作废，没有人登录。如果屏幕不在您眼前，这可能是骗局；否则请换一个新码再扫。",
                "That is not the number on the screen, so this log-in is void and nobody was logged in. If no such "
                "screen is in front of you, it may be a fraud; else get a new code and scan it again.",
            ),
            field="number",
        )


class TooManyCodes(LimitExceeded):
    def __init__(self, seconds: int) -> None:
        super().__init__(
            "too-many-qr-codes",
            Text(
                "这个网络要的登录码太多。请 {minutes} 分钟后再试，或换一种方式登录。",
                "Too many codes were asked for from this network. Try again in {minutes} minutes, or log in another "
                "way.",
            ).format(minutes=seconds // 60),
            retry_after=seconds,
        )


class QrNotFresh(NotAuthenticated):
    def __init__(self) -> None:
        super().__init__(
            "qr-not-fresh",
            Text(
                "要替另一块屏幕登录，请先在手机上再登录一次。",
                "To log in on another screen, log in once more on this phone first.",
            ),
        )
