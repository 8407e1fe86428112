"""OFD files as somebody else's program sees them, in a process of its own.

Text and metadata are told by ofdkit, which shares no line with us. It does not read signatures: their list is read with
the standard library alone, so that at least the names and places in it are not found by our own reader.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRAM = r"""
import json, posixpath, sys, zipfile
import xml.etree.ElementTree as ET
import ofdkit

OFD = "{http://www.ofdspec.org/2016}"


def beside(base, location):
    return (location if location.startswith("/") else posixpath.join(posixpath.dirname(base), location)).lstrip("/")


def signatures(path):
    with zipfile.ZipFile(path) as package:
        listed = ET.fromstring(package.read("OFD.xml")).find(f"{OFD}DocBody/{OFD}Signatures")
        if listed is None:
            return []
        listing = beside("OFD.xml", listed.text.strip())
        found = []
        for entry in ET.fromstring(package.read(listing)).findall(f"{OFD}Signature"):
            place = beside(listing, entry.get("BaseLoc"))
            root = ET.fromstring(package.read(place))
            annotations = root.findall(f"{OFD}SignedInfo/{OFD}StampAnnot")
            references = root.findall(f"{OFD}SignedInfo/{OFD}References/{OFD}Reference")
            found.append({
                "id": entry.get("ID"),
                "kind": entry.get("Type", "Seal"),
                "path": "/" + place,
                "protected": sorted("/" + beside(place, one.get("FileRef")) for one in references),
                "places": [[one.get("PageRef"), one.get("Boundary")] for one in annotations],
                "value": "/" + beside(place, root.find(f"{OFD}SignedValue").text.strip()),
            })
        return found


with ofdkit.open(sys.argv[1]) as document:
    info = document.info
    print(json.dumps({
        "text": document.text(),
        "pages": [[page.width, page.height] for page in document.pages],
        "metadata": {
            "doc_id": info.doc_id,
            "title": info.title,
            "author": info.author,
            "created": info.creation_date,
            "creator": info.creator,
            "custom": dict(info.custom_data),
        },
        "signatures": signatures(sys.argv[1]),
    }))
"""


@dataclass(frozen=True, slots=True)
class OtherView:
    """
    Attributes:
        text: of all pages, in the order in which ofdkit reads lines.
        pages: width and height in mm.
        metadata: `doc_id`, `title`, `author`, `created`, `creator`, and CustomData by name under `custom`.
        signatures: `id`, `kind`, `path`, `protected` files, `places` (page and boundary) and the `value`'s file.
    """

    text: str
    pages: list[list[float]]
    metadata: dict[str, Any]
    signatures: list[dict[str, Any]]


def read(path: Path) -> OtherView:
    """
    Raises:
        AssertionError: it cannot read the file.
    """
    done = subprocess.run([sys.executable, "-I", "-c", _PROGRAM, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return OtherView(**json.loads(done.stdout))
