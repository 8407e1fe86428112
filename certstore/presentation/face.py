"""How much of a licence's face is shown: the minimum that answers "may this person rely on it today", or all of it."""

from __future__ import annotations

from certstore.codes import HolderCode
from certstore.face import FaceSource, face_rows
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, Licence, LicenceType
from certstore.ports import OrganisationDirectory
from certstore.presentation.model import Extent, ShownFace
from certstore.repository import Repository
from certstore.schema import face_fields
from certstore.status import Status, status_today
from core.db.database import ReadTx
from core.text import Text


async def shown_face(
    tx: ReadTx,
    repository: Repository,
    organisations: OrganisationDirectory,
    licence: Licence,
    holder: HolderCode,
    extent: Extent,
) -> tuple[ShownFace, tuple[str, ...]]:
    """The face for a reader, and the names of the fields that it gives out.

    Of a licence that is not valid today nothing is told but that: there is nothing to rely on.
    """
    licence_type = await repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
    assert licence_type is not None
    issuer_name = await organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer)
    status, version = status_today(licence, repository.today()), licence.current
    valid, full = status is Status.VALID, extent is Extent.FULL
    face = ShownFace(
        type_code=licence.type_code,
        type_name=licence_type.name,
        issuer=licence.issuer,
        issuer_name=issuer_name,
        status=status,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        name=name_of(licence, holder) if valid else None,
        identifier=version.identifier if valid and full else None,
        rows=_rows(licence, licence_type, issuer_name) if valid and full else (),
    )
    return face, _given(licence, licence_type, extent) if valid else ()


def name_of(licence: Licence, holder: HolderCode) -> str:
    """The name of the one holder who shows it: co-owners are nobody's business."""
    return next(one.name for one in licence.current.holders if one.code == holder)


def _rows(licence: Licence, licence_type: LicenceType, issuer_name: Text) -> tuple[tuple[Text, str], ...]:
    source = FaceSource(licence_type, licence.current, licence.issuer, issuer_name, "")
    rows = [(row.title, f"{row.value or ''}{row.unit}") for row in face_rows(source) if row.name != "validity"]
    return (*rows, (Text("证照编号", "Licence number"), licence.current.licence_number))


def _given(licence: Licence, licence_type: LicenceType, extent: Extent) -> tuple[str, ...]:
    if extent is Extent.MINIMAL:
        return (HOLDER_NAME,)
    data = licence.current.data
    own = tuple(field.name for field in face_fields(licence_type.schema) if field.name in data)
    return (HOLDER_NAME, HOLDER_CODE, NUMBER, *own)
