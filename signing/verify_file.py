"""Judges a file that somebody brings, whatever its name says it is: a PDF or an OFD, each by its own use case."""

from __future__ import annotations

from core.files.scratch import FileBytes
from signing.verification.kind import kind_of
from signing.verification.report import VerificationReport
from signing.verify_ofd import VerifyOfd
from signing.verify_pdf import VerifyPdf


class VerifyFile:
    """The one way in for files of strangers."""

    def __init__(self, pdf: VerifyPdf, ofd: VerifyOfd) -> None:
        self._pdf = pdf
        self._ofd = ofd

    async def __call__(self, content: FileBytes) -> VerificationReport:
        """
        Raises:
            core.errors.LimitExceeded: `busy`; the file was not looked at.
            core.errors.Unavailable: register or trust lists do not answer; nothing is said about the file.
        """
        return await (self._ofd if kind_of(content) == "ofd" else self._pdf)(content)
