"""What can go wrong with trust lists. Judging a certificate raises nothing: it answers with a judgement.

::

    TrustError
    ├── TrustListRefused    a list or an entry that must not count           (InvalidInput)
    ├── TrustListChanged    somebody else has changed the list meanwhile     (Conflict)
    ├── EntryUnknown        no such authority on the list                    (NotFound)
    └── TrustListAway       the lists cannot be read                         (Unavailable)
"""

from __future__ import annotations

from core.errors import AppError, Conflict, InvalidInput, NotFound, Unavailable
from core.text import Text


class TrustError(AppError):
    """Root of the errors of this package."""


class TrustListRefused(TrustError, InvalidInput):
    """A list or an entry that must not count; `reason` is a short stable word."""

    def __init__(self, reason: str, text: Text, *, private: str = "") -> None:
        super().__init__("trust-list-refused", text, private=private or reason)
        self.reason = reason


class TrustListChanged(TrustError, Conflict):
    """Somebody else has changed the list since it was read."""

    def __init__(self) -> None:
        text = Text(
            "信任列表刚被他人修改，请重新查看后再试。",
            "Somebody else has just changed the trust list; look at it again, then repeat.",
        )
        super().__init__("trust-list-changed", text)


class EntryUnknown(TrustError, NotFound):
    """No such authority on the list."""

    def __init__(self) -> None:
        text = Text(
            "信任列表中没有这个机构。请用 `yizheng trust list` 查看编号。",
            "The trust list has no such authority; `yizheng trust list` shows them with their numbers.",
        )
        super().__init__("trust-entry-unknown", text)


class TrustListAway(TrustError, Unavailable):
    """The lists cannot be read: nothing is judged from a guess."""

    def __init__(self, private: str) -> None:
        text = Text(
            "信任列表暂时无法读取，请稍后再试。", "The trust list cannot be read at the moment; try again shortly."
        )
        super().__init__("trust-list-away", text, private=private)
