"""Log-ins elsewhere: a device's code, what a client asks, and where a person is logged in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from api.web.views.entrance import ScopeWords
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
    client_name: Text
    organisation: Text | None
    host: str | None
    asked_at: dt.datetime
    minutes_left: int
    gives: tuple[ScopeWords, ...]


@dataclass(frozen=True, slots=True)
class DeviceDoneView:
    """`/device/done`."""

    granted: bool
