"""Makes a licence file: face and metadata rendered to PDF/A-3, then sealed with the issuing authority's seal.

An original of a type that is issued in both forms is made as OFD (GB/T 33190) of the very same face too, before
either is sealed: what cannot be had in both is not issued in one.
"""

from __future__ import annotations

import hashlib

from certstore.face import FaceSource, face_json, face_metadata
from certstore.metadata import custom_data, to_xml
from certstore.model import FileForms
from certstore.ports import LicenceSealer, OfdAbout, OfdMaker, Renderer, SealedFile
from core.clock import calendar_day
from core.errors import Unavailable
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
            core.errors.Conflict: `seal-form-missing`: it is to be an OFD too, and the seal has no national form.
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
        return await self._sealer.seal(
            rendered.content,
            organisation=source.issuer,
            licence_id=source.version.licence_id,
            actor=sealed_for,
            placement=rendered.seal_anchor,
            seal_code=seal_code,
            sealed_before=sealed_before,
            ofd=await self._as_ofd(source, rendered.content),
        )

    async def _as_ofd(self, source: FaceSource, pdf: bytes) -> bytes | None:
        if source.note is not None or source.licence_type.file_forms is not FileForms.BOTH:
            return None
        if self._ofd is None:
            raise Unavailable("ofd-not-made", Text("本服务没有配置 OFD 制作。", "This service makes no OFD."))
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
