"""Pictures of an OFD's pages for people to look at, with what they should know about them."""

from __future__ import annotations

from dataclasses import dataclass

from api.web.pdf_pages import MAX_PAGES, Pictures, draw
from core.files.scratch import FileBytes
from core.text import Text
from signing.ofd.package import is_package
from signing.show_ofd import ShowOfd


@dataclass(frozen=True, slots=True)
class OfdPictures:
    """
    Attributes:
        notices: what is not shown as it is, to be read beside the pictures.
    """

    pictures: Pictures
    notices: tuple[Text, ...]


async def draw_ofd(
    show: ShowOfd, ofd: FileBytes, *, first: int = 1, pages: int = MAX_PAGES, document: int = 0
) -> OfdPictures:
    """Draw pages, from `first` (counted from 1): as `pdf_pages.draw` does with a PDF.

    Raises:
        signing.errors.OfdRefused: `ofd-…`.
        core.errors.LimitExceeded: `too-large`, `busy`.
        core.errors.Unavailable: `isolation-failed`.
    """
    shown = await show(ofd, first=first, pages=pages, document=document)
    drawn = await draw(shown.pdf, first=1, pages=pages)
    notices = tuple(note.text for note in shown.notes)
    return OfdPictures(Pictures(drawn.pages, drawn.sizes, shown.pages if drawn.pages else 0), notices)


async def draw_document(show: ShowOfd, content: FileBytes, *, first: int = 1, pages: int = MAX_PAGES) -> Pictures:
    """Pages of a PDF or of an OFD, whichever it is.

    Raises:
        As `draw_ofd`, of an OFD; a PDF that cannot be drawn has no pictures.
    """
    if is_package(content):
        return (await draw_ofd(show, content, first=first, pages=pages)).pictures
    return await draw(content, first=first, pages=pages)
