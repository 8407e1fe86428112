"""Tables of the e-seal service."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Float, ForeignKey, Integer, LargeBinary, String, Table, Text

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

seal = Table(
    "seal",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("code", String(13), nullable=False, unique=True),
    Column("organisation", String(18), nullable=False, index=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("certificates", LargeBinary, nullable=False),  # DER, one after the other
    Column("certificate_digest", String(64), nullable=False, unique=True),
    Column("key_purpose", String(128), nullable=False),
    Column("diameter_mm", Float, nullable=False),
    Column("image_svg", Text, nullable=False),
    Column("image_content", LargeBinary, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)

# every certificate that a seal has or had: what it signed under a former one stays its own
seal_certificate = Table(
    "seal_certificate",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("since", UtcDateTime, nullable=False),
)

seal_grant = Table(
    "seal_grant",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("grantee_kind", String(16), nullable=False),
    Column("grantee", String(128), nullable=False),
    Column("document_classes", JSON, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("granted_by", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

seal_signature = Table(
    "seal_signature",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("actor_organisation", String(18)),
    Column("document_class", String(64), nullable=False),
    Column("reason", String(200)),
    Column("digest_before", String(64), nullable=False),
    Column("digest_after", String(64), nullable=False, index=True),
    Column("level", String(16), nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("document", String(128), info={DOCUMENT_ADDRESS: True}),
    Column("certificate", String(64)),  # none before the public log was there
)
