"""Seals a file by what it is: a PDF, or an OFD with the national form of the seal. The first octets decide."""

from __future__ import annotations

from core.errors import InvalidInput
from core.files.scratch import FileBytes
from core.text import Text
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.locks import Certification
from signing.model import SealedOfd, SealedPdf, SealOfdCommand, SealPdfCommand
from signing.ofd.look_inside import asked
from signing.ofd.package import is_package
from signing.ofd.seal.plan import CHECK_OFD
from signing.pades.intake import CHECK
from signing.ports import PartOfMore
from signing.profiles import PdfProfile
from signing.seal_ofd import SealOfd
from signing.seal_pdf import SealPdf

Sealed = SealedPdf | SealedOfd


def check_sealable(isolation: Isolation, content: FileBytes, limit: int) -> None:
    """Whether a file can be sealed at all; on the calling thread, which waits.

    Raises:
        PdfRefused, OfdRefused: it cannot.
        core.errors.LimitExceeded: `too-large`.
        core.errors.Unavailable: `isolation-failed`.
    """
    if not is_package(content):
        ask(isolation, CHECK, content, limit)
        return
    asked(isolation, CHECK_OFD, content, limit)


class SealFile:
    """For callers who take both kinds."""

    def __init__(self, seal_pdf: SealPdf, seal_ofd: SealOfd) -> None:
        self._seal_pdf = seal_pdf
        self._seal_ofd = seal_ofd

    async def __call__(self, command: SealPdfCommand, *, part: PartOfMore | None = None) -> Sealed:
        """
        Args:
            command: its `pdf` may be an OFD.

        Raises:
            core.errors.InvalidInput: `ofd-notes`, `ofd-locks`, `ofd-profile`: an OFD has no place for what was wished.
            core.errors.AppError: as `SealPdf` or `SealOfd`.
        """
        if is_package(command.pdf):
            return await self._seal_ofd(_of_ofd(command), part=part)
        return await self._seal_pdf(command, part=part)


def _of_ofd(command: SealPdfCommand) -> SealOfdCommand:
    if command.location or command.contact:
        raise InvalidInput(
            "ofd-notes",
            Text(
                "OFD 签章里没有写地点和联系方式的地方，文件没有改动。请去掉这两项再盖。",
                "The signature of an OFD has no place for a location or a contact; nothing was sealed. Leave them out.",
            ),
            field="location" if command.location else "contact",
        )
    if command.profile not in (None, PdfProfile.SM2_SEAL):
        raise InvalidInput(
            "ofd-profile",
            Text(
                "OFD 只有国密签章一种形式，文件没有改动。请不要指定形式，或另盖 PDF。",
                "An OFD is sealed in one form, the national stamp; nothing was sealed. Name no form, or seal a PDF.",
            ),
            field="profile",
        )
    locks = command.locks
    if locks.fields is not None or locks.certify not in (None, Certification.NOTHING):
        raise InvalidInput(
            "ofd-locks",
            Text(
                "OFD 只能整个锁定（不许再签章），不能按表单域锁定，文件没有改动。请选不许任何改动，或不锁定。",
                "An OFD is closed as a whole or not at all: it has no form fields to lock. Nothing was sealed. Choose "
                "that nothing may change, or no lock.",
            ),
            field="lock" if locks.fields is not None else "certify",
        )
    return SealOfdCommand(
        ofd=command.pdf,
        seal_id=command.seal_id,
        actor=command.actor,
        document_class=command.document_class,
        placement=command.placement,
        reason=command.reason,
        idempotency_key=command.idempotency_key,
        keep=command.keep,
        level=command.level,
        level_policy=command.level_policy,
        request_id=command.request_id,
        closed=locks.certify is Certification.NOTHING,
    )
