"""How rules refuse: which member is to blame, and one sentence for the client's developer."""

from __future__ import annotations

from idp.errors import InvalidClientMetadata


def refused(field: str, why: str) -> InvalidClientMetadata:
    """The error that says so; `why` is ASCII and follows the member's name."""
    return InvalidClientMetadata(f"{field} {why}", field=field)
