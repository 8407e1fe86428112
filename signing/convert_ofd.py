"""Makes a PDF of an OFD, the same to the eye and to a search, or says why not.

What is shown on a screen may be told of in a notice; a file that is handed on must be what it says it is. So anything
that cannot be shown faithfully is a refusal, but for typefaces that are not in the file where the caller accepts ours.
The signatures of the OFD do not go with it: a PDF that was made of it is another document.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.files.scratch import FileBytes
from core.text import Text
from signing.errors import OfdRefused
from signing.isolation.port import Isolation
from signing.ofd.look_inside import asked
from signing.ofd.read_document import MOST_PAGES
from signing.ofd.show.notes import Note, beside_fonts
from signing.ofd.show.write_pdf import SHOW
from signing.work_pool import WorkPool

_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class MadePdf:
    """Attributes:
    notes: typefaces that ours stand in for, where that was accepted.
    """

    pdf: bytes = field(repr=False)
    pages: int
    notes: tuple[Note, ...]


class ConvertOfd:
    """Nothing is kept; the file is read in a process apart."""

    def __init__(self, pool: WorkPool, isolation: Isolation) -> None:
        self._pool = pool
        self._isolation = isolation

    async def __call__(self, ofd: FileBytes, *, accept_fonts: bool = False, document: int = 0) -> MadePdf:
        """All pages.

        Args:
            accept_fonts: whether ours may stand in for typefaces that are not in the file.
            document: from 0, where a package holds several.

        Raises:
            signing.errors.OfdRefused: `ofd-not-convertible`, which names what cannot be shown as it is; `ofd-…`.
            core.errors.LimitExceeded: `too-large`, `busy`.
            core.errors.Unavailable: `isolation-failed`.
        """
        lane = self._pool.lane(len(ofd))
        shown = await lane.run(asked, self._isolation, SHOW, ofd, document, 1, MOST_PAGES)
        wrong = beside_fonts(shown.notes) if accept_fonts else shown.notes
        if wrong:
            raise _not_convertible(wrong, fonts_only=not beside_fonts(shown.notes))
        return MadePdf(shown.pdf, shown.pages, shown.notes)


def _not_convertible(notes: Sequence[Note], *, fonts_only: bool) -> OfdRefused:
    zh = "；".join(note.text.zh for note in notes[:_MOST_TOLD])
    en = "; ".join(note.text.en for note in notes[:_MOST_TOLD])
    more = ("", "") if len(notes) <= _MOST_TOLD else ("等", "; and more")
    way = (
        ("如果可以用相近的字体代替，请同意后再转。", "Accept similar typefaces, and it is converted.")
        if fonts_only
        else (
            "请用原来的软件导出 PDF，或者只在线查看。",
            "Export a PDF with the program that made it, or only look at it.",
        )
    )
    return OfdRefused(
        "ofd-not-convertible",
        Text(
            f"没有转换：转成 PDF 会和原来不一样。{zh}{more[0]}。{way[0]}",
            f"Not converted: a PDF would differ. {en}{more[1]}. {way[1]}",
        ),
        private=",".join(sorted({note.kind for note in notes})),
    )
