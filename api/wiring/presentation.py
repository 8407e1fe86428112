"""Puts together how licences are shown, and how anybody learns their state."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.certstore import CertstoreGround, repository_of
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.presentation.kept import Kept
from certstore.presentation.offline import MakeSignedFace
from certstore.presentation.read_code import ReadCode
from certstore.presentation.show import ShowLicence
from certstore.presentation.signed import Declarations, PublishedKeysJudge
from certstore.status_publishing import StatusLists
from certstore.stores.status_entries import SqlStatusEntryStore
from certstore.uploads.qr_reader import ProcessQrReader
from certstore.uploads.verify_upload import VerifyUpload
from certstore.verify import VerifyLicence
from certstore.verify_file import VerifyLicenceFile
from keys.ports import FieldCipher, KeyProvider


@dataclass(frozen=True)
class PresentationServices:
    """The use cases of showing a licence, and what is published for those who check without asking."""

    holders: HolderDirectory
    show: ShowLicence
    read: ReadCode
    signed_face: MakeSignedFace
    judge: PublishedKeysJudge
    verify_upload: VerifyUpload
    declarations: Declarations
    status_lists: StatusLists


def compose_presentation(
    ground: CertstoreGround,
    *,
    short_lived: FieldCipher,
    provider: KeyProvider,
    verify: VerifyLicence,
    verify_file: VerifyLicenceFile,
    holders: HolderDirectory,
    organisations: OrganisationDirectory,
) -> PresentationServices:
    """Compose from ports.

    Args:
        short_lived: encrypts what lies in the key-value store for minutes.
        provider: the key ring: signs faces and lists.
    """
    repository = repository_of(ground)
    kept = Kept(ground.kv, short_lived, ground.digests, ground.clock)
    declarations = Declarations(provider)
    lists = StatusLists(repository, SqlStatusEntryStore(), holders, declarations, issuer=ground.issuer)
    judge = PublishedKeysJudge(declarations.keys, ground.issuer, ground.clock)
    return PresentationServices(
        holders=holders,
        show=ShowLicence(repository, holders, organisations, kept),
        read=ReadCode(repository, organisations, kept, ground.kv),
        signed_face=MakeSignedFace(repository, holders, organisations, lists, declarations, issuer=ground.issuer),
        judge=judge,
        verify_upload=VerifyUpload(
            ground.database,
            ground.clock,
            verify,
            verify_file,
            ProcessQrReader(),
            judge,
            issuer=ground.issuer,
        ),
        declarations=declarations,
        status_lists=lists,
    )
