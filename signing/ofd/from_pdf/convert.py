"""A PDF as an OFD: its pages, its fonts and images, its attachments; inside a cell, for the file is a stranger's."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.clock import SHANGHAI
from core.errors import AppError
from core.files.reading import whole
from core.files.scratch import FileBytes
from signing.isolation.task import Task
from signing.ofd.from_pdf.refuse import Problems
from signing.ofd.from_pdf.resources import Resources
from signing.ofd.from_pdf.walk import Walk
from signing.ofd.write.geometry import Matrix
from signing.ofd.write.model import Attachment, Document, DocumentInfo, Drawn, Page
from signing.ofd.write.package import write_ofd
from signing.pades.attachments import attachments
from signing.pades.form_fields import form_fields
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.page_geometry import Sheet, page_count, sheet
from signing.pades.pdf_objects import dictionary, entries, entry

MOST_PAGES = 2000
MOST_OBJECTS = 500_000
CREATOR = "Yizheng"
_DEEPEST_TREE = 64
_HIDDEN = 0x2  # ISO 32000-1 §12.5.3


@dataclass(frozen=True, slots=True)
class OfdWords:
    """What the package says of itself; what is None is taken from the PDF.

    Attributes:
        doc_id: 32 hexadecimal digits; made of the PDF's digest when None, so that a file converts to one document.
        custom: CustomData, in their order.
    """

    doc_id: str | None = None
    title: str | None = field(default=None, repr=False)
    author: str | None = None
    created: dt.date | None = None
    custom: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class MadeOfd:
    """
    Attributes:
        left_out: what the PDF has beside its looks and text and the OFD has not: `bookmarks`, `links`, `tags`.
    """

    content: bytes = field(repr=False)
    pages: int
    left_out: tuple[str, ...] = ()


def make_ofd(pdf: FileBytes, words: OfdWords, limit: int) -> MadeOfd:
    """Inside the cell.

    Raises:
        PdfRefused: `pdf-not-convertible` with every reason, or as for sealing.
        core.errors.LimitExceeded: `too-large`.
    """
    reader = open_for_sealing(pdf, limit=limit)
    try:
        return _made(reader, pdf, words)
    except (AppError, MemoryError):
        raise
    except Exception as e:  # a parser may throw anything at hostile bytes
        raise damaged(e) from e


MAKE_OFD = Task(make_ofd, MadeOfd)


def _made(reader: PdfFileReader, pdf: FileBytes, words: OfdWords) -> MadeOfd:
    problems, resources, left = Problems(), Resources(), set[str]()
    count = page_count(reader)
    if not 0 < count <= MOST_PAGES:
        raise ValueError("a number of pages that is not converted")
    _look_around(reader, problems, left)
    pages = tuple(_page(reader, sheet(reader, number), resources, problems, left) for number in range(1, count + 1))
    problems.check()
    document = Document(
        _info(reader, pdf, words),
        pages,
        resources.fonts(),
        resources.images(),
        tuple(Attachment(name, content) for name, content in attachments(pdf, reader).items()),
    )
    return MadeOfd(write_ofd(document), count, tuple(sorted(left)))


def _look_around(reader: PdfFileReader, problems: Problems, left: set[str]) -> None:
    """What a document has beside its pages."""
    fields = list(form_fields(reader))
    if any(one.signed for one in fields):
        problems.note("signed")
    if any(not one.signed for one in fields):
        problems.note("form-fields")
    root = reader.root
    if isinstance(entry(root, "/Outlines"), generic.DictionaryObject) and "/First" in root["/Outlines"]:
        left.add("bookmarks")
    if isinstance(entry(root, "/StructTreeRoot"), generic.DictionaryObject):
        left.add("tags")


def _page(reader: PdfFileReader, page: Sheet, resources: Resources, problems: Problems, left: set[str]) -> Page:
    node = page.page.get_object()
    assert isinstance(node, generic.DictionaryObject)
    _look_at_annotations(node, problems, left)
    width, height = page.width_mm, page.height_mm
    if not (width > 0 and height > 0):
        raise ValueError("a page without an area")
    drawn: list[Drawn] = []

    def put(one: Drawn) -> None:
        if len(drawn) >= MOST_OBJECTS:
            raise ValueError("a page with too much on it")
        drawn.append(one)

    walk = Walk(_to_mm(page), (0.0, 0.0, width, height), put, resources, problems)
    found = _inherited(node, "/Resources")
    walk.run(_content(node), found if isinstance(found, generic.DictionaryObject) else None)
    return Page(width, height, tuple(drawn))


def _look_at_annotations(page: generic.DictionaryObject, problems: Problems, left: set[str]) -> None:
    for one in entries(page, "/Annots", 100_000):
        kind = entry(one, "/Subtype")
        if kind == "/Widget":
            continue  # its field was told already
        hidden = int(entry(one, "/F", 0)) & _HIDDEN
        if kind == "/Link" and "/AP" not in one and not _has_border(one):
            left.add("links")
        elif kind != "/Popup" and not hidden:
            problems.note("annotation")


def _has_border(link: generic.DictionaryObject) -> bool:
    """One of a point unless it says otherwise (ISO 32000-1 §12.5.2, §12.5.4)."""
    style = entry(link, "/BS")
    if isinstance(style, generic.DictionaryObject):
        return float(entry(style, "/W", 1)) > 0
    border = entries(link, "/Border", 4)
    return len(border) < 3 or float(border[2]) > 0


def _content(page: generic.DictionaryObject) -> bytes:
    """Streams are read as one, with white space between them (§7.8.2)."""
    content = entry(page, "/Contents")
    if isinstance(content, generic.StreamObject):
        return bytes(content.data)
    return b"\n".join(bytes(one.data) for one in entries(page, "/Contents", 100_000))


def _inherited(page: generic.DictionaryObject, key: str) -> Any:
    node: Any = page
    for _ in range(_DEEPEST_TREE):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    raise ValueError("the page tree is too deep")


def _to_mm(page: Sheet) -> Matrix:
    """From the page's own coordinates to mm of the page as shown."""
    left, bottom, right, top = (edge / page.scale for edge in page.box)
    k = 1 / page.scale
    turned: dict[int, Matrix] = {
        0: (k, 0.0, 0.0, -k, -left, top),
        90: (0.0, k, k, 0.0, -bottom, -left),
        180: (-k, 0.0, 0.0, k, right, -bottom),
        270: (0.0, -k, -k, 0.0, top, right),
    }
    return turned[page.rotation]


def _info(reader: PdfFileReader, pdf: FileBytes, words: OfdWords) -> DocumentInfo:
    try:
        found = reader.trailer["/Info"]
    except KeyError:
        found = None
    about = found if isinstance(found, generic.DictionaryObject) else dictionary({})
    title, author = (str(entry(about, key, "") or "")[:1000] for key in ("/Title", "/Author"))
    return DocumentInfo(
        doc_id=words.doc_id or hashlib.sha256(whole(pdf)).hexdigest()[:32],
        title=title if words.title is None else words.title,
        author=author if words.author is None else words.author,
        created=words.created or _day(str(entry(about, "/CreationDate", "") or "")),
        creator=CREATOR,
        custom=words.custom,
    )


def _day(text: str) -> dt.date | None:
    """Of a PDF date (§7.9.4), as it stands there; of one in UTC, the day here."""
    digits = text.removeprefix("D:")[:14]
    try:
        if len(digits) == 14 and text.endswith("Z"):
            return dt.datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC).astimezone(SHANGHAI).date()
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
