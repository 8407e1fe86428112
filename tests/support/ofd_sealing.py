"""Packages to seal, and their seals judged: by our judge, and recomputed by hand."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from signing.ofd.judge import PackageJudge, SignatureVerdict
from signing.ofd.package import read_package
from signing.ofd.signatures import read_signatures
from tests.support.eseal_world import NOW, SealSpec, StampSpec, judge, subject_key
from tests.support.national_oracle import pure_accepts
from tests.support.ofd_world import HEAD, SPACE, Files, document, zipped

_NS = {"o": "http://www.ofdspec.org/2016"}


def pages(count: int, *, sizes: Mapping[int, str] | None = None, listed: bool = False) -> Files:
    """A document of so many pages; `sizes` are physical boxes of single pages."""
    files = document()
    del files["/Doc_0/Pages/Page_0/Content.xml"]
    if not listed:
        files["/OFD.xml"] = files["/OFD.xml"].replace(
            b"<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>", b""
        )
    entries = ""
    for number in range(1, count + 1):
        entries += f'<ofd:Page ID="{number}" BaseLoc="Pages/Page_{number}/Content.xml"/>'
        box = (sizes or {}).get(number)
        area = f"<ofd:Area><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:Area>" if box else ""
        files[f"/Doc_0/Pages/Page_{number}/Content.xml"] = (
            f'{HEAD}<ofd:Page {SPACE}>{area}<ofd:Content><ofd:Layer ID="{100 + number}"/></ofd:Content></ofd:Page>'
        ).encode()
    old = b'<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
    files["/Doc_0/Document.xml"] = files["/Doc_0/Document.xml"].replace(old, entries.encode())
    return files


def package(count: int = 1) -> bytes:
    return zipped(pages(count))


def entries_of(ofd: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(ofd)) as archive:
        return {"/" + one.filename: archive.read(one) for one in archive.infolist()}


async def judged(ofd: bytes) -> Sequence[SignatureVerdict]:
    """What our own judge says."""
    read = read_package(ofd)
    return await PackageJudge(judge()).judge(read, read_signatures(read), now=NOW)


# -- by hand, with nothing of ours -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recomputed:
    """One signature as recomputed: what does not hold, and what is not under it."""

    path: str
    faults: tuple[str, ...]
    unprotected: frozenset[str]
    stamps: tuple[dict[str, str], ...]


def recomputed(ofd: bytes) -> list[Recomputed]:
    """Every signature of a package by zipfile, hashlib's SM3, asn1crypto and a pure-Python SM2."""
    files = entries_of(ofd)
    (listed,) = etree.fromstring(files["/OFD.xml"]).findall("o:DocBody/o:Signatures", _NS)
    entries = etree.fromstring(files[_absolute(listed.text)]).findall("o:Signature", _NS)
    return [_one(files, _absolute(entry.get("BaseLoc"))) for entry in entries]


def _one(files: Files, path: str) -> Recomputed:
    root = etree.fromstring(files[path])
    references = root.findall("o:SignedInfo/o:References/o:Reference", _NS)
    found = {
        _absolute(one.get("FileRef")): base64.b64decode(one.findtext("o:CheckValue", "", _NS)) for one in references
    }
    faults = [name for name, value in found.items() if name not in files or _sm3(files[name]) != value]
    value, seal = (
        _absolute(root.findtext("o:SignedValue", "", _NS)),
        root.findtext("o:SignedInfo/o:Seal/o:BaseLoc", "", _NS),
    )
    stamp = StampSpec.load(files[value])
    signed, signer = stamp["to_sign"], stamp["cert"].native
    if not pure_accepts(subject_key(signer), stamp["signature"].native, signed.dump()):
        faults.append("signature")
    if signed["data_hash"].native != _sm3(files[path]):
        faults.append("digest")
    if signed["property_info"].native != path:
        faults.append("subject")
    inner: SealSpec = signed["eseal"]
    if inner.dump() != files[_absolute(seal)]:
        faults.append("seal")
    if not pure_accepts(subject_key(inner["cert"].native), inner["value"].native, inner["info"].dump()):
        faults.append("maker")
    stamps = tuple(dict(one.attrib) for one in root.findall("o:SignedInfo/o:StampAnnot", _NS))
    return Recomputed(path, tuple(faults), frozenset(files) - set(found) - {path, value}, stamps)


def _absolute(location: str | None) -> str:
    return "/" + (location or "").lstrip("/")


def _sm3(content: bytes) -> bytes:
    return hashlib.new("sm3", content).digest()
