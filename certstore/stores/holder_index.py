"""How a holder's number is found: one blind index per kind of number."""

from __future__ import annotations

from certstore.codes import HolderCode
from keys.ports import BlindIndex


def holder_index(index: BlindIndex, code: HolderCode) -> bytes:
    """32 bytes; `code` is canonical already."""
    return index.digest(f"licence-holder/{code.kind}", code.number)
