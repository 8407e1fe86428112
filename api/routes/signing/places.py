"""Places of a seal and locks of a document, as the form's fields say them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.routes.signing.uploads import required_field
from core.errors import InvalidInput
from core.text import Text
from signing.locks import MOST_FIELDS, NO_LOCKS, Certification, FieldLock, LockAction, Locks
from signing.places import (
    Edge,
    EveryPagePlacement,
    FieldPlacement,
    PageRange,
    PagingPlacement,
    Place,
    Placement,
    Sides,
    WordsPlacement,
)

_MOST = 50  # places in one request; each may stand for many pages
_Millimetres = Annotated[float, Field(ge=-5000, le=5000, allow_inf_nan=False)]

PLACE_FIELDS: dict[str, Any] = {
    "page": {"type": "integer", "minimum": 1, "description": "with x_mm and y_mm; all left out: nothing is shown"},
    "x_mm": {"type": "number", "description": "centre of the seal, from the left edge of the page as shown"},
    "y_mm": {"type": "number", "description": "centre of the seal, from the top edge of the page as shown"},
    "places": {
        "type": "string",
        "description": "instead of page, x_mm, y_mm: a JSON list of places, for one signature. "
        '{"kind": "at", "page", "x_mm", "y_mm"}; '
        '{"kind": "words", "text", "occurrence" (from 1; negative from the end; null for every one), "pages", '
        '"right_mm", "down_mm"}; '
        '{"kind": "pages", "x_mm", "y_mm", "pages"}; {"kind": "field", "name"} (alone); '
        '{"kind": "paging", "edge": "right" or "left", "y_mm" (null: middle), "group", "pages"}. '
        '"pages" is {"first", "last", "sides": "both", "front" or "back"}.',
        "example": '[{"kind": "words", "text": "（盖章处）"}, {"kind": "paging"}]',
    },
}
LOCK_FIELDS: dict[str, Any] = {
    "certify": {
        "type": "integer",
        "minimum": 1,
        "maximum": 3,
        "description": "certify the document: 1 nothing may be changed, 2 forms may be filled in, 3 and notes added",
    },
    "lock": {"type": "string", "enum": ["all", "include", "exclude"], "description": "form fields to lock"},
    "lock_fields": {"type": "string", "description": "JSON list of field names, for include and exclude"},
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Pages(_Model):
    first: int = Field(default=1, ge=1, le=100_000)
    last: int | None = Field(default=None, ge=1, le=100_000)
    sides: Sides = Sides.BOTH

    def read(self) -> PageRange:
        return PageRange(self.first, self.last, self.sides)


class _At(_Model):
    kind: Literal["at"]
    page: int = Field(ge=1, le=100_000)
    x_mm: _Millimetres
    y_mm: _Millimetres

    def read(self) -> Place:
        return Placement(self.page, self.x_mm, self.y_mm)


class _Words(_Model):
    kind: Literal["words"]
    text: str = Field(min_length=1, max_length=100)
    occurrence: int | None = Field(default=1, ge=-2000, le=2000)
    pages: _Pages = _Pages()
    right_mm: _Millimetres = 0.0
    down_mm: _Millimetres = 0.0

    def read(self) -> Place:
        return WordsPlacement(self.text, self.occurrence, self.pages.read(), self.right_mm, self.down_mm)


class _EveryPage(_Model):
    kind: Literal["pages"]
    x_mm: _Millimetres
    y_mm: _Millimetres
    pages: _Pages = _Pages()

    def read(self) -> Place:
        return EveryPagePlacement(self.x_mm, self.y_mm, self.pages.read())


class _Field(_Model):
    kind: Literal["field"]
    name: str = Field(min_length=1, max_length=200)

    def read(self) -> Place:
        return FieldPlacement(self.name)


class _Paging(_Model):
    kind: Literal["paging"]
    y_mm: _Millimetres | None = None
    edge: Edge = Edge.RIGHT
    group: int = Field(default=12, ge=2, le=40)
    pages: _Pages = _Pages()

    def read(self) -> Place:
        return PagingPlacement(self.y_mm, self.edge, self.group, self.pages.read())


PlaceModel = Annotated[_At | _Words | _EveryPage | _Field | _Paging, Field(discriminator="kind")]
PlaceList = Annotated[list[PlaceModel], Field(min_length=1, max_length=_MOST)]
_PLACES = TypeAdapter(PlaceList)
_NAMES = TypeAdapter(
    Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=MOST_FIELDS)]
)


def places_in(listed: PlaceList) -> tuple[Place, ...]:
    """What a list in a body says."""
    return tuple(place.read() for place in listed)


def read_places(fields: Mapping[str, str]) -> Place | tuple[Place, ...] | None:
    """
    Raises:
        InvalidInput: `field-missing` or `field-invalid`.
    """
    single = [name for name in ("page", "x_mm", "y_mm") if fields.get(name)]
    if fields.get("places"):
        if single:
            raise _invalid("places")
        return places_in(_parsed(_PLACES, fields["places"], "places"))
    if not single:
        return None
    return Placement(int(_number(fields, "page")), _number(fields, "x_mm"), _number(fields, "y_mm"))


def read_locks(fields: Mapping[str, str]) -> Locks:
    """
    Raises:
        InvalidInput: `field-invalid`.
    """
    certify, lock = fields.get("certify"), fields.get("lock")
    if not certify and not lock:
        return NO_LOCKS
    if certify and certify not in {"1", "2", "3"}:
        raise _invalid("certify")
    actions = {"all": LockAction.ALL, "include": LockAction.INCLUDE, "exclude": LockAction.EXCLUDE}
    if lock and lock not in actions:
        raise _invalid("lock")
    names = _parsed(_NAMES, fields.get("lock_fields") or "[]", "lock_fields")
    return Locks(
        Certification(int(certify)) if certify else None, FieldLock(actions[lock], tuple(names)) if lock else None
    )


def _parsed(adapter: TypeAdapter[Any], text: str, name: str) -> Any:
    try:
        return adapter.validate_python(json.loads(text), strict=False)
    except (ValidationError, ValueError, RecursionError) as e:
        raise _invalid(name) from e


def _number(fields: Mapping[str, str], name: str) -> float:
    try:
        value = float(required_field(fields, name))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (name == "page" and not value.is_integer()):
        raise InvalidInput("field-invalid", Text(f"{name} 应为数字。", f"{name} must be a number."), field=name)
    return value


def _invalid(name: str) -> InvalidInput:
    return InvalidInput("field-invalid", Text(f"{name} 不合要求。", f"{name} is not as it should be."), field=name)
