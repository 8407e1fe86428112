"""Tables of the e-seal service."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

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
    Column("across_mm", Float),  # of pictures that are not as wide as they are high
    Column("image_svg", Text, nullable=False),
    Column("image_content", LargeBinary, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("design", JSON),
    Column("bearer", String(64)),
    Column("replaces", String(64)),
    Column("profile", String(16), nullable=False, server_default="international"),
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
    Column("grantee", String(128), nullable=False, index=True),
    Column("document_classes", JSON, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False),
    Column("granted_by", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("max_uses", Integer),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("approval", Boolean, nullable=False, server_default=false()),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(128)),
    Column("form", String(16), nullable=False, server_default="document"),
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
    Column("grant_id", String(64)),
    Column("request_id", String(64)),
    Column("form", String(16), nullable=False, server_default="document"),
    Column("signed_digest", String(160)),  # these two only where the document was not seen
    Column("document_name", String(200)),
    Column("sealed_as", String(16)),
)

seal_application = Table(
    "seal_application",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("organisation", String(18), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("code", String(13), nullable=False),
    Column("line", String(60), nullable=False),
    Column("diameter_mm", Float, nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("applicant_kind", String(16), nullable=False),
    Column("applicant", String(128), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("bearer", String(64)),
    Column("replaces", String(64)),
    Column("seal_id", String(64)),
    Column("shape", String(8)),  # none for those of before shapes: round
    Column("centre", String(8)),  # none for those of before: a star
    Column("numbered", Boolean),  # none for those of before: yes
    Column("scan", LargeBinary),  # the ink of a scanned impression
    Column("picture", String(64)),  # SHA-256 of what is asked for
    Column("profile", String(16), nullable=False, server_default="international"),
)

# every step of every seal, from its application on; rows are added and never changed
seal_event = Table(
    "seal_event",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("application_id", String(64), index=True),
    Column("seal_id", String(64), index=True),
    Column("event", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("actor_organisation", String(18)),
    Column("reason", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# a file that waits for a second person; the file goes when the request is over
seal_request = Table(
    "seal_request",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("seal_id", String(64), ForeignKey("seal.id"), nullable=False, index=True),
    Column("grant_id", String(64), nullable=False),  # a restore may take the grant away; then nothing rests on it
    Column("requester_kind", String(16), nullable=False),
    Column("requester", String(128), nullable=False),
    Column("requester_organisation", String(18)),
    Column("document_class", String(64), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("document", String(128), info={DOCUMENT_ADDRESS: True}),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("decided_by", String(128)),
    Column("decided_at", UtcDateTime),
    Column("answer", String(200)),
    Column("signature_id", String(64)),
    Column("form", String(16), nullable=False, server_default="document"),
    Column("signed_digest", String(160)),
    Column("document_name", String(200)),
)
