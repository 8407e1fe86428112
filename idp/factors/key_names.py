"""What people call their keys: short, printable, sealed before it is kept."""

from __future__ import annotations

import unicodedata

from idp.factors.errors import KeyNameInvalid

LONGEST = 40


def read_key_name(typed: str) -> str:
    """
    Raises:
        KeyNameInvalid: empty, too long, or with characters that do not show.
    """
    name = unicodedata.normalize("NFKC", typed[: 4 * LONGEST]).strip()
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise KeyNameInvalid
    return name
