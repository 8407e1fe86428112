"""Public verification."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from api.web.views.common import Fact, TimelineEntry
from core.text import Text


@dataclass(frozen=True, slots=True)
class VerifyView:
    """`/verify`: the upload."""

    max_megabytes: int
    error: Text | None = None
    text_error: Text | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one of the three questions."""

    question: Text
    answer: Text
    icon: str
    tone: Literal["", "no", "idk"] = ""
    more: Text | None = None


@dataclass(frozen=True, slots=True)
class ChangedPage:
    """What a page said when it was sealed, and what it says now.

    Attributes:
        pictures: addresses of the page when it was sealed, now, and of what differs; nothing where it was not drawn.
    """

    page: int
    before: str = field(repr=False)
    now: str = field(repr=False)
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaterRevision:
    """A revision that follows the first signature, and what it changes."""

    title: Text
    verdict: Text
    tone: Literal["good", "bad", "warn"]
    icon: str
    objects: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """One signature of several, at a glance."""

    title: Text
    verdict: Text
    tone: Literal["good", "bad", "warn"]
    icon: str
    detail: Text


@dataclass(frozen=True, slots=True)
class StampRow:
    """One of the ten steps of a national stamp; `word` says its state."""

    number: int
    name: Text
    tone: Literal["good", "bad", "warn", ""]
    icon: str
    word: Text
    text: Text


@dataclass(frozen=True, slots=True)
class StampView:
    """A national stamp: whose seal, and its ten steps."""

    title: Text
    tone: Literal["good", "bad", "warn"]
    icon: str
    verdict: Text
    facts: tuple[Fact, ...]
    steps: tuple[StampRow, ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of an OFD that is not what was sealed.

    Attributes:
        page: which page it is, where it is one.
    """

    path: str
    page: int | None
    word: Text


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A QR code that was read off a picture or a page."""

    tone: Literal["", "bad", "old"]
    icon: str
    headline: Text
    sentence: Text
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyResultView:
    """The verdict, its three answers and the evidence.

    Attributes:
        tone: nothing for good, `bad` for refused, `old` for genuine but not valid now, or not to be judged.
        pages: addresses of page pictures.
        report_href: the verdict to read and file, PDF.
        data_href: the same as data, JSON.
        machine_href: the verdict for other validators, XML.
        drawn_otherwise: what the pictures of an OFD do not show as it is.
        receipt_href: the proof that the file stands in the public log of signatures.
    """

    tone: Literal["", "bad", "old"]
    icon: str
    verdict: Text
    sentence: Text
    warning: Text | None
    indication: str | None
    code_note: Text
    checked_at: dt.datetime
    answers: tuple[Answer, ...]
    file_name: str = field(repr=False)
    pages: tuple[str, ...]
    page_count: int
    story_title: Text
    story: tuple[TimelineEntry, ...]
    advice: Text | None
    original_href: str | None
    report_href: str
    facts: tuple[Fact, ...]
    changes: tuple[ChangedPage, ...]
    max_megabytes: int
    codes: tuple[CodeRow, ...] = ()
    picture: bool = False
    data_href: str | None = None
    revisions: tuple[LaterRevision, ...] = ()
    signatures: tuple[SignatureRow, ...] = ()
    stamps: tuple[StampView, ...] = ()
    files: tuple[FileRow, ...] = ()
    files_left_out: int = 0
    drawn_otherwise: tuple[Text, ...] = ()
    machine_href: str | None = None
    receipt_href: str | None = None


@dataclass(frozen=True, slots=True)
class CodeView:
    """`/v/{code}`: what the repository says about the licence that a QR code belongs to.

    Attributes:
        day, on_day: the day that was asked for, and the answer for it.
    """

    tone: Literal["", "bad", "old"]
    icon: str
    verdict: Text
    sentence: Text
    checked_at: dt.datetime
    facts: tuple[Fact, ...]
    action: str = ""
    day: str = ""
    on_day: Text | None = None
    day_error: Text | None = None
