"""Makes an OFD of a PDF (GB/T 33190-2016), the same to the eye and to a search, or says why not."""

from __future__ import annotations

from core.files.scratch import FileBytes
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.ofd.from_pdf.convert import MAKE_OFD, MadeOfd, OfdWords
from signing.settings import SigningSettings
from signing.work_pool import WorkPool


class ConvertPdf:
    """Nothing is kept; the file is read in a process apart."""

    def __init__(self, pool: WorkPool, isolation: Isolation, settings: SigningSettings) -> None:
        self._pool = pool
        self._isolation = isolation
        self._settings = settings

    async def __call__(self, pdf: FileBytes, words: OfdWords | None = None) -> MadeOfd:
        """
        Args:
            words: what the package says of itself, where that is not what the PDF says.

        Raises:
            PdfRefused: `pdf-not-convertible`, which names every reason; or the file is damaged, encrypted, active.
            core.errors.LimitExceeded: `too-large`, `busy`.
            core.errors.Unavailable: `isolation-failed`.
        """
        lane = self._pool.lane(len(pdf))
        limit = self._settings.max_pdf_bytes
        return await lane.run(ask, self._isolation, MAKE_OFD, pdf, words or OfdWords(), limit)
