"""Writes what a signature adds to a package in XML (GB/T 33190-2016 §18.1, §18.2): the list, and the description.

The order of elements is that of the schema. IDs are of the type xs:ID, which begins with a letter.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from signing.model import SealImage
from signing.ofd.package import PackageRefused
from signing.ofd.seal.pages import OfdSpot
from signing.ofd.xml import NAMESPACE, all_of, one_of

SM3 = "1.2.156.10197.1.401"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NUMBER = re.compile(r"(\D*)(\d{1,9})")
_PROVIDER = "Yizheng"


def signature_xml(
    digests: Mapping[str, bytes],
    spots: Iterable[OfdSpot],
    image: SealImage,
    *,
    time: str,
    seal_path: str,
    value_path: str,
) -> bytes:
    """Signature.xml.

    Args:
        digests: SM3 of every protected file by its path.
        time: SignatureDateTime.
    """
    references = "".join(
        f"<ofd:Reference FileRef={quoteattr(path)}><ofd:CheckValue>{base64.b64encode(digest).decode()}"
        "</ofd:CheckValue></ofd:Reference>"
        for path, digest in digests.items()
    )
    stamps = "".join(_stamp(number, spot, image) for number, spot in enumerate(spots, 1))
    text = (
        f'{_HEAD}<ofd:Signature xmlns:ofd="{NAMESPACE}"><ofd:SignedInfo><ofd:Provider ProviderName="{_PROVIDER}"/>'
        f"<ofd:SignatureMethod>{SM2_WITH_SM3}</ofd:SignatureMethod>"
        f"<ofd:SignatureDateTime>{time}</ofd:SignatureDateTime>"
        f'<ofd:References CheckMethod="{SM3}">{references}</ofd:References>{stamps}'
        f"<ofd:Seal><ofd:BaseLoc>{escape(seal_path)}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
        f"<ofd:SignedValue>{escape(value_path)}</ofd:SignedValue></ofd:Signature>"
    )
    return text.encode()


def longer_list(root: etree._Element | None, path: str) -> bytes:
    """Signatures.xml with one more signature, the last; a new one for None.

    Raises:
        PackageRefused: `xml`: MaxSignId is there twice.
    """
    if root is None:
        root = etree.Element(f"{{{NAMESPACE}}}Signatures", nsmap={"ofd": NAMESPACE})
    entries = all_of(root, "Signature")
    highest = one_of(root, "MaxSignId")
    prefix, number = _next_number(highest, entries)
    if highest is None:
        highest = etree.Element(f"{{{NAMESPACE}}}MaxSignId")
        root.insert(0, highest)
    highest.text = f"{prefix}{number}"
    taken = {one.get("ID") for one in entries}
    name = f"s{number:03d}"
    if name in taken:  # somebody counts higher than their list says
        raise PackageRefused("xml", "MaxSignId is below an ID")
    etree.SubElement(root, f"{{{NAMESPACE}}}Signature", {"ID": name, "Type": "Seal", "BaseLoc": path})
    return _written(root)


def with_list_named(root: etree._Element, path: str) -> bytes:
    """OFD.xml whose one document names its list of signatures, which it did not before."""
    (body,) = all_of(root, "DocBody")
    etree.SubElement(body, f"{{{NAMESPACE}}}Signatures").text = path
    return _written(root)


def _next_number(highest: etree._Element | None, entries: Iterable[etree._Element]) -> tuple[str, int]:
    """How MaxSignId is written, and the next number: above it, and above every ID of the list."""
    said = _NUMBER.fullmatch((highest.text or "").strip()) if highest is not None else None
    prefix = said[1] if said else ""
    numbers = [int(said[2])] if said else [0]
    numbers += [int(found[2]) for one in entries if (found := _NUMBER.fullmatch(one.get("ID") or ""))]
    return prefix, max(numbers) + 1


def _stamp(number: int, spot: OfdSpot, image: SealImage) -> str:
    """A StampAnnot: Boundary is the whole seal's, Clip the part of it that is seen, from Boundary's own corner."""
    shown, (left, _, right, top) = spot.place.shown, spot.place.window
    from_left, from_top = left + image.width_mm / 2, image.height_mm / 2 - top
    boundary = (shown.left - from_left, shown.top - from_top, image.width_mm, image.height_mm)
    clip = (from_left, from_top, shown.width, shown.height)
    partly = right - left < image.width_mm - 1e-6
    cut = f' Clip="{_box(clip)}"' if partly else ""
    return f'<ofd:StampAnnot ID="a{number:03d}" PageRef="{spot.ref}" Boundary="{_box(boundary)}"{cut}/>'


def _box(values: Iterable[float]) -> str:
    """ST_Box to the thousandth of a millimetre."""
    return " ".join(f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".") for value in values)


def _written(root: etree._Element) -> bytes:
    text: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return _HEAD.encode() + text + b"\n"
