"""Where a seal shall stand, as a caller says it; `signing.placing` finds out what that means for a file.

All measures are millimetres on the page as shown: from its left and its top edge, right and down positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_PLACES = 2000
"""Places that one signature may have."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the seal's centre lies: on `page` (from 1), mm from the left and the top of the page as shown."""

    page: int
    x_mm: float
    y_mm: float


class Sides(StrEnum):
    """Which pages of a range, for paper printed on both sides."""

    BOTH = "both"
    FRONT = "front"  # pages 1, 3, 5 …
    BACK = "back"  # pages 2, 4, 6 …


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages from `first` (from 1) to `last`, both included; None for the file's last page."""

    first: int = 1
    last: int | None = None
    sides: Sides = Sides.BOTH

    def within(self, count: int) -> list[int]:
        """The pages of a file of `count` pages that it names."""
        skipped = {Sides.BOTH: None, Sides.FRONT: 0, Sides.BACK: 1}[self.sides]
        last = count if self.last is None else min(self.last, count)
        return [number for number in range(max(self.first, 1), last + 1) if skipped is None or number % 2 != skipped]


@dataclass(frozen=True, slots=True)
class WordsPlacement:
    """The seal's centre lies on words of the text, moved by an offset.

    Attributes:
        text: the words; spaces and line breaks do not count.
        occurrence: which of them, from 1; from the end for negative numbers; None for every one.
    """

    text: str
    occurrence: int | None = 1
    pages: PageRange = PageRange()
    right_mm: float = 0.0
    down_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class EveryPagePlacement:
    """The same place on every page of a range."""

    x_mm: float
    y_mm: float
    pages: PageRange = PageRange()


@dataclass(frozen=True, slots=True)
class FieldPlacement:
    """An empty signature field that the file has, by its full name."""

    name: str


class Edge(StrEnum):
    """The edge of the paper over which a paging seal lies."""

    RIGHT = "right"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PagingPlacement:
    """A paging seal (骑缝章): equal strips of one seal over the edges of the pages, as if it were pressed on the fan.

    Attributes:
        y_mm: height of the seal's centre; None for the middle of each page.
        group: most pages that share one seal; longer ranges take several, of as many pages each as may be.
    """

    y_mm: float | None = None
    edge: Edge = Edge.RIGHT
    group: int = 12
    pages: PageRange = PageRange()


Place = Placement | WordsPlacement | EveryPagePlacement | FieldPlacement | PagingPlacement
