"""What the sealing page's form says about places: by hand, at words, in a field, on every page; and over the edges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from api.web.forms import Form
from core.errors import InvalidInput
from core.text import Text
from signing.places import (
    EveryPagePlacement,
    FieldPlacement,
    PagingPlacement,
    Place,
    Placement,
    WordsPlacement,
)

MODES = ("hand", "words", "field", "every")
_CARRIED = ("mode", "x_mm", "y_mm", "words", "nth", "field", "paging", "seal", "reason", "level", "profile")


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was filled in; nothing is checked yet."""

    mode: str
    words: str
    nth: str
    field: str
    paging: bool

    @property
    def by_hand(self) -> bool:
        """Whether the browser alone can show where the seal goes."""
        return self.mode == "hand" and not self.paging


BY_HAND = Asked("hand", "", "1", "", False)


def asked_places(form: Form) -> Asked:
    mode = form["mode"] if form["mode"] in MODES else "hand"
    return Asked(mode, form["words"][:100], form["nth"] or "1", form["field"][:200], bool(form["paging"]))


def places_of(form: Form) -> tuple[Place, ...]:
    """
    Raises:
        InvalidInput: `placement-invalid`.
    """
    asked = asked_places(form)
    paging = (PagingPlacement(),) if asked.paging else ()
    match asked.mode:
        case "words":
            nth = {"last": -1, "all": None}.get(asked.nth, whole_number(asked.nth, 1))
            return (WordsPlacement(asked.words, nth), *paging)
        case "field":
            return (FieldPlacement(asked.field),)  # stands alone
        case "every":
            return (EveryPagePlacement(millimetres(form["x_mm"]), millimetres(form["y_mm"])), *paging)
        case _:
            page = whole_number(form["page"], 1)
            return (Placement(page, millimetres(form["x_mm"]), millimetres(form["y_mm"])), *paging)


def carried(form: Form, more: Mapping[str, str]) -> str:
    """The form's choices as a query, for going to another page of the file."""
    return urlencode({**{name: form[name] for name in _CARRIED if form[name]}, **more})


def whole_number(typed: str, otherwise: int) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else otherwise


def millimetres(typed: str) -> float:
    """
    Raises:
        InvalidInput: `placement-invalid`.
    """
    try:
        value = float(typed)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInput(
            "placement-invalid", Text("位置请填毫米数。", "Give the place in millimetres."), field="x_mm"
        )
    return round(value, 1)
