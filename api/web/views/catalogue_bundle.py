"""What the page of catalogue files shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.views.common import Mark
from core.text import Text


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One member that differs; None where one side has nothing."""

    member: Text
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One entry of the file beside what is here."""

    part: Text
    code: str
    name: Text
    mark: Mark
    versions: int
    changes: tuple[ChangeRow, ...]
    changing: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that was compared, or taken in when `done`."""

    action: str
    made_by: str
    sha256: str
    rows: tuple[DifferenceRow, ...]
    changing: int
    done: bool


@dataclass(frozen=True, slots=True)
class BundleView:
    """`/office/catalogue`."""

    compared: Compared | None
    max_megabytes: int
    keys: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str = ""

    def error_at(self, *names: str) -> Text | None:
        return self.error if self.error_field in names else None
