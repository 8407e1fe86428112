"""What can go wrong with an authenticator app; each says what to do."""

from __future__ import annotations

from core.errors import InvalidInput, NotFound
from core.text import Text


class EnrolmentGone(NotFound):
    """Nothing is being set up in this session, or it took too long."""

    def __init__(self) -> None:
        super().__init__(
            "totp-enrolment-gone",
            Text("这次设置已经过期，请重新开始。", "This set-up has expired. Begin again."),
        )


def wrong_code() -> InvalidInput:
    """The same for a code that was used already."""
    return InvalidInput(
        "totp-wrong",
        Text(
            "动态码不对，或者已经用过。请等应用里换了新码再输。",
            "Wrong code, or one that was used already. Wait for the next one in the app.",
        ),
        field="code",
    )
