"""What an examination of a deployment finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `remedy` is empty when all is well."""

    what: str
    good: bool = True
    remedy: str = ""
