"""One try at a secret, on whatever way in, and what comes of asking for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import LimitExceeded
from core.text import Text
from idp.abuse.puzzle import Puzzle


class Way(StrEnum):
    """Where something can be guessed."""

    PASSWORD = "password"  # noqa: S105 - the way's name
    CODE = "code"
    RESET = "reset"
    DEVICE = "device"
    QR = "qr"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser computed for a puzzle; empty where it did not have to."""

    token: str = field(default="", repr=False)
    number: str = ""


NO_ANSWER = Answer()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try.

    Attributes:
        subject: what is tried at: the blind index of what was typed, or the name of an account. Whether it belongs to
            anybody makes no difference.
        source: network address of the browser.
        device: name of a device from which the person logged in before; None for any other.
        secret: the password that is tried; what is remembered of it tells nothing about it.
        account_id: whose the subject is, for those who watch; changes nothing else.
    """

    way: Way
    subject: bytes = field(repr=False)
    source: str = field(repr=False)
    answer: Answer = NO_ANSWER
    device: str | None = field(default=None, repr=False)
    secret: str = field(default="", repr=False)
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """The try may be made.

    Attributes:
        left: how many more may be made from here without computing.
        puzzle: for the next one, where none is left.
    """

    left: int
    puzzle: Puzzle | None = None


class PuzzleNeeded(LimitExceeded):
    """The browser must compute something first."""

    def __init__(self, puzzle: Puzzle, wait: int) -> None:
        super().__init__(
            "puzzle-needed",
            Text(
                "这里试错的次数多了。再试之前，浏览器要先算一道题，通常几秒钟；请重新输入密码。"
                "浏览器不能运行脚本的，请等 {minutes} 分钟，或换一种方式登录。",
                "There were many wrong tries here. Before the next one your browser computes something for some "
                "seconds; please enter the password again. Without scripts, wait {minutes} minutes or log in another "
                "way.",
            ).format(minutes=wait // 60),
            retry_after=wait,
        )
        self.puzzle = puzzle


def too_many(wait: int) -> LimitExceeded:
    """No further try, whatever the browser computes."""
    return LimitExceeded(
        "too-many-tries",
        Text(
            "试错次数太多，这里暂时不能再试。请 {minutes} 分钟后再来；用您登录过的浏览器，或换一种方式，可以马上登录。",
            "Too many wrong tries, so this is closed here for now. Come back in {minutes} minutes; in a browser from "
            "which you logged in before, or another way, you can log in at once.",
        ).format(minutes=wait // 60),
        retry_after=wait,
    )
