"""What stands on a licence's face, as its holder's and its issuer's pages tell it: numbers of people masked."""

from __future__ import annotations

from api.routes.pages.states import until_words
from certstore.codes import mask_code
from certstore.face import VALIDITY, FaceRow, FaceSource, face_rows
from certstore.model import HOLDER_CODE, LicenceVersion
from certstore.read import LicenceView
from core.text import Text


def face_values(found: LicenceView) -> tuple[tuple[Text, Text], ...]:
    """Titles and values in the order of the face. Values are as printed, but the validity is told in both languages."""
    licence = found.licence
    source = FaceSource(found.licence_type, licence.current, licence.issuer, found.issuer_name, "")
    return tuple((row.title, _value(row, licence.current)) for row in face_rows(source))


def validity_words(version: LicenceVersion) -> Text:
    """`2026-11-26 至 2027-11-25`."""
    until = until_words(version.valid_until)
    return Text(f"{version.valid_from} 至 {until.zh}", f"{version.valid_from} to {until.en}")


def _value(row: FaceRow, version: LicenceVersion) -> Text:
    if row.name == VALIDITY:
        return validity_words(version)
    if row.name == HOLDER_CODE:
        masked = "、".join(mask_code(holder.code) for holder in version.holders)
        return Text(masked, masked)
    printed = f"{row.value or ''}{row.unit}"
    return Text(printed, printed)
