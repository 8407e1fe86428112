"""Metadata of a licence as XML, embedded in its file (GB/T 36903-2018 elements, GB/T 36905-2018).

Namespace `urn:yizheng:e-licence:1`: the root is `Licence`; children are the standard's elements by their pinyin
initials, in the order of `certstore.elements`; face extensions are `KZ` with `code` and `name`; several holders are
several `CZ` groups. The `JZ*` elements (加注) stand in annotated copies and never in an original.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.parsers import expat

from certstore.codes import CODE_TYPES, HolderCode
from core.clock import SHANGHAI

NAMESPACE = "urn:yizheng:e-licence:1"
FILE_NAME = "metadata.xml"
MAX_BYTES = 256 * 1024
LONG_TERM = "长期"
NOT_PROVIDED = "不提供"


@dataclass(frozen=True, slots=True)
class HolderMetadata:
    """`name` or `code` is None where a copy does not give it."""

    code_type: str
    name: str | None
    code: HolderCode | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """加注 of a copy: when, by whom, for what, until when."""

    copy_id: str
    made_at: dt.datetime
    requester: str
    purpose: str
    expires_on: dt.date


@dataclass(frozen=True, slots=True)
class Extension:
    """One face element (`KZ_…`); `value` is None where a copy does not give it."""

    code: str
    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class LicenceMetadata:
    """What the XML says."""

    identifier: str
    type_name: str
    type_code: str
    title: str
    number: str | None
    version: str
    issuer_name: str
    issuer_code: str
    authority: str
    issued_on: dt.date
    holders: Sequence[HolderMetadata]
    valid_from: dt.date
    valid_until: dt.date | None
    extensions: Sequence[Extension]
    annotation: Annotation | None = None
    based_on: str | None = None


def to_xml(metadata: LicenceMetadata) -> bytes:
    """The document, UTF-8 with declaration; the same metadata give the same bytes."""
    root = Element("Licence", {"xmlns": NAMESPACE})
    for name, value in _elements(metadata):
        SubElement(root, name).text = value
    for holder in metadata.holders:
        group = SubElement(root, "CZ")
        SubElement(group, "CZZT").text = _given(holder.name)
        SubElement(group, "CZZTDM").text = _given(holder.code.number if holder.code else None)
        SubElement(group, "CZZTDMLX").text = CODE_TYPES[holder.code_type].name.zh
        SubElement(group, "CZZTDMLXDM").text = holder.code_type
    for extension in metadata.extensions:
        child = SubElement(root, "KZ", {"code": extension.code, "name": extension.name})
        child.text = _given(extension.value)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def custom_data(metadata: LicenceMetadata) -> tuple[tuple[str, str], ...]:
    """The same as the CustomData of an OFD (GB/T 33190 §7.4), by the same names; several holders in one value each,
    with commas between, as implementations write it; face extensions under their own names.
    """
    kinds = [CODE_TYPES[one.code_type].name.zh for one in metadata.holders]
    holders = [
        ("CZZT", [_given(one.name) for one in metadata.holders]),
        ("CZZTDM", [_given(one.code.number if one.code else None) for one in metadata.holders]),
        ("CZZTDMLX", kinds),
        ("CZZTDMLXDM", [one.code_type for one in metadata.holders]),
    ]
    extensions = [(one.code, _given(one.value)) for one in metadata.extensions]
    return (*_elements(metadata), *((name, ",".join(values)) for name, values in holders), *extensions)


def _elements(metadata: LicenceMetadata) -> list[tuple[str, str]]:
    rows = [
        ("ZZBS", metadata.identifier),
        ("ZZLXMC", metadata.type_name),
        ("ZZLXDM", metadata.type_code),
        ("ZZMC", metadata.title),
        ("ZZBH", _given(metadata.number)),
        ("ZZBBH", metadata.version),
        ("ZZBFJG", metadata.issuer_name),
        ("ZZBFJGDM", metadata.issuer_code),
        ("DYJGDM", metadata.authority),
        ("ZZBFRQ", _compact(metadata.issued_on)),
        ("ZZYXQQSRQ", _compact(metadata.valid_from)),
        ("ZZYXQJZRQ", _compact(metadata.valid_until) if metadata.valid_until else LONG_TERM),
    ]
    if metadata.based_on is not None:
        rows.append(("GLZZBS", metadata.based_on))
    if metadata.annotation is not None:
        note = metadata.annotation
        rows += [
            ("JZJBS", note.copy_id),
            ("JZJZZSJ", note.made_at.astimezone(SHANGHAI).isoformat(timespec="seconds")),
            ("JZJZZZ", note.requester),
            ("JZJZZSY", note.purpose),
            ("JZJYXQJZSJ", f"{note.expires_on.isoformat()}T23:59:59+08:00"),
        ]
    return rows


def _given(value: str | None) -> str:
    return NOT_PROVIDED if value is None else value


def _compact(day: dt.date) -> str:
    return day.strftime("%Y%m%d")


@dataclass(frozen=True, slots=True)
class EmbeddedNames:
    """What a file says it is: enough to look it up."""

    identifier: str
    copy_id: str | None


def read_names(content: bytes) -> EmbeddedNames | None:
    """Read the identifier (and copy id) out of embedded metadata; None if it is not our document.

    The bytes come from strangers: a document type declaration ends the reading before any entity is expanded.
    """
    if not content or len(content) > MAX_BYTES:
        return None
    found: dict[str, str] = {}
    path: list[str] = []
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")

    def doctype(*_: object) -> None:
        raise _NotOurs

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        if len(path) > 3 or (len(path) == 1 and name != f"{NAMESPACE} Licence"):
            raise _NotOurs

    def text(data: str) -> None:
        if len(path) == 2 and path[1] in _NAMES:
            found[path[1]] = (found.get(path[1], "") + data)[:200]

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(content, True)
    except (_NotOurs, expat.ExpatError, ValueError):
        return None
    identifier = found.get(f"{NAMESPACE} ZZBS")
    return EmbeddedNames(identifier, found.get(f"{NAMESPACE} JZJBS")) if identifier else None


def names_among(names: Mapping[str, str]) -> EmbeddedNames | None:
    """The same out of what an OFD says of itself by the standard's names (CustomData)."""
    identifier = names.get("ZZBS", "")[:200]
    return EmbeddedNames(identifier, names.get("JZJBS")) if identifier else None


class _NotOurs(Exception):
    pass


_NAMES = frozenset({f"{NAMESPACE} ZZBS", f"{NAMESPACE} JZJBS"})
