"""Parts that several pages show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from core.text import Text

Tone = Literal["", "good", "info", "warn", "bad", "red"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: never by colour alone, always with an icon and a word."""

    tone: Tone
    icon: str
    word: Text


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of a time line."""

    icon: str
    title: Text
    text: Text | None = None
    when: Text | None = None
    tone: Tone = ""


class Fact(NamedTuple):
    """A label and its value; `mono` for identifiers and digests."""

    label: Text
    value: str | Text
    mono: bool = False
