"""How numbers are found: one blind index per kind of number, looked up under every accepted key."""

from __future__ import annotations

from certstore.codes import HolderCode
from keys.ports import BlindIndex


def holder_index(index: BlindIndex, code: HolderCode) -> bytes:
    """What a row holds of a holder's number; `code` is canonical already."""
    return index.digest(holder_kind(code.kind), code.number)


def holder_indexes(index: BlindIndex, code: HolderCode) -> tuple[bytes, ...]:
    """All that rows may hold of a holder's number."""
    return index.digests(holder_kind(code.kind), code.number)


def holder_kind(code_kind: str) -> str:
    """The kind of the blind index of a holder's number."""
    return f"licence-holder/{code_kind}"


def number_kind(type_code: str) -> str:
    """The kind of the blind index of a licence's number: types may use the same numbers."""
    return f"licence-number/{type_code}"
