"""Finds the words that a seal shall lie on, before the file is read for sealing: reading text takes a native library,
which gets a process of its own (`page_words`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import PlacementInvalid
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.pades.intake import COUNT_PAGES
from signing.places import (
    MOST_PLACES,
    EveryPagePlacement,
    FieldPlacement,
    PagingPlacement,
    Place,
    Placement,
    WordsPlacement,
)
from signing.placing.find_words import Found, find_words

_MOST_WORDS = 100
_Where = TypeVar("_Where")


@dataclass(frozen=True, slots=True)
class WordsFound:
    """Where the words of a place stand; the seal's centre lies there, moved by an offset."""

    points: tuple[Found, ...]
    right_mm: float
    down_mm: float


FoundPlace = Placement | WordsFound | EveryPagePlacement | FieldPlacement | PagingPlacement


def with_words_found(
    isolation: Isolation, pdf: FileBytes, places: Sequence[Place], *, limit: int
) -> tuple[FoundPlace, ...]:
    """The places, with words looked up; a file without such places is not read here.

    Raises:
        PdfRefused: the file cannot be sealed, or `pdf-text-unreadable`.
        PlacementInvalid: `placement-words-…`.
    """
    if any(isinstance(place, WordsPlacement) for place in places):
        return find_all(pdf, places, ask(isolation, COUNT_PAGES, pdf, limit))
    return find_all(pdf, places, 0)


def find_all(pdf: FileBytes, places: Sequence[Place], pages: int) -> tuple[FoundPlace, ...]:
    """The places, with words looked up on the `pages` that the file has.

    Raises:
        PdfRefused: `pdf-text-unreadable`.
        PlacementInvalid: `placement-words-…`.
    """
    return tuple(_found(pdf, place, pages) if isinstance(place, WordsPlacement) else place for place in places)


def _found(pdf: FileBytes, place: WordsPlacement, pages: int) -> WordsFound:
    most = most_to_look_for(place)
    found = chosen(find_words(pdf, place.text, place.pages.within(pages), most=most), place)
    return WordsFound(tuple(found), place.right_mm, place.down_mm)


def most_to_look_for(place: WordsPlacement) -> int:
    """How many places of the words it takes to choose among them.

    Raises:
        PlacementInvalid: `placement-words-invalid`.
    """
    if not 1 <= len(place.text.strip()) <= _MOST_WORDS or place.occurrence == 0:
        raise PlacementInvalid(
            "placement-words-invalid",
            Text(
                "关键字应为 1 到 {n} 个字；第几处从 1 数起，负数从后面数。",
                "Words take 1 to {n} characters; occurrences count from 1, negative ones from the end.",
            ).format(n=_MOST_WORDS),
            field="words",
        )
    wanted = place.occurrence
    most = wanted if wanted is not None and wanted > 0 else MOST_PLACES + 1
    return min(most, MOST_PLACES + 1)


def chosen(found: Sequence[_Where], place: WordsPlacement) -> Sequence[_Where]:
    """Those of the places that are meant.

    Raises:
        PlacementInvalid: `placement-words-not-found`.
    """
    wanted = place.occurrence
    meant = found if wanted is None else _nth(found, wanted)
    if not meant:
        raise PlacementInvalid(
            "placement-words-not-found",
            Text(
                "文件里找不到这个关键字（找到 {n} 处）。请换一个关键字，或者手动定位。",
                "These words are not where they should be (found {n} times). Choose others, or place it by hand.",
            ).format(n=len(found)),
            field="words",
        )
    return meant


def _nth(found: Sequence[_Where], number: int) -> Sequence[_Where]:
    return found[number - 1 : number] if number > 0 else found[number : number + 1 or None]
