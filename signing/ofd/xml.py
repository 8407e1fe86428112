"""XML of a package, parsed so that it cannot reach out or swell (no DTD, no entities, no network)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from signing.ofd.package import PackageRefused

NAMESPACE = "http://www.ofdspec.org/2016"
_DRAFT = "http://www.ofdspec.org"  # of files made by the drafts of the standard, up to about 2016
_NS = {"o": NAMESPACE}
_LARGEST = 16 << 20
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def parse(content: bytes, root: str, *, drafts: bool = False) -> etree._Element:
    """
    Args:
        root: local name of the element that the file must be.
        drafts: whether a file in the namespace of the standard's drafts is read as one of the standard's: so are
            documents, and the front that says where the signatures are; never the signatures themselves.

    Raises:
        PackageRefused: `xml`: not well-formed, another element, not UTF-8, or it declares a document type.
    """
    if len(content) > _LARGEST or _DECLARES.search(content) or b"\x00" in content:  # UTF-16 would hide a DOCTYPE
        raise PackageRefused("xml", "declares a document type, or is not UTF-8", reason="xml-entities")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        found = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise PackageRefused("xml", "not well-formed") from None
    info = found.getroottree().docinfo
    if drafts and found.tag == f"{{{_DRAFT}}}{root}":
        for one in found.iter(f"{{{_DRAFT}}}*"):
            one.tag = f"{{{NAMESPACE}}}{etree.QName(one).localname}"
    if found.tag != f"{{{NAMESPACE}}}{root}" or info.doctype or (info.encoding or "UTF-8").upper() != "UTF-8":
        raise PackageRefused("xml", f"not {root}")
    return found


def all_of(element: etree._Element, path: str) -> Sequence[etree._Element]:
    """Elements at a path of local names, all of the OFD's namespace: `References/Reference`."""
    found: list[etree._Element] = element.findall("/".join(f"o:{name}" for name in path.split("/")), namespaces=_NS)
    return found


def one_of(element: etree._Element, path: str) -> etree._Element | None:
    """The one element at a path; None where there is none.

    Raises:
        PackageRefused: `xml`: there are several, of which readers might take any.
    """
    found = all_of(element, path)
    if len(found) > 1:
        raise PackageRefused("xml", f"{path} is there twice")
    return found[0] if found else None


def text_of(element: etree._Element, path: str) -> str | None:
    """The text of the one element at a path; None where there is none."""
    found = one_of(element, path)
    if found is None:
        return None
    if len(found):
        raise PackageRefused("xml", f"{path} holds more than text")
    return (found.text or "").strip()


def needed(value: str | None, what: str) -> str:
    """
    Raises:
        PackageRefused: `xml`: it is not there.
    """
    if not value:
        raise PackageRefused("xml", f"{what} is missing")
    return value
