"""Looks into an OFD, in a cell: what it is, how large its pages are, where words stand."""

from __future__ import annotations

from dataclasses import dataclass

from core.files.scratch import FileBytes
from signing.errors import too_large
from signing.isolation.port import CellEnded, Isolation
from signing.isolation.task import Answer, Task
from signing.ofd.model.document import DocInfo, Document, PageArea
from signing.ofd.package import LARGEST_PACKAGE, Package, PackageRefused, read_package
from signing.ofd.read_document import MOST_THINGS, read_documents
from signing.ofd.read_page import area_of
from signing.ofd.refusing import refusing, too_complex
from signing.ofd.values import Budget
from signing.ofd.words import MOST_PLACES, WordPlace, find_words


@dataclass(frozen=True, slots=True)
class PageFacts:
    """A page; its area in millimetres."""

    id: int
    area: PageArea


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """One document of the package."""

    info: DocInfo
    path: str
    pages: tuple[PageFacts, ...]
    attachments: tuple[str, ...]
    signatures: str | None


@dataclass(frozen=True, slots=True)
class OfdFacts:
    """What an OFD is; several documents are rare."""

    documents: tuple[DocumentFacts, ...]


def look_inside(isolation: Isolation, ofd: FileBytes) -> OfdFacts:
    """
    Raises:
        signing.errors.OfdRefused: `ofd-…`.
        core.errors.LimitExceeded: `too-large`.
        core.errors.Unavailable: `isolation-failed`.
    """
    return asked(isolation, FACTS, ofd)


def look_for_words(
    isolation: Isolation,
    ofd: FileBytes,
    text: str,
    *,
    document: int = 0,
    pages: tuple[int, ...] | None = None,
    most: int = MOST_PLACES,
) -> tuple[WordPlace, ...]:
    """Where words stand, in millimetres from each page's top left corner.

    Args:
        document: from 0.
        pages: to look on, from 1; all of them if it is left out.

    Raises:
        signing.errors.OfdRefused: `ofd-…`; `ofd-page` for a page or document that is not there.
        core.errors.LimitExceeded: `too-large`.
        core.errors.Unavailable: `isolation-failed`.
    """
    return asked(isolation, WORDS, ofd, text, document, pages, most)


def asked(isolation: Isolation, task: Task[Answer], ofd: FileBytes, *arguments: object) -> Answer:
    """As `isolation.ask`, with what is too much for a cell told of an OFD.

    Raises:
        signing.errors.OfdRefused
        core.errors.LimitExceeded
        core.errors.Unavailable
    """
    if len(ofd) > LARGEST_PACKAGE:
        raise too_large(LARGEST_PACKAGE)
    try:
        return isolation.ask(task, ofd, *arguments)
    except CellEnded:
        raise too_complex() from None


def facts_of(content: FileBytes) -> OfdFacts:
    """Inside the cell."""
    with refusing():
        package, budget = read_package(content[:]), Budget(MOST_THINGS)
        return OfdFacts(tuple(_facts(package, one) for one in read_documents(package, budget)))


def words_in(content: FileBytes, text: str, document: int, pages: tuple[int, ...] | None, most: int) -> Words:
    """Inside the cell."""
    with refusing():
        package, budget = read_package(content[:]), Budget(MOST_THINGS)
        documents = read_documents(package, budget)
        if not 0 <= document < len(documents):
            raise PackageRefused("page", "no such document")
        return find_words(package, documents[document], text, pages=pages, most=most, budget=budget)


def _facts(package: Package, document: Document) -> DocumentFacts:
    pages = (PageFacts(entry.id, area_of(package, document, number)) for number, entry in enumerate(document.pages, 1))
    names = tuple(one.name for one in document.attachments)
    return DocumentFacts(document.info, document.path, tuple(pages), names, document.signatures)


Words = tuple[WordPlace, ...]
FACTS = Task(facts_of, OfdFacts)
WORDS: Task[Words] = Task(words_in, Words)
