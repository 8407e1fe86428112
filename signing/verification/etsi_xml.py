"""How the parts of an ETSI TS 119 102-2 report are written: names, digests, moments."""

from __future__ import annotations

import base64
import datetime as dt

from lxml import etree

NAMESPACE = "http://uri.etsi.org/19102/v1.2.1#"
DS = "http://www.w3.org/2000/09/xmldsig#"
ETSI = "urn:etsi:019102:{}:{}"
OURS = "urn:yizheng:verification:{}"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def add(part: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """A new last child; what may not stand in XML is replaced."""
    made = etree.SubElement(part, named(name), attributes)
    if text is not None:
        made.text = "".join(one if _may_stand(one) else "\N{REPLACEMENT CHARACTER}" for one in text)
    return made


def named(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def digest(part: etree._Element, sha256: str) -> None:
    """An algorithm and a value (XML Signature §4.4.3.5, §4.4.3.6)."""
    etree.SubElement(part, f"{{{DS}}}DigestMethod", Algorithm=_SHA256)
    etree.SubElement(part, f"{{{DS}}}DigestValue").text = base64.b64encode(bytes.fromhex(sha256)).decode()


def moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _may_stand(character: str) -> bool:
    """XML 1.0 §2.2: a field's name and a reason come from the file, whoever made it."""
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
