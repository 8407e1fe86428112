"""Where two domains meet: each bridge serves a port that one domain owns with a use case of another."""

from __future__ import annotations

from api.wiring.idp import IdpServices
from api.wiring.signing import SigningServices
from certstore.codes import CITIZEN_ID, HolderCode
from certstore.ports import DocumentJudgement, HolderIdentity, SealAnchor, SealedFile
from core.errors import NotFound
from core.principal import Principal
from core.text import Text
from signing.model import Placement, SealPdfCommand

LICENCE_CLASS = "licence"


class DepartmentSealer:
    """`certstore.ports.LicenceSealer`: the issuing department's active official seal."""

    def __init__(self, signing: SigningServices) -> None:
        self._signing = signing

    async def seal(
        self, pdf: bytes, *, organisation: str, licence_id: str, actor: Principal, placement: SealAnchor
    ) -> SealedFile:
        seal = await self._signing.seals.active_seal_of(organisation)
        sealed = await self._signing.seal_pdf(
            SealPdfCommand(
                pdf=pdf,
                seal_id=seal.id,
                actor=actor,
                document_class=LICENCE_CLASS,
                placement=Placement(placement.page, placement.x_mm, placement.y_mm),
            )
        )
        return SealedFile(sealed.content, sealed.seal_id, sealed.signature_id)


class SigningDocumentJudge:
    """`certstore.ports.DocumentJudge`: the verdict on a file's seals."""

    def __init__(self, signing: SigningServices) -> None:
        self._signing = signing

    async def judge(self, content: bytes) -> DocumentJudgement:
        report = await self._signing.verify_pdf(content)
        trusted = next((signature for signature in report.signatures if signature.known_seal), None)
        return DocumentJudgement(
            conclusion=report.conclusion,
            indication=report.indication,
            sub_indication=report.sub_indication,
            organisation=trusted.organisation_code if trusted else None,
            signed_at=trusted.signed_at if trusted else None,
            embedded_files=report.embedded_files,
            signed_revision=report.signed_revision,
            report=report,
        )


class IdpHolderDirectory:
    """`certstore.ports.HolderDirectory`: accounts of natural persons."""

    def __init__(self, idp: IdpServices) -> None:
        self._directory = idp.directory

    async def of_account(self, account_id: str) -> HolderIdentity | None:
        try:
            person = await self._directory.person(account_id)
        except NotFound:
            return None
        return HolderIdentity(person.account_id, HolderCode(CITIZEN_ID, person.citizen_id.number), person.name)

    async def of_subject(self, client_id: str, subject: str) -> HolderIdentity | None:
        account_id = await self._directory.account_by_subject(client_id, subject)
        return await self.of_account(account_id) if account_id else None


class IdpOrganisationDirectory:
    """`certstore.ports.OrganisationDirectory`: registered names of organisations."""

    def __init__(self, idp: IdpServices) -> None:
        self._directory = idp.directory

    async def name(self, uscc: str) -> Text | None:
        organisation = await self._directory.organisation(uscc)
        return organisation.name if organisation else None
