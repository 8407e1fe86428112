"""Words of pages and where they stand, in millimetres from the top left corner (GB/T 33190-2016 §11).

Text is compared without spaces and in its compatibility form (NFKC), as in PDFs: in the order in which it is painted,
over pieces and objects, and once more line by line as it is read, for files that paint their letters in any order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.ofd.geometry import Box, Matrix, Point, covering
from signing.ofd.letters import Letter, letter_matrix, letters_of
from signing.ofd.model.document import Document, Page
from signing.ofd.model.graphics import Block, CompositeObject, Graphic, TextObject
from signing.ofd.model.resources import Resources
from signing.ofd.package import Package, PackageRefused
from signing.ofd.read_document import MOST_THINGS
from signing.ofd.read_page import read_page
from signing.ofd.values import Budget

DEEPEST_COMPOSITES = 8
_ABOVE, _BELOW = 0.88, 0.12  # of the em, above and below the baseline
_NARROW = 0.5
LONGEST = 1000
"""Characters of words that are looked for."""
MOST_PLACES = 1000
"""That are told of one search."""


@dataclass(frozen=True, slots=True)
class Word:
    """A letter, or what is written as one, and the box that it covers on the page as shown."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class WordPlace:
    """Where words stand: the part on their first line.

    Attributes:
        page: from 1.
        document: from 0, where a package holds several.
    """

    page: int
    box: Box
    document: int = 0


def words_of(page: Page, budget: Budget | None = None) -> tuple[Word, ...]:
    """Everything that can be read on a page, those of templates and annotations too, in the order of painting.

    Raises:
        PackageRefused: `cycle`, `too-deep`, `reference`, `too-complex`.
    """
    left = budget or Budget(MOST_THINGS)
    out: list[Word] = []
    for layer in page.layers:
        out += _words(layer.graphics, layer.resources, Matrix(), (), left)
    for annotation in page.annotations:
        at = Matrix() if annotation.boundary is None else Matrix.moved(annotation.boundary.x, annotation.boundary.y)
        out += _words(annotation.graphics, page.resources, at, (), left)
    return tuple(out)


def find_words(
    package: Package,
    document: Document,
    text: str,
    *,
    pages: Sequence[int] | None = None,
    most: int = MOST_PLACES,
    budget: Budget | None = None,
) -> tuple[WordPlace, ...]:
    """
    Args:
        text: at most a thousand characters; nothing is found of blank ones.
        pages: to look on, from 1; all of them if it is left out.
        most: places that are looked for.

    Raises:
        PackageRefused: a page is broken, or there is none of this number.
    """
    wanted = plain(text)
    left = budget or Budget(MOST_THINGS)
    out: list[WordPlace] = []
    for number in pages if pages is not None else range(1, len(document.pages) + 1):
        if wanted and len(wanted) <= LONGEST and len(out) < most:
            words = words_of(read_page(package, document, number, left), left)
            out += [WordPlace(number, box) for box in _found(words, wanted)][: most - len(out)]
    return tuple(out)


def plain(text: str) -> str:
    """What of a text is compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _words(
    graphics: Sequence[Graphic], resources: Resources, at: Matrix, within: tuple[int, ...], budget: Budget
) -> Iterator[Word]:
    for one in graphics:
        match one:
            case TextObject() if one.common.visible:
                yield from text_words(one, at, budget)
            case Block():
                yield from _words(one.graphics, resources, at, within, budget)
            case CompositeObject() if one.common.visible:
                unit = resources.composites.get(one.resource)
                check_nesting(one.resource, within)
                if unit is not None:
                    budget.spend(20 + len(unit.graphics))
                    inner = one.common.placed.then(at)
                    yield from _words(unit.graphics, resources, inner, (*within, one.resource), budget)


def check_nesting(resource: int, within: tuple[int, ...]) -> None:
    """
    Raises:
        PackageRefused: `cycle`, `too-deep`.
    """
    if resource in within:
        raise PackageRefused("cycle", "a composite within itself")
    if len(within) >= DEEPEST_COMPOSITES:
        raise PackageRefused("too-deep", "composites within composites")


def text_words(text: TextObject, at: Matrix, budget: Budget) -> Iterator[Word]:
    """The letters of one text object."""
    placed = text.common.placed.then(at)
    for letter in letters_of(text):
        budget.spend()
        if letter.text:
            box = Box(0, -_ABOVE, _width(text, letter), _ABOVE + _BELOW)
            yield Word(letter.text, letter_matrix(text, letter).then(placed).box(box))


def _width(text: TextObject, letter: Letter) -> float:
    """In em: a full one for wide letters; narrow ones reach to the next, where that is near."""
    if any(unicodedata.east_asian_width(one) in "WFA" for one in letter.text):
        return float(len(letter.text))
    em = text.size * text.h_scale
    if letter.step is not None and em and text.char_direction == 0 and 0 < letter.step[0] <= abs(em):
        return abs(letter.step[0] / em)
    return _NARROW * len(letter.text)


def _found(words: Sequence[Word], wanted: str) -> list[Box]:
    out: list[Box] = []
    for order in (words, _as_read(words)):
        characters: list[str] = []
        owners: list[int] = []
        for index, word in enumerate(order):
            for character in plain(word.text):
                characters.append(character)
                owners.append(index)
        joined = "".join(characters)
        start = joined.find(wanted)
        while start >= 0:
            box = _first_line([order[owner].box for owner in owners[start : start + len(wanted)]])
            if not any(_same(box, other) for other in out):
                out.append(box)
            start = joined.find(wanted, start + len(wanted))
    return out


def _as_read(words: Sequence[Word]) -> list[Word]:
    """Line by line, from left to right."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda one: one.box.y + one.box.height / 2):
        if lines and _overlap(lines[-1][0].box, word.box):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [word for line in lines for word in sorted(line, key=lambda one: one.box.x)]


def _first_line(boxes: Sequence[Box]) -> Box:
    """What those on the first one's line cover; which way it runs, the first two tell."""
    first, line = boxes[0], [boxes[0]]
    level = len(boxes) == 1 or _overlap(first, boxes[1])
    for box in boxes[1:]:
        if not (_overlap(first, box) if level else _overlap(_swapped(first), _swapped(box))):
            break
        line.append(box)
    corners: list[Point] = [corner for box in line for corner in box.corners]
    return covering(corners)


def _swapped(box: Box) -> Box:
    return Box(box.y, box.x, box.height, box.width)


def _overlap(one: Box, other: Box) -> bool:
    common = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return common > 0.5 * min(one.height, other.height)


def _same(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) < 0.01 and abs(one.y - other.y) < 0.01
