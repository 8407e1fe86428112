"""The one place where typed identifiers are brought to canonical form."""

from __future__ import annotations

import unicodedata

_DASHES = "‐‑‒–—−-"


def canonical(typed: str) -> str:
    """Full-width to half-width (NFKC), no white space, no dashes, capital letters.

    >>> canonical("４１０１９９ 19880229 103x")
    '41019919880229103X'
    """
    if (
        typed.isascii() and typed.replace(".", "").isalnum()
    ):  # most of what machines send; nothing else is changed in it
        return typed.upper()
    text = unicodedata.normalize("NFKC", typed)
    return "".join(c for c in text if not c.isspace() and c not in _DASHES and c.isprintable()).upper()
