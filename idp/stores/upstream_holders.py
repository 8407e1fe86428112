"""What the upstream log-in stores under keys: secrets at providers, and the ID tokens that they signed."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from core.db.walk import Walk
from idp.stores.upstream_tables import upstream_provider, upstream_session
from idp.upstream.begin import id_token_context
from idp.upstream.credentials import secret_context
from keys.ports import FieldCipher
from keys.reencrypt.ports import Collection
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import PEOPLE


def upstream_collections(database: Database, fields: FieldCipher) -> Sequence[Collection]:
    """For re-encryption, and for whoever wants to destroy a key."""
    secret = SealedColumn("secret_sealed", fields, lambda row: secret_context(row["id"]))
    id_token = SealedColumn(
        "id_token_sealed", fields, lambda row: id_token_context(row["session_id"], row["provider_id"])
    )
    return (
        SealedRows(database, Walk(upstream_provider), "upstream_provider", (PEOPLE,), [secret]),
        SealedRows(database, Walk(upstream_session), "upstream_session", (PEOPLE,), [id_token]),
    )
