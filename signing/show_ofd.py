"""Shows an OFD to people: its pages as a PDF that can be drawn, with a notice of what is not shown as it is."""

from __future__ import annotations

from core.files.scratch import FileBytes
from signing.isolation.port import Isolation
from signing.ofd.look_inside import OfdFacts, asked, look_for_words, look_inside
from signing.ofd.show.write_pdf import SHOW, Shown
from signing.ofd.words import WordPlace
from signing.work_pool import WorkPool


class ShowOfd:
    """Nothing is kept; the file is read in a process apart."""

    def __init__(self, pool: WorkPool, isolation: Isolation) -> None:
        self._pool = pool
        self._isolation = isolation

    async def __call__(self, ofd: FileBytes, *, first: int = 1, pages: int = 5, document: int = 0) -> Shown:
        """Some pages, as well as they can be shown.

        Args:
            first: from 1.
            document: from 0, where a package holds several.

        Raises:
            signing.errors.OfdRefused: `ofd-…`.
            core.errors.LimitExceeded: `too-large`, `busy`.
            core.errors.Unavailable: `isolation-failed`.
        """
        return await self._pool.lane(len(ofd)).run(asked, self._isolation, SHOW, ofd, document, first, pages)

    async def facts(self, ofd: FileBytes) -> OfdFacts:
        """What documents there are, and how large their pages.

        Raises:
            As `__call__`.
        """
        return await self._pool.lane(len(ofd)).run(look_inside, self._isolation, ofd)

    async def find(self, ofd: FileBytes, text: str, *, document: int = 0) -> tuple[WordPlace, ...]:
        """Where words stand, in millimetres from each page's top left corner.

        Raises:
            As `__call__`.
        """

        def look() -> tuple[WordPlace, ...]:
            return look_for_words(self._isolation, ofd, text, document=document)

        return await self._pool.lane(len(ofd)).run(look)
