"""What a PDF/A file asks of whatever is added to it (ISO 19005-1 §6.2, §6.4; ISO 19005-2 and -3 §6.2.4, §6.2.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.pades.pdf_objects import array, dictionary, entries, entry, name

_PART = re.compile(rb"pdfaid:part(?:>|\s*=\s*[\"'])\s*([0-9])")
_RGB = 3
# the matrix of sRGB with its white point, D65; a gamma of 2.2 in place of its curve
_SRGB = {
    "/WhitePoint": (0.9505, 1.0, 1.089),
    "/Gamma": (2.2, 2.2, 2.2),
    "/Matrix": (0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505),
}


@dataclass(frozen=True, slots=True)
class ArchiveRules:
    """How a seal may be painted.

    Attributes:
        blend: it may be multiplied onto the page.
        own_colours: device colours mean nothing in this file; the seal must say itself what its red is.
    """

    blend: bool = True
    own_colours: bool = False


def rules_of(reader: PdfFileReader) -> ArchiveRules:
    part = _part(reader)
    if part is None:
        return ArchiveRules()
    components = {_components(intent) for intent in entries(reader.root, "/OutputIntents")} - {None}
    # ISO 19005-1 §6.4: no transparency; ISO 19005-2 §6.2.10: none without an output intent, unless every page says in
    # what colours it blends; §6.2.4.3: DeviceRGB needs an output intent of that kind, or a DefaultRGB
    return ArchiveRules(blend=part > 1 and bool(components), own_colours=_RGB not in components)


def default_rgb() -> generic.DictionaryObject:
    """Colour spaces for resources: what DeviceRGB means in them (ISO 32000-1 §8.6.5.3, §8.6.5.6)."""
    values = {key: array(_exactly(one) for one in numbers) for key, numbers in _SRGB.items()}
    return dictionary({"/DefaultRGB": array([name("/CalRGB"), dictionary(values)])})


def _exactly(value: float) -> generic.FloatObject:
    return generic.FloatObject(f"{value:.4f}")  # type: ignore[no-untyped-call]  # not annotated


def _part(reader: PdfFileReader) -> int | None:
    if "/Metadata" not in reader.root:
        return None
    metadata = reader.root.raw_get("/Metadata").get_object()  # its own getter would parse the XML
    found = _PART.search(metadata.data) if isinstance(metadata, generic.StreamObject) else None
    return int(found[1]) if found else None


def _components(intent: object) -> int | None:
    """How many colours an output intent's profile has; None when it is not one of PDF/A's, or has no profile."""
    if not isinstance(intent, generic.DictionaryObject) or entry(intent, "/S") != "/GTS_PDFA1":
        return None
    profile = entry(intent, "/DestOutputProfile")
    count = entry(profile, "/N") if isinstance(profile, generic.StreamObject) else None
    return int(count) if isinstance(count, int) else None
