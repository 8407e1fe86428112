"""The one filter that groups take: `displayName eq "…"` or `id eq "…"`."""

from __future__ import annotations

import re

from idp.scim.errors import ScimRefused

_EQUALS = re.compile(r'\s*(?:displayName|id)\s+eq\s+"([^"\\]{1,80})"\s*', re.IGNORECASE)


def named_group(typed: str | None) -> str | None:
    """
    Raises:
        ScimRefused: `invalidFilter`.
    """
    if not typed:
        return None
    found = _EQUALS.fullmatch(typed)
    if found is None:
        raise ScimRefused("invalidFilter", "groups are found by displayName or id, with eq")
    return found[1]
