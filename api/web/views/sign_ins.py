"""Log-ins elsewhere: a device's code, what a client asks, and where a person is logged in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from api.web.views.agreement import Agreement
from core.text import Text


@dataclass(frozen=True, slots=True)
class DeviceCodeView:
    """`/device`: the code, typed or filled in by the address."""

    user_code: str = field(default="", repr=False)
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class DeviceConfirmView:
    """`/device/confirm`: which device asks for what."""

    action: str = field(repr=False)
    user_code: str = field(repr=False)
    asked_at: dt.datetime
    minutes_left: int
    asks: Agreement


@dataclass(frozen=True, slots=True)
class DeviceDoneView:
    """`/device/done`."""

    granted: bool


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A client that waits for the person's answer."""

    href: str
    client_name: Text
    organisation: Text | None
    asked_at: dt.datetime
    minutes_left: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A place where the person is logged in.

    Attributes:
        entered: the clients that were entered from there.
        how: how the person logged in there.
        seen: the last visit, to the minute; None where nothing is known of visits.
        source: network address that the log-in came from.
    """

    icon: str
    title: Text
    entered: tuple[Text, ...]
    since: dt.datetime
    current: bool
    end_href: str
    how: Text | None = None
    seen: dt.datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class SignInsView:
    """`/me/sign-ins`.

    Attributes:
        others: how many places there are besides this one.
        again: address to which the page goes on by itself while nothing has been asked; None when it rests.
    """

    asked: tuple[AskedRow, ...]
    sessions: tuple[SessionRow, ...]
    again: str | None = None
    done: Text | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class AskedView:
    """`/me/sign-ins/requests/{id}`: who asks, with the words that both screens show."""

    action: str
    binding_message: str | None
    asked_at: dt.datetime
    minutes_left: int
    asks: Agreement


@dataclass(frozen=True, slots=True)
class EndSessionView:
    """`/me/sign-ins/{id}/end` and `/me/sign-ins/others/end`: the question before it is done."""

    action: str
    title: Text
    consequence: Text


@dataclass(frozen=True, slots=True)
class CounterCodeView:
    """`/me/sign-ins/code`: what a person shows at a counter; `picture` is an SVG of ours."""

    token: str = field(repr=False)
    picture: str = field(repr=False)
    minutes: int
