"""Authorization details in words, for the person who decides about them (RFC 9396 §3, §12).

What the site wrote itself (a purpose, a title) is shown as its own words; codes become the names that the catalogue
and the register have for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import NotFound
from core.text import Text
from idp.protocol.authorization_details import Detail
from idp.protocol.detail_types import DETAIL_TYPES
from signing.csc.names import HASHES

if TYPE_CHECKING:
    from api.wiring.container import Container


@dataclass(frozen=True, slots=True)
class DetailWords:
    """One detail as the page shows it.

    Attributes:
        lines: label, and the values behind it.
    """

    title: Text
    consequence: Text
    lines: tuple[tuple[Text, tuple[Text, ...]], ...]


async def in_words(details: Sequence[Detail], container: Container) -> tuple[DetailWords, ...]:
    """The details in their order; a type that was taken out meanwhile cannot be among them."""
    return tuple([await _one(detail, container) for detail in details])


async def _one(detail: Detail, container: Container) -> DetailWords:
    kind = DETAIL_TYPES[detail["type"]]
    lines = [
        (member.label, tuple([await _value(member.name, value, container) for value in _listed(detail[member.name])]))
        for member in kind.members
        if member.name in detail
    ]
    return DetailWords(kind.title, kind.consequence, tuple(lines))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


async def _value(member: str, value: Any, container: Container) -> Text:
    plain = Text(str(value), str(value))
    if member == "documentDigests":
        named = f"{value['label']} · {value['hash']}" if "label" in value else str(value["hash"])
        return Text(named, named)
    if member == "hashAlgorithmOID":
        name = HASHES.get(value, str(value)).upper()
        return Text(name, name)
    try:
        if member == "licence_types":
            return (await container.certstore.catalogue.licence_type(value)).name
        if member == "service_item":
            return (await container.certstore.catalogue.item(value)).name
        if member == "locations":
            return (await container.idp.resources.get(value)).name
    except NotFound:  # the code itself says it then
        return plain
    return plain


def words_of(scopes: Sequence[str], known: Mapping[str, Text]) -> tuple[Text, ...]:
    """The words of those scopes that belong to a protected resource, in the order asked."""
    return tuple(known[scope] for scope in scopes if scope in known)
