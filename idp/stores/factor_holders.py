"""What authenticator apps and recovery codes have sealed, for re-encryption."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.db.walk import Walk
from idp.factors.recovery.factor import codes_context
from idp.factors.totp.model import name_context, secret_context
from idp.stores.factor_tables import authenticator, recovery_codes
from keys.ports import FieldCipher
from keys.reencrypt.ports import Collection
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import PEOPLE


def factor_collections(database: Database, fields: FieldCipher) -> Sequence[Collection]:
    """For re-encryption, and for whoever wants to destroy a key."""
    apps = [
        SealedColumn("name", fields, lambda row: name_context(row["id"])),
        SealedColumn("secret", fields, lambda row: secret_context(row["id"])),
    ]
    codes = SealedColumn("content", fields, lambda row: codes_context(row["account_id"]))
    return (
        SealedRows(database, Walk(authenticator), "authenticator", (PEOPLE,), apps),
        SealedRows(database, Walk(recovery_codes), "recovery_codes", (PEOPLE,), [codes]),
    )
