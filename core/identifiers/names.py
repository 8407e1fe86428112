"""Names in the one form in which they are compared: people and registers write the same name in several ways."""

from __future__ import annotations

import unicodedata

_DOTS = "·•‧∙⋅・."


def folded_name(name: str) -> str:
    """Half-width (NFKC), lower case, no white space, nothing unseen, and none of the dots between parts of a name.

    >>> folded_name("阿依古丽 • 买买提") == folded_name("阿依古丽·买买提")
    True
    """
    text = unicodedata.normalize("NFKC", name)
    return "".join(c for c in text if c.isprintable() and not c.isspace() and c not in _DOTS).casefold()
