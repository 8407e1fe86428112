"""Showing a licence, and reading what is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from api.web.views.common import Fact, Mark
from api.web.views.desk import Options
from core.text import Text

State = Literal["open", "waiting", "given", "refused", "ended"]


@dataclass(frozen=True, slots=True)
class FaceCard:
    """A licence as it is shown: `name` is the holder's."""

    colour: str
    title: Text
    name: str = field(repr=False)
    number: str = field(repr=False)
    rows: tuple[tuple[Text, str], ...] = field(repr=False)
    issuer: Text
    until: Text
    mark: Mark
    usable: bool
    seal: str | None


@dataclass(frozen=True, slots=True)
class PresentView:
    """`/me/licences/{id}/show`.

    Attributes:
        state: `open` while a code is shown, `ended` where the licence is not valid and nothing is shown.
        seconds, period: how long the code still stands, and how long it stood at first.
        reader, sign: who read it, and the two digits that both screens show.
    """

    face: FaceCard
    base: str
    state: State
    full: bool
    picture: Markup | None = field(default=None, repr=False)
    code: str = field(default="", repr=False)
    seconds: int = 0
    period: int = 45
    reader: Text | None = None
    sign: str = ""
    read_at: dt.datetime | None = None
    presentation: str = ""


@dataclass(frozen=True, slots=True)
class OfflineFaceView:
    """`/me/licences/{id}/show/offline`: a signed face as a QR code."""

    title: Text
    base: str
    picture: Markup = field(repr=False)
    minutes: int
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ReadFormView:
    """`/clerk/read`: one field."""

    basis: str
    case_number: str = ""
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class ReadView:
    """What was read.

    Attributes:
        waiting: address to ask whether the holder has answered; None when they have.
        again: address of this page.
    """

    tone: Literal["", "bad", "old"]
    icon: str
    verdict: Text
    sentence: Text
    sign: str
    read_at: dt.datetime
    waiting: str | None
    again: str
    facts: tuple[tuple[Text, str | Text], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class DeskVerdict:
    """The answer to what was typed; `compared` says whether the person on the paper fits."""

    tone: Literal["", "bad", "old"]
    icon: str
    headline: Text
    sentence: Text
    facts: tuple[Fact, ...] = ()
    on_day: Text | None = None
    compared: Text | None = None
    compared_tone: Literal["good", "bad"] = "good"


@dataclass(frozen=True, slots=True)
class VerifyDeskView:
    """`/clerk/verify`."""

    types: Options
    items: Options
    what: str = field(default="", repr=False)
    type_code: str = ""
    day: str = ""
    holder_name: str = field(default="", repr=False)
    id_number: str = field(default="", repr=False)
    service_item: str = ""
    case_number: str = ""
    basis: str = ""
    error: Text | None = None
    error_field: str | None = None
    found: DeskVerdict | None = None

    @property
    def compares(self) -> bool:
        """Whether somebody is to be compared."""
        return bool(self.holder_name or self.id_number)
