"""What a signature forbids to do with its document afterwards (ISO 32000-1 §12.7.4.5, §12.8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

MOST_FIELDS = 64


class Certification(IntEnum):
    """What may still be done with a certified document (DocMDP, ISO 32000-1 §12.8.2.2.2)."""

    NOTHING = 1
    FORMS = 2  # fill in forms and sign
    NOTES = 3  # and annotate


class LockAction(StrEnum):
    """Which form fields a signature locks."""

    ALL = "All"
    INCLUDE = "Include"
    EXCLUDE = "Exclude"


@dataclass(frozen=True, slots=True)
class FieldLock:
    """Form fields that nobody may change any more (FieldMDP, ISO 32000-1 §12.8.2.4); `names` are full names."""

    action: LockAction
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locks:
    """`certify` only for the first signature of a document."""

    certify: Certification | None = None
    fields: FieldLock | None = None


NO_LOCKS = Locks()
