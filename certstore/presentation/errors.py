"""Errors of showing a licence.

::

    core.errors.AppError
    ├── NotFound
    │   ├── CodeGone               no such code: used, changed or never made; they look alike
    │   └── PresentationNotFound   absent, run out, or another's
    ├── Conflict
    │   └── PresentationDecided    the holder has answered already, or the time is over
    └── LimitExceeded
        └── TooManyMisses          this reader tried too many codes that are none
"""

from __future__ import annotations

from core.errors import Conflict, LimitExceeded, NotFound
from core.text import Text


class CodeGone(NotFound):
    """Used, changed or never made; the three look alike."""

    def __init__(self) -> None:
        super().__init__(
            "presentation-code-gone",
            Text(
                "这个码已经用过或换过了。请对方刷新亮证页面，再扫新的码。",
                "This code was used or has changed. Ask the holder to refresh the page, and scan the new one.",
            ),
        )


class PresentationNotFound(NotFound):
    """Absent, run out, or another's; they look alike."""

    def __init__(self) -> None:
        super().__init__(
            "presentation-not-found",
            Text(
                "没有这次亮证，或者已过 10 分钟。需要再看，请对方重新亮证。",
                "No such presentation, or it is more than 10 minutes old. To look again, ask the holder to show anew.",
            ),
        )


class PresentationDecided(Conflict):
    """The holder has answered already, or the time is over."""

    def __init__(self) -> None:
        super().__init__(
            "presentation-decided",
            Text(
                "这次亮证已经处理过或已超时。需要的话，请重新亮证。",
                "This presentation was answered already or has run out. Show the licence anew if it is needed.",
            ),
        )


class TooManyMisses(LimitExceeded):
    """This reader tried too many codes that are none."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "too-many-codes",
            Text(
                "连续试了太多不存在的码，暂停十分钟。请核对扫码设备，十分钟后再试。",
                "Too many codes that do not exist; reading is paused for ten minutes. Check your scanner, then retry.",
            ),
            retry_after=seconds,
        )
