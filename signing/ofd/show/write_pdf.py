"""Writes pages of an OFD as a PDF, in a cell, and tells what could not be shown as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.files.scratch import FileBytes
from signing.isolation.task import Task
from signing.ofd.geometry import Box, Matrix
from signing.ofd.model.document import Document, Page
from signing.ofd.package import Package, PackageRefused, read_package
from signing.ofd.read_document import MOST_THINGS, read_documents
from signing.ofd.read_page import read_page
from signing.ofd.refusing import refusing
from signing.ofd.show.canvas import Canvas, Names
from signing.ofd.show.draw import Studio, draw_page
from signing.ofd.show.notes import Note, Notes
from signing.ofd.show.pdf_file import PdfFile, written
from signing.ofd.show.pictures import Pictures
from signing.ofd.show.seals import SeenSeal, draw_seal, seals_of
from signing.ofd.show.typesetting import Typesetting
from signing.ofd.values import Budget

_POINTS = 72 / 25.4
_MOST_SEALS = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """Pages as a PDF.

    Attributes:
        pages: how many the document has; the PDF may hold fewer.
        notes: what could not be shown as it is; none for a faithful one.
    """

    pdf: bytes = field(repr=False)
    pages: int
    notes: tuple[Note, ...]


def write_pages(content: FileBytes, document: int, first: int, most: int) -> Shown:
    """Inside the cell.

    Args:
        document: from 0.
        first: page to begin with, from 1.
        most: pages to write.

    Raises:
        OfdRefused: `ofd-…`.
    """
    with refusing():
        return as_pdf(read_package(content[:]), document, first, most)


SHOW = Task(write_pages, Shown)


def as_pdf(package: Package, document: int = 0, first: int = 1, most: int = MOST_THINGS) -> Shown:
    """
    Raises:
        PackageRefused
    """
    budget, notes, pdf = Budget(MOST_THINGS), Notes(), PdfFile()
    documents = read_documents(package, budget)
    if not 0 <= document < len(documents):
        raise PackageRefused("page", "no such document")
    chosen = documents[document]
    names = Names(pdf, pdf.reserve())
    fonts = Typesetting(package, pdf, notes)
    studio = Studio(package, notes, Pictures(pdf), fonts, budget, {})
    seals = seals_of(package, chosen.signatures, notes)
    if len(seals) > _MOST_SEALS:
        raise PackageRefused("too-complex", "seals")
    tree, last = pdf.reserve(), min(len(chosen.pages), first - 1 + most)
    if not 1 <= first <= len(chosen.pages):
        raise PackageRefused("page", "no such page")
    kids = [_page(studio, names, chosen, seals, number, tree) for number in range(first, last + 1)]
    fonts.put()
    names.put()
    pdf.put(tree, f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{one} 0 R' for one in kids)}] >>")
    catalogue = pdf.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    return Shown(pdf.finished(catalogue), len(chosen.pages), notes.all)


def _page(studio: Studio, names: Names, document: Document, seals: tuple[SeenSeal, ...], number: int, tree: int) -> int:
    studio.notes.page = number
    page = read_page(studio.package, document, number, studio.budget)
    box = page.area.physical
    if box.x or box.y:
        studio.notes.add("page-box")
    width, height = box.width * _POINTS, box.height * _POINTS
    canvas = Canvas(names, Matrix(_POINTS, 0, 0, -_POINTS, 0, height), Box(0, 0, width, height))
    draw_page(studio, canvas, page)
    for seal in seals:
        if seal.page == page.id:
            draw_seal(studio, canvas, seal, lambda on, content, at: _draw_inside(studio, on, content, at))
    content = names.pdf.add_stream("", canvas.content)
    return names.pdf.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {written((width, height))}] /Contents {content} 0 R"
        f" /Resources {names.number} 0 R >>"
    )


def _draw_inside(studio: Studio, canvas: Canvas, content: bytes, at: Box) -> None:
    """The first page of a seal's own OFD, in the place of the seal; seals of that package are not drawn.

    Raises:
        PackageRefused
    """
    package = read_package(content)
    page: Page = read_page(package, read_documents(package, studio.budget)[0], 1, studio.budget)
    size = page.area.physical
    scaled = Matrix.scaled(at.width / size.width, at.height / size.height).then(Matrix.moved(at.x, at.y))
    inner = canvas.beside()
    inner.base = scaled.then(canvas.base)
    fonts = Typesetting(package, canvas.names.pdf, studio.notes)
    draw_page(Studio(package, studio.notes, studio.pictures, fonts, studio.budget, {}), inner, page)
    fonts.put()
    canvas.put(*inner.parts)
