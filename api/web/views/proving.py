"""The pages on which people prove who they are, and clerks confirm it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from api.web.level_words import LevelWords
from core.text import Text


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One record that counts."""

    what: Text
    at: dt.datetime
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class Rung:
    """One level on the way up.

    Attributes:
        way: what the person can do here now: `check`, `phone`, `window`, `key`, or nothing.
    """

    level: int
    words: LevelWords
    proved: bool
    lines: tuple[ProofLine, ...] = ()
    way: str = ""


@dataclass(frozen=True, slots=True)
class ProveView:
    """`/prove`.

    Attributes:
        query: what every form's address ends with, so that the portal's request is not lost.
        client_name, client_host: the portal that asks; None on one's own account.
        wanted: the level that it asks for.
        destination: the phone that a code goes to, masked; None where none can be sent.
        sent: a code is on its way.
        essential: the portal says that it cannot go on with less.
    """

    level: int
    words: LevelWords
    rungs: tuple[Rung, ...]
    query: str = field(repr=False)
    client_name: Text | None = None
    client_host: str = ""
    wanted: LevelWords | None = None
    wanted_level: int | None = None
    essential: bool = False
    register: bool = True
    destination: str | None = None
    sent: bool = False
    error: Text | None = None
    error_field: str | None = None
    demo: bool = False
    compact: bool = False


@dataclass(frozen=True, slots=True)
class WindowRow:
    """Somebody who waits for the second clerk; name and number only for that clerk."""

    id: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    document: Text
    until: dt.date | None
    at: dt.datetime
    own: bool


@dataclass(frozen=True, slots=True)
class WindowView:
    """`/window`.

    Attributes:
        number, document, issuer, document_until: what was typed, after an error.
    """

    rows: tuple[WindowRow, ...]
    documents: tuple[tuple[str, Text], ...]
    number: str = field(default="", repr=False)
    document: str = ""
    issuer: str = ""
    document_until: str = ""
    error: Text | None = None
    error_field: str | None = None
    done: Text | None = None
