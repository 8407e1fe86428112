"""Tables of the keys that people hold: passkeys and certificates."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, LargeBinary, String, Table

from core.tables import UtcDateTime, metadata

# The unique credential is the rule: a passkey has one holder (WebAuthn L3 §7.1 step 26).
passkey = Table(
    "passkey",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("user_handle", LargeBinary, nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("model", String(200)),
    Column("sign_count", BigInteger, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("bound", Boolean, nullable=False),
    Column("transports", JSON, nullable=False),
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

person_certificate = Table(
    "person_certificate",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("thumbprint", String(43), nullable=False, unique=True),
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("issuer", String(200), nullable=False),
    Column("bound", Boolean, nullable=False),
    Column("not_after", UtcDateTime, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)
