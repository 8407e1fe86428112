"""Masked forms of face values, for lists and cards where the full value is not needed."""

from __future__ import annotations

from certstore.model import Masking


def mask(value: str, masking: Masking) -> str:
    """`value` as shown under its masking class.

    >>> mask("示例市青石区演示路 18 号", Masking.ADDRESS)
    '示例市青石区***'
    """
    if masking is Masking.NONE:
        return value
    if masking is Masking.NAME:
        return value[:1] + "*" * max(1, len(value) - 1)
    if masking is Masking.CODE:
        return value[:2] + "*" * max(4, len(value) - 4) + value[-2:] if len(value) > 6 else "******"
    if masking is Masking.ADDRESS:
        return value[:6] + "***"
    return "******"
