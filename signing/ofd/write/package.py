"""The files of a package, and the ZIP of them: OFD.xml first, no clock and no name of a machine in it (§6, §7)."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from signing.ofd.write.model import Attachment, Document, DocumentInfo
from signing.ofd.write.page import PageWriter
from signing.ofd.write.values import array, attributes, number, writable
from signing.ofd.xml import NAMESPACE

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_XMLNS = f' xmlns:ofd="{NAMESPACE}"'
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can say
_STORED = (".png", ".jpg")  # packed already
_FOLDER = "Doc_0"
_MEDIA = {"PNG": "png", "JPEG": "jpg"}


def write_ofd(document: Document) -> bytes:
    """The package, of at least one page."""
    return zipped(files_of(document))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP of files by name, in their order; the same files give the same octets."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def files_of(document: Document) -> dict[str, bytes]:
    """The files of the package by their name in the ZIP."""
    count = itertools.count(1)

    def new_id() -> int:
        return next(count)

    fonts = [new_id() for _ in document.fonts]
    images = [new_id() for _ in document.images]
    writer = PageWriter(fonts, images, new_id)
    pages: dict[str, bytes] = {}
    listed = []
    for place, page in enumerate(document.pages):
        name = f"Pages/Page_{place}/Content.xml"
        rows = [("ID", str(new_id())), ("BaseLoc", name)]
        listed.append(f"<ofd:Page{attributes(rows)}/>")
        pages[f"{_FOLDER}/{name}"] = writer.write(page)
    files = {"OFD.xml": _root(document.info)}
    attachments = _attachments(document.attachments)
    files[f"{_FOLDER}/Document.xml"] = _document(document, listed, next(count), bool(attachments))
    files |= _fonts(document, fonts) | _images(document, images)
    return files | pages | attachments


def _root(info: DocumentInfo) -> bytes:
    rows = [
        ("DocID", info.doc_id),
        ("Title", info.title),
        ("Author", info.author),
        ("CreationDate", info.created.isoformat() if info.created else ""),
        ("Creator", info.creator),
    ]
    words = "".join(f"<ofd:{name}>{_escaped(value)}</ofd:{name}>" for name, value in rows if value)
    if info.custom:
        custom = "".join(
            f"<ofd:CustomData{attributes([('Name', name)])}>{_escaped(value)}</ofd:CustomData>"
            for name, value in info.custom
        )
        words += f"<ofd:CustomDatas>{custom}</ofd:CustomDatas>"
    return (
        f'{_HEAD}<ofd:OFD{_XMLNS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>{words}</ofd:DocInfo>'
        f"<ofd:DocRoot>{_FOLDER}/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    ).encode()


def _document(document: Document, pages: list[str], last: int, attachments: bool) -> bytes:
    first = document.pages[0]
    parts = [
        f"{_HEAD}<ofd:Document{_XMLNS}><ofd:CommonData><ofd:MaxUnitID>{last}</ofd:MaxUnitID>",
        f"<ofd:PageArea><ofd:PhysicalBox>{array((0, 0, first.width, first.height))}</ofd:PhysicalBox></ofd:PageArea>",
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>" if document.fonts else "",
        "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>" if document.images else "",
        f"</ofd:CommonData><ofd:Pages>{''.join(pages)}</ofd:Pages>",
        "<ofd:Attachments>Attachments/Attachments.xml</ofd:Attachments>" if attachments else "",
        "</ofd:Document>",
    ]
    return "".join(parts).encode()


def _fonts(document: Document, ids: list[int]) -> dict[str, bytes]:
    if not document.fonts:
        return {}
    files, rows = {}, []
    for identity, font in zip(ids, document.fonts, strict=True):
        name = f"font_{identity}.{font.extension}"
        head = attributes([("ID", str(identity)), ("FontName", writable(font.name)), ("Charset", "unicode")])
        rows.append(f"<ofd:Font{head}><ofd:FontFile>{name}</ofd:FontFile></ofd:Font>")
        files[f"{_FOLDER}/Res/{name}"] = font.content
    listed = f'{_HEAD}<ofd:Res{_XMLNS} BaseLoc="Res"><ofd:Fonts>{"".join(rows)}</ofd:Fonts></ofd:Res>'
    return {f"{_FOLDER}/PublicRes.xml": listed.encode(), **files}


def _images(document: Document, ids: list[int]) -> dict[str, bytes]:
    if not document.images:
        return {}
    files, rows = {}, []
    for identity, image in zip(ids, document.images, strict=True):
        name = f"image_{identity}.{_MEDIA[image.format]}"
        head = attributes([("ID", str(identity)), ("Type", "Image"), ("Format", image.format)])
        rows.append(f"<ofd:MultiMedia{head}><ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>")
        files[f"{_FOLDER}/Res/{name}"] = image.content
    listed = f'{_HEAD}<ofd:Res{_XMLNS} BaseLoc="Res"><ofd:MultiMedias>{"".join(rows)}</ofd:MultiMedias></ofd:Res>'
    return {f"{_FOLDER}/DocumentRes.xml": listed.encode(), **files}


def _attachments(attachments: tuple[Attachment, ...]) -> dict[str, bytes]:
    """Under names of our own in the package, for theirs may be anything."""
    if not attachments:
        return {}
    files, rows = {}, []
    for place, one in enumerate(attachments, start=1):
        name = f"file_{place}"
        head = [
            ("ID", str(place)),
            ("Name", writable(one.name)),
            ("Size", number(len(one.content) / 1024)),  # in kB (table 77)
            ("Visible", "true"),
        ]
        rows.append(f"<ofd:Attachment{attributes(head)}><ofd:FileLoc>{name}</ofd:FileLoc></ofd:Attachment>")
        files[f"{_FOLDER}/Attachments/{name}"] = one.content
    listed = f"{_HEAD}<ofd:Attachments{_XMLNS}>{''.join(rows)}</ofd:Attachments>"
    return {f"{_FOLDER}/Attachments/Attachments.xml": listed.encode(), **files}


def _escaped(text: str) -> str:
    return escape(writable(text))
