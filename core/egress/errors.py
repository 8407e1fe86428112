"""What can go wrong with a fetch. The address is never part of a text: it may carry a secret.

::

    EgressError
    ├── AddressRefused    we do not go there                         (InvalidInput)
    └── FetchFailed       nobody answered as was due                 (Unavailable)
"""

from __future__ import annotations

from core.errors import AppError, InvalidInput, Unavailable
from core.text import Text


class EgressError(AppError):
    """Root of the errors of this package; `reason` is a short stable word for logs and tests."""

    reason: str


class AddressRefused(EgressError, InvalidInput):
    """The address is malformed, of a kind that we do not fetch, not on the list, or leads inside."""

    def __init__(self, reason: str) -> None:
        text = Text(
            "不允许访问这个地址。请使用公开的 http(s) 地址，或请系统管理员把它列为可访问。",
            "This address is not fetched. Use a public http(s) address, or ask the system administrator to list it.",
        )
        super().__init__("address-refused", text, private=reason)
        self.reason = reason


class FetchFailed(EgressError, Unavailable):
    """No answer in time, or one that is too large, of the wrong kind or encoded."""

    def __init__(self, reason: str) -> None:
        text = Text("对方没有按要求应答，请稍后再试。", "The other side did not answer as it should; try again later.")
        super().__init__("fetch-failed", text, private=reason)
        self.reason = reason
