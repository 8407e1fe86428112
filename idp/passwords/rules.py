"""What may be a password: long enough, not one of those that are tried first, nothing that is known of the person.

NIST SP 800-63B-4 §3.1.1.2: at least eight characters where a second factor is at hand, at least 64 allowed, every
character allowed, a list of common, expected and compromised ones, and no rules of composition (attacks O-59).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.text import Text
from idp.passwords.lists import CommonPasswords, PasswordList
from idp.passwords.normal import MAX_PASSWORD, MIN_PASSWORD, normal_password

_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_OURS = ("yizheng", "一证")
_ENDING = re.compile(r"[\W\d_]+\Z")
_SHORT = 12  # a common word with an ending is refused below this length
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the person; the password must not hold any of it."""

    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    def pieces(self) -> Sequence[str]:
        parts = [self.name, self.number, self.number[6:14], self.number[-6:], self.phone]
        return [part.casefold() for part in parts if len(part) >= 2]


NOBODY = About()


class PasswordRules:
    """Judges new passwords.

    Args:
        lists: beyond the common ones; the operator's own.
        least: how many characters at least; 15 where a password alone opens much (§3.1.1.1).
    """

    def __init__(self, lists: Sequence[PasswordList] = (), *, least: int = MIN_PASSWORD) -> None:
        self._lists = (CommonPasswords(), *lists)
        self._least = max(least, MIN_PASSWORD)

    async def accept(self, typed: str, about: About = NOBODY) -> str:
        """The form to be hashed.

        Raises:
            InvalidInput: on field `password`: `password-length`, `password-personal`, `password-simple`,
                `password-common`.
        """
        normal = normal_password(typed)
        if normal is None or not self._least <= len(normal) <= MAX_PASSWORD:
            raise _refused(
                "password-length",
                Text("密码应为 {least} 到 {most} 个字符。", "A password takes {least} to {most} characters.").format(
                    least=self._least, most=MAX_PASSWORD
                ),
            )
        folded = normal.casefold()
        if any(piece in folded for piece in about.pieces()):
            raise _refused(
                "password-personal",
                Text(
                    "密码里有您的姓名、证件号码、生日或手机号，别人容易猜到。请换一个。",
                    "The password holds your name, ID number, birth date or phone number, which others can guess. "
                    "Choose another one.",
                ),
            )
        if is_simple(folded):
            raise _refused(
                "password-simple",
                Text(
                    "密码太有规律，一猜就中。请换一个，比如几个不相干的词连在一起。",
                    "The password follows a simple pattern. Choose another one, such as a few words that have "
                    "nothing to do with each other.",
                ),
            )
        if await asyncio.to_thread(self._listed, normal):
            raise _refused(
                "password-common",
                Text(
                    "很多人用过这个密码，它在泄露的名单里，攻击的人会最先试它。请换一个。",
                    "Many people have used this password and it is on lists that leaked, so attackers try it first. "
                    "Choose another one.",
                ),
            )
        return normal

    def _listed(self, password: str) -> bool:
        core = _ENDING.sub("", password)
        words = {password, core} if len(password) < _SHORT and len(core) >= 4 else {password}
        return any(one.holds(word) for one in self._lists for word in words)


def is_simple(password: str) -> bool:
    """Two characters or fewer, one piece again and again, neighbours on the keyboard, a date, a number of a phone."""
    if len(set(password)) <= 2 or _repeats(password) or _is_date(password) or _MOBILE.fullmatch(password):
        return True
    if any(password in row or password[::-1] in row for row in (row * 3 for row in _ROWS)):
        return True
    rest = password
    for word in _OURS:
        rest = rest.replace(word, "")
    return rest != password and len(rest) < MIN_PASSWORD


def _repeats(password: str) -> bool:
    """Whether it is one piece of at most four characters, again and again."""
    return any((password[:size] * len(password))[: len(password)] == password for size in range(1, 5))


def _is_date(password: str) -> bool:
    digits = re.sub(r"[-/. ]", "", password)
    if not (len(digits) == 8 and digits.isascii() and digits.isdigit()):
        return False
    for order in ("%Y%m%d", "%d%m%Y", "%m%d%Y"):
        try:
            if 1900 <= dt.datetime.strptime(digits, order).year <= 2100:  # noqa: DTZ007 - a day, no moment
                return True
        except ValueError:
            continue
    return False


def _refused(code: str, text: Text) -> InvalidInput:
    return InvalidInput(code, text, field="password")
