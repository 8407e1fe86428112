"""What the signatures of a package say (GB/T 33190-2016 §18): which files, by which digests, sealed with what."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from lxml import etree

from signing.eseal.read import LARGEST
from signing.ofd.package import Package, PackageRefused, located
from signing.ofd.xml import all_of, needed, one_of, parse, text_of

ROOT = "/OFD.xml"
VERSIONS = frozenset({"1.0", "1.1", "1.2"})
"""GB/T 33190-2016 has 1.0; makers write the others, with the same structure."""
MOST_SIGNATURES = 200
_MOST_REFERENCES = 20_000


@dataclass(frozen=True, slots=True)
class Reference:
    """One protected file."""

    path: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StampAnnotation:
    """Where a seal is seen.

    Attributes:
        boundary: x, y, width and height in millimetres, as they stand there.
        clip: the part of it that is seen, from its top left corner; None for all of it.
    """

    page: str
    boundary: str
    clip: str | None = None


@dataclass(frozen=True, slots=True)
class PackageSignature:
    """One signature, as its Signature.xml describes it.

    Attributes:
        kind: `Seal` or `Sign`.
        path: of its Signature.xml.
        method: the signature algorithm, as it stands there.
        digest_method: of the references, as it stands there.
        seal_path: of the seal's own file, where there is one.
        value_path: of the signed value.
    """

    id: str
    kind: str
    path: str
    method: str
    digest_method: str
    references: tuple[Reference, ...]
    annotations: tuple[StampAnnotation, ...]
    seal_path: str | None
    value_path: str


@dataclass(frozen=True, slots=True)
class SignatureList:
    """All signatures of a package, in the order of its list.

    Attributes:
        path: of Signatures.xml; None where the package has no list.
    """

    path: str | None
    signatures: tuple[PackageSignature, ...] = ()


def read_signatures(package: Package) -> SignatureList:
    """
    The front may be in the namespace of the standard's drafts, as some makers still write it over files of the
    standard: it says where the list is, and is protected like every file. What is signed may not.

    Raises:
        PackageRefused: a file is missing, its XML says nothing that may be believed, or a file is protected twice.
    """
    location = text_of(only_body(parse(package[ROOT], "OFD", drafts=True)), "Signatures")
    if location is None:
        return SignatureList(None)
    return listed_signatures(package, located(ROOT, needed(location, "Signatures")))


def only_body(root: etree._Element) -> etree._Element:
    """DocBody of the one document that signatures of a package are about.

    Args:
        root: of OFD.xml.

    Raises:
        PackageRefused: `xml`: an unknown version of the format, or not one document.
    """
    bodies = all_of(root, "DocBody")
    if root.get("Version") not in VERSIONS:
        raise PackageRefused("xml", "an unknown version", reason="version")
    if len(bodies) != 1:
        raise PackageRefused("xml", "not one document", reason="documents")
    return bodies[0]


def listed_signatures(package: Package, path: str) -> SignatureList:
    """
    Args:
        path: of Signatures.xml.

    Raises:
        PackageRefused: as `read_signatures`.
    """
    entries = all_of(parse(package[path], "Signatures"), "Signature")
    if len(entries) > MOST_SIGNATURES:
        raise PackageRefused("too-large", "signatures", reason="signatures")
    found = tuple(_signature(package, path, entry) for entry in entries)
    if len({one.id for one in found}) != len(found) or len({one.path for one in found}) != len(found):
        raise PackageRefused("xml", "a signature is listed twice", reason="listed-twice")
    return SignatureList(path, found)


def bounded(structure: bytes) -> bytes:
    """
    Raises:
        PackageRefused: `too-large`: no seal and no signed value is of this size.
    """
    if len(structure) > LARGEST:
        raise PackageRefused("too-large", "a seal or a signed value")
    return structure


def _signature(package: Package, listed: str, entry: etree._Element) -> PackageSignature:
    path = located(listed, needed(entry.get("BaseLoc"), "BaseLoc"))
    kind = entry.get("Type", "Seal")  # GB/T 33190 table 74: Seal where it is left out
    return describe_signature(package[path], path, id=needed(entry.get("ID"), "ID"), kind=kind)


def describe_signature(content: bytes, path: str, *, id: str, kind: str) -> PackageSignature:
    """What a Signature.xml says.

    Args:
        path: of the file.
        id, kind: as the list of signatures has them.

    Raises:
        PackageRefused
    """
    root = parse(content, "Signature")
    info = one_of(root, "SignedInfo")
    references = None if info is None else one_of(info, "References")
    if info is None or references is None:
        raise PackageRefused("xml", "SignedInfo or References is missing")
    seal = text_of(info, "Seal/BaseLoc")
    return PackageSignature(
        id=id,
        kind=kind,
        path=path,
        method=needed(text_of(info, "SignatureMethod"), "SignatureMethod"),
        digest_method=needed(references.get("CheckMethod"), "CheckMethod"),
        references=_references(path, references),
        annotations=tuple(
            StampAnnotation(one.get("PageRef", ""), one.get("Boundary", ""), one.get("Clip"))
            for one in all_of(info, "StampAnnot")
        ),
        seal_path=None if seal is None else located(path, needed(seal, "Seal")),
        value_path=located(path, needed(text_of(root, "SignedValue"), "SignedValue")),
    )


def _references(path: str, element: etree._Element) -> tuple[Reference, ...]:
    entries = all_of(element, "Reference")
    if not 0 < len(entries) <= _MOST_REFERENCES:
        raise PackageRefused("xml", "no or too many references", reason="signatures")
    found = tuple(
        Reference(located(path, needed(one.get("FileRef"), "FileRef")), _octets(text_of(one, "CheckValue")))
        for one in entries
    )
    if len({one.path for one in found}) != len(found):
        raise PackageRefused("xml", "a file is protected twice", reason="listed-twice")
    return found


def _octets(text: str | None) -> bytes:
    try:
        return base64.b64decode(needed(text, "CheckValue"), validate=True)
    except (binascii.Error, ValueError):
        raise PackageRefused("xml", "CheckValue is not base64") from None
