"""Names and reasons as people write them, in one form."""

from __future__ import annotations

import unicodedata

from core.text import Text
from idp.persons.errors import name_invalid, reason_invalid

_LONGEST_NAME, _LONGEST_REASON = 60, 200
_DOTS = str.maketrans(dict.fromkeys("•‧∙・．.", "·"))  # between the parts of a name that was transliterated


def parse_name(typed: str) -> str:
    """A name in its one form: no white space at the ends, one space between words, one kind of dot.

    Raises:
        InvalidInput: `name-invalid`: empty, too long, with digits, or with characters that cannot be seen.
    """
    text = unicodedata.normalize("NFKC", typed[: 4 * _LONGEST_NAME])
    name = " ".join(text.split())
    if any("\u4e00" <= c <= "\u9fff" for c in name):
        name = name.replace(" ", "").translate(_DOTS)
    seen = name.isprintable() and any(c.isalpha() for c in name) and not any(c.isdigit() for c in name)
    if not seen or len(name) > _LONGEST_NAME:
        raise name_invalid()
    return name


def parse_reason(typed: str) -> str:
    """
    Raises:
        InvalidInput: `reason-invalid`.
    """
    reason = " ".join(typed[: 4 * _LONGEST_REASON].split())
    if not reason or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise reason_invalid()
    return reason


STATUS_WORDS = {
    "own-wish": Text("本人要求", "at the person's own wish"),
    "misuse": Text("疑似被冒用", "suspected misuse"),
    "order": Text("依法协助", "by order of an authority"),
    "death-reported": Text("人口库报告死亡", "a death was reported"),
    "death": Text("死亡", "death"),
    "merged": Text("已并入本人另一账号", "merged into another account of the same person"),
    "by-office": Text("工作人员办理", "by an office"),
}
"""What reasons are called."""
