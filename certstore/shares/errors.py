"""Errors of shares: who has no code learns nothing, not even that there is a share."""

from __future__ import annotations

from certstore.errors import Gone
from core.errors import Conflict, NotFound
from core.text import Text


def share_not_found() -> NotFound:
    """`share-not-found`: absent, another's, not open (any more), or opened with a wrong code; they look alike."""
    return NotFound(
        "share-not-found",
        Text(
            "打不开：分享码不对，或者这次分享已经结束。请向分享给您的人核对。",
            "It does not open: the code is wrong, or the share has ended. Check with whoever shared it.",
        ),
    )


def share_gone() -> Gone:
    """`share-gone`: the code is right, and the licence is not theirs any more who shared it."""
    return Gone(
        "share-gone",
        Text(
            "分享人现在不再是这份证照的持证人，内容不再提供。",
            "Whoever shared it does not hold this licence any more, so nothing is shown.",
        ),
    )


def not_valid_now() -> Conflict:
    return Conflict(
        "licence-not-valid-now",
        Text("这份证照现在不在有效状态，不能分享。", "This licence is not valid now, so it cannot be shared."),
    )


def too_many_shares(most: int) -> Conflict:
    return Conflict(
        "too-many-shares",
        Text(
            f"您已有 {most} 个还开着的分享。请先收回不用的。",
            f"You have {most} open shares. Take back those that you need no more.",
        ),
    )
