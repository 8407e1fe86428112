"""Errors of the change feed and of subscriptions.

::

    core.errors.AppError
    ├── NotFound
    │   └── SubscriptionNotFound   absent, or another organisation's
    └── Conflict
        └── ChangesGone            the cursor is older than what is kept
"""

from __future__ import annotations

from core.errors import Conflict, NotFound
from core.text import Text


class SubscriptionNotFound(NotFound):
    """The subscription is absent or another organisation's; the two look alike."""

    def __init__(self) -> None:
        super().__init__(
            "subscription-not-found",
            Text("没有找到这个订阅，请核对编号。", "No such subscription. Check the id."),
        )


class ChangesGone(Conflict):
    """Between the cursor and what is kept there may have been changes that are gone."""

    def __init__(self) -> None:
        super().__init__(
            "changes-gone",
            Text(
                "这个位置之后的变更已超过保存期限，接不上了。请从 latest 重新开始，并重新核对手里的证照。",
                "Changes after this cursor are no longer kept, so reading on would leave a gap. Start again from "
                "“latest” and check the licences that you know of anew.",
            ),
        )
