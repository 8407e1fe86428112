"""The dictionary of a type: which elements a licence of it has (GB/T 36903), for systems that fill or read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certstore.exchange.elements import field_names
from certstore.model import FIXED_FIELDS, HOLDER_CODE, HOLDER_NAME, NUMBER, LicenceType
from certstore.repository import Repository
from certstore.schema import face_fields
from core.errors import NotFound
from core.text import Text

_CODES = {HOLDER_NAME: "CZZT", HOLDER_CODE: "CZZTDM", NUMBER: "ZZBH"}


@dataclass(frozen=True, slots=True)
class Element:
    """One element; `name` is ours, `code` the standard's."""

    code: str
    name: str
    title: Text
    data_type: str
    required: bool


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All elements of a type."""

    type_code: str
    type_name: Text
    elements: Sequence[Element]


class TypeDictionary:
    """The use case; the catalogue is public."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def __call__(self, type_code: str) -> Dictionary:
        """
        Raises:
            NotFound: `licence-type-not-found`.
        """
        found = await self._type(type_code)
        if found is None:
            raise NotFound(
                "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
            )
        fixed = [Element(_CODES[name], name, title, "string", True) for name, title in FIXED_FIELDS.items()]
        return Dictionary(found.code, found.name, [*fixed, *_of_face(found)])

    async def names(self, type_code: str, names: Sequence[str]) -> Mapping[str, str]:
        """Our field names for the standard's; nothing for an unknown type."""
        found = await self._type(type_code)
        return field_names(found, names) if found is not None else {}

    async def _type(self, type_code: str) -> LicenceType | None:
        async with self._repository.database.read() as tx:
            return await self._repository.catalogue.licence_type(tx, type_code)


def _of_face(licence_type: LicenceType) -> list[Element]:
    properties, required = licence_type.schema["properties"], licence_type.schema.get("required", [])
    assert isinstance(properties, Mapping)  # the profile says so
    assert isinstance(required, list)
    return [
        Element(field.code, field.name, field.title, str(properties[field.name]["type"]), field.name in required)
        for field in face_fields(licence_type.schema)
    ]
