"""What passkeys and certificates of people have sealed: their names, for re-encryption."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.db.walk import Walk
from idp.factors.certificates.model import certificate_name_context
from idp.factors.passkeys.model import name_context
from idp.stores.key_tables import passkey, person_certificate
from keys.ports import FieldCipher
from keys.reencrypt.ports import Collection
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import PEOPLE


def key_name_collections(database: Database, fields: FieldCipher) -> Sequence[Collection]:
    """For re-encryption, and for whoever wants to destroy a key."""
    passkeys = SealedColumn("name", fields, lambda row: name_context(row["id"]))
    certificates = SealedColumn("name", fields, lambda row: certificate_name_context(row["id"]))
    return (
        SealedRows(database, Walk(passkey), "passkey", (PEOPLE,), [passkeys]),
        SealedRows(database, Walk(person_certificate), "person_certificate", (PEOPLE,), [certificates]),
    )
