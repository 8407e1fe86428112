"""A face template as it is kept."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from certstore.ports import SealAnchor
from core.text import Text

MAX_SOURCE = 18_000
"""Characters."""
_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}")
_REFERENCE = re.compile(r"([a-z][a-z0-9-]{1,28})(?:@([1-9][0-9]{0,5}))?")


@dataclass(frozen=True, slots=True)
class StoredTemplate:
    """One version of a template; it never changes.

    Attributes:
        source: Typst. What `certstore/render/templates/common.typ` defines is known in it; of a licence it sees the
            values of its face and nothing else.
        anchor: where the seal's centre goes.
        published_by: account of the administrator.
    """

    name: str
    version: int
    title: Text
    source: str = field(repr=False)
    anchor: SealAnchor
    published_at: dt.datetime
    published_by: str

    @property
    def reference(self) -> str:
        """What a licence type keeps: it always means this face."""
        return f"{self.name}@{self.version}"


def is_name(typed: str) -> bool:
    return _NAME.fullmatch(typed) is not None


def parse_reference(typed: str) -> tuple[str, int | None] | None:
    """Name, and version where one is named; None for what is no reference."""
    found = _REFERENCE.fullmatch(typed)
    return (found.group(1), int(found.group(2)) if found.group(2) else None) if found else None
