"""What a cell may be asked, and what is let out of it: plain values of the types that were agreed, nothing else.

An answer comes from a process that a stranger's file may have taken over, so it is decoded by its type (msgspec) and
never unpickled; a refusal becomes one of a few errors, by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from core.errors import AppError, InvalidInput, LimitExceeded
from core.text import Text
from signing.errors import OfdRefused, PdfRefused, PlacementInvalid

Answer = TypeVar("Answer")

_REFUSALS: dict[str, Callable[[Refusal], AppError]] = {
    "PdfRefused": lambda told: PdfRefused(told.code, told.text, private=told.private),
    "OfdRefused": lambda told: OfdRefused(told.code, told.text, private=told.private),
    "PlacementInvalid": lambda told: PlacementInvalid(told.code, told.text, field=told.field, private=told.private),
    "InvalidInput": lambda told: InvalidInput(told.code, told.text, field=told.field, private=told.private),
    "LimitExceeded": lambda told: LimitExceeded(told.code, told.text, private=told.private),
}


@dataclass(frozen=True, slots=True)
class Task(Generic[Answer]):
    """Work over one file that somebody sent.

    Attributes:
        work: a function of a module, called with the file and the arguments that go with it.
        answer: the type of what it returns: dataclasses, `dict`, `tuple`, `bytes`, `str` and numbers.
    """

    work: Callable[..., Answer]
    answer: type[Answer]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that the work raised on purpose."""

    kind: str
    code: str
    text: Text
    field: str | None
    private: str


def encode(answer: object) -> bytes:
    return msgspec.msgpack.encode(answer)


def decode(payload: bytes, wanted: type[Answer]) -> Answer:
    """
    Raises:
        msgspec.MsgspecError: it is something else.
    """
    kind: Any = wanted
    answer: Answer = _decoder(kind).decode(payload)
    return answer


def refusal_of(error: AppError) -> Refusal:
    """What is told of an error; of one that has no name here, only the nearest that has."""
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _REFUSALS), "InvalidInput")
    return Refusal(kind, error.code, error.text, getattr(error, "field", None), error.private)


def error_of(refusal: Refusal) -> AppError:
    return _REFUSALS.get(refusal.kind, _REFUSALS["InvalidInput"])(refusal)


@cache
def _decoder(wanted: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(wanted)
