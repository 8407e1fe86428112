"""Makes a licence file: face and metadata rendered to PDF/A-3, then sealed with the issuing authority's seal.

An original of a type that is issued in both forms is made as OFD (GB/T 33190) of the very same face too, before
either is sealed: what cannot be had in both is not issued in one. Where the OFD is issued alone, the PDF that it was
made of is not sealed and not kept. Copies are PDF, whatever the original is.
"""

from __future__ import annotations

import hashlib

from certstore.face import FaceSource, face_json, face_metadata
from certstore.metadata import custom_data, to_xml
from certstore.model import FileForms, LicenceType
from certstore.ports import LicenceSealer, OfdAbout, OfdMaker, Renderer, SealedFile
from core.clock import calendar_day
from core.errors import InvalidInput, Unavailable
from core.principal import Principal, PrincipalKind
from core.text import Text

REPOSITORY = Principal(PrincipalKind.SYSTEM, "licence-repository")
"""Who seals copies and taken-over records: the repository, under a grant that each seal's custodian gives it and can
take back."""


class FileMaker:
    """Renders and seals.

    Args:
        verify_address: public address of verification; the QR code says it with `?code=` and a random code, and
            never a person's data.
        ofd: None where this service makes none.
    """

    def __init__(
        self, renderer: Renderer, sealer: LicenceSealer, verify_address: str, ofd: OfdMaker | None = None
    ) -> None:
        self._ofd = ofd
        self._renderer = renderer
        self._sealer = sealer
        self._verify_address = verify_address

    async def make(
        self,
        source: FaceSource,
        *,
        verification_code: str,
        sealed_for: Principal,
        seal_code: str | None = None,
        sealed_before: str | None = None,
    ) -> SealedFile:
        """
        Args:
            seal_code: one of the issuing authority's seals; its official one when None.
            sealed_before: id of the seal on the version before, to be used again where it can be.

        Raises:
            core.errors.InvalidInput: `glyph-missing`.
            core.errors.NotPermitted: `sealed_for` may not use the issuing authority's seal.
            core.errors.Conflict: `seal-form-missing`: it is to be an OFD, and the seal has no national form.
            core.errors.Unavailable: nothing was made.
        """
        made_at = source.note.made_at if source.note else source.version.issued_at
        rendered = await self._renderer.render(
            source.licence_type.template,
            face_json(source),
            metadata=to_xml(face_metadata(source)),
            qr_text=f"{self._verify_address}?code={verification_code}",
            made_at=made_at,
        )
        ofd = await self._as_ofd(source, rendered.content)
        alone = ofd is not None and source.licence_type.file_forms is FileForms.OFD
        return await self._sealer.seal(
            None if alone else rendered.content,
            organisation=source.issuer,
            licence_id=source.version.licence_id,
            actor=sealed_for,
            placement=rendered.seal_anchor,
            seal_code=seal_code,
            sealed_before=sealed_before,
            ofd=ofd,
        )

    async def _as_ofd(self, source: FaceSource, pdf: bytes) -> bytes | None:
        if source.note is not None or "ofd" not in source.licence_type.file_forms.files:
            return None
        if self._ofd is None:
            raise _no_ofd()
        metadata = face_metadata(source)
        about = OfdAbout(
            # another version of the licence is another document
            doc_id=hashlib.sha256(f"ofd:{metadata.identifier}".encode()).hexdigest()[:32],
            title=metadata.title,
            author=metadata.issuer_name,
            created=calendar_day(source.version.issued_at),
            custom=custom_data(metadata),
        )
        return await self._ofd.make(pdf, about)

    async def has_seal(self, issuer: str, seal_code: str) -> bool:
        """Whether the authority has an active seal of this code for its licences."""
        return await self._sealer.has(issuer, seal_code)

    async def require_forms(self, licence_type: LicenceType) -> None:
        """Whether licences of the type can be issued in what it names; nothing new is issued of a retired one.

        An authority that has no seal yet is not asked: it can issue nothing, and gets a seal in both forms or learns
        at the first licence what is missing.

        Raises:
            core.errors.InvalidInput: `file-forms-not-possible`: no seal of an issuing authority has a national form.
            core.errors.Unavailable: `ofd-not-made`.
        """
        if licence_type.retired or "ofd" not in licence_type.file_forms.files:
            return
        if self._ofd is None:
            raise _no_ofd()
        without = [issuer for issuer in licence_type.issuers if await self._sealer.stamps(issuer) is False]
        if without:
            codes = ", ".join(without)
            raise InvalidInput(
                "file-forms-not-possible",
                Text(
                    f"签发 OFD 要有国密形式的印章，而这些颁发机构的印章没有：{codes}。"
                    "请印章保管人先加做国密形式，或改为只签发 PDF。",
                    f"An OFD takes a seal in its national form, and these issuing authorities have none: {codes}. Ask "
                    "the custodians of their seals to add it first, or choose PDF alone.",
                ),
                field="file_forms",
            )


def _no_ofd() -> Unavailable:
    return Unavailable(
        "ofd-not-made",
        Text("本服务没有配置 OFD 制作，请改为只签发 PDF。", "This service makes no OFD. Choose PDF alone."),
    )
