"""Tables of the e-licence repository. Columns ending in `_enc` are encrypted, those in `_index` are blind indexes."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    false,
)

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

licence_type = Table(
    "licence_type",
    metadata,
    Column("code", String(21), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("authority", String(18), nullable=False),
    Column("issuers", JSON, nullable=False),
    Column("holder_kind", String(16), nullable=False),
    Column("colour", String(8), nullable=False),
    Column("schema", JSON, nullable=False),
    Column("validity", String(16), nullable=False),
    Column("validity_amount", Integer, nullable=False),
    Column("sharing", String(16), nullable=False),
    Column("template", String(40), nullable=False),
    Column("one_per_holder", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("rules", JSON, nullable=False, server_default="{}"),  # several holders, inspection, profile, numbering
)

service_item = Table(
    "service_item",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("department", String(18), nullable=False),
)

item_material = Table(
    "item_material",
    metadata,
    Column("item", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("types", JSON, nullable=False),
    Column("condition_zh", String(500)),
    Column("condition_en", String(500)),
    Column("conditions", JSON, nullable=False, server_default="[]"),
    ForeignKeyConstraint(["item"], ["service_item.code"]),
)

consumer_grant = Table(
    "consumer_grant",
    metadata,
    Column("organisation", String(18), primary_key=True),
    Column("service_item", String(64), primary_key=True),
    Column("type_code", String(21), primary_key=True),
    Column("fields", JSON, nullable=False),
    Column("basis", String(500), nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("hourly", Integer),
    Column("daily", Integer),
)

licence = Table(
    "licence",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("type_code", String(21), nullable=False),
    Column("issuer", String(18), nullable=False),
    Column("state", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),  # number of the current version
    Column("verification_code", String(64), nullable=False, unique=True),
    Column("number_index", LargeBinary, nullable=False, index=True),
    Column("inspected_until", Date),
    Column("lapses_on", Date, index=True),  # last day of what still runs out by date; None once that is written down
    Index("ix_licence_inspection", "issuer", "type_code", "inspected_until"),
    Index("ix_licence_of_issuer", "issuer", "id"),
    Index("ix_licence_of_issuer_by_state", "issuer", "state", "id"),
    Index("ix_licence_of_issuer_by_last_day", "issuer", "lapses_on", "id"),
)

licence_version = Table(
    "licence_version",
    metadata,
    Column("licence_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("identifier", String(140), nullable=False, unique=True),
    Column("type_version", Integer, nullable=False),
    Column("number_enc", LargeBinary, nullable=False),
    Column("data_enc", LargeBinary, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("trust", String(1), nullable=False, server_default="A"),
    Column("based_on", String(140)),
    Column("made_by", String(20), nullable=False, server_default="issue"),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)

licence_holder = Table(
    "licence_holder",
    metadata,
    Column("licence_id", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("role", String(40), nullable=False),
    Column("code_kind", String(8), nullable=False),
    Column("code_index", LargeBinary, nullable=False, index=True),
    Column("code_enc", LargeBinary, nullable=False),
    Column("name_enc", LargeBinary, nullable=False),
    ForeignKeyConstraint(["licence_id", "version"], ["licence_version.licence_id", "licence_version.number"]),
)

# One mark per holder and type that can be held only once, and the blind indexes of its holder under every accepted key:
# the database itself keeps a second mark out, also while one index key gives way to the next.
licence_mark = Table(
    "licence_mark",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    ForeignKeyConstraint(
        ["licence_id", "version", "position"],
        ["licence_holder.licence_id", "licence_holder.version", "licence_holder.position"],
    ),
    Index(None, "licence_id"),
)

licence_mark_index = Table(
    "licence_mark_index",
    metadata,
    Column("type_code", String(21), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("mark_id", String(40), nullable=False, index=True),
    ForeignKeyConstraint(["mark_id"], ["licence_mark.id"]),
)

licence_event = Table(
    "licence_event",
    metadata,
    Column("licence_id", String(40), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),  # the revision that it made
    Column("event", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("organisation", String(18)),
    Column("reason_enc", LargeBinary, nullable=False),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)

licence_file = Table(
    "licence_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("content", String(128), nullable=False, info={DOCUMENT_ADDRESS: True}),  # of the encrypted bytes
    Column("sha256", String(64), nullable=False, unique=True),  # of the sealed file itself
    Column("size", Integer, nullable=False),
    Column("seal_id", String(64), nullable=False),
    Column("signature_id", String(64), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
)

licence_copy = Table(
    "licence_copy",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("licence_id", String(40), nullable=False, index=True),
    Column("file_id", String(40), nullable=False, unique=True),
    Column("organisation", String(18), nullable=False),
    Column("service_item", String(64), nullable=False),
    Column("case_number", String(64), nullable=False),
    Column("basis", String(200), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("consent_id", String(40)),
    Column("expires_on", Date, nullable=False),
    Column("verification_code", String(64), nullable=False, unique=True),
    Column("made_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["licence_id"], ["licence.id"]),
    ForeignKeyConstraint(["file_id"], ["licence_file.id"]),
)

consent = Table(
    "consent",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", String(128), nullable=False),
    Column("organisation", String(18), nullable=False),
    Column("holder_kind", String(8), nullable=False),
    Column("holder_index", LargeBinary, nullable=False, index=True),
    Column("holder_enc", LargeBinary, nullable=False),
    Column("type_code", String(21), nullable=False),
    Column("service_item", String(64), nullable=False),
    Column("case_number", String(64), nullable=False),
    Column("basis", String(200), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("days", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decide_by", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("withdrawn_at", UtcDateTime),
    Column("licence_id", String(40)),
    Column("last_day", Date),
    Column("uses", Integer, nullable=False),
    Column("bundle", String(40), index=True),
    Column("max_uses", Integer),
    Column("decided_by", String(128)),
    Column("authority", String(40)),
)

access_record = Table(
    "access_record",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("holder_kind", String(8), nullable=False),
    Column("holder_index", LargeBinary, nullable=False, index=True),
    Column("holder_enc", LargeBinary),  # to make the index anew; rows of earlier releases have none
    Column("licence_id", String(40)),
    Column("type_code", String(21)),
    Column("look", String(20), nullable=False),
    Column("organisation", String(18)),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("actor_name_enc", LargeBinary),
    Column("service_item", String(64)),
    Column("case_number", String(64)),
    Column("basis", String(200)),
    Column("fields", JSON, nullable=False),
    Column("consent_id", String(40)),
    Column("at", UtcDateTime, nullable=False),
    Column("about_other", Boolean, nullable=False, server_default=false()),
)

CURRENT_VERSION = and_(licence_version.c.licence_id == licence.c.id, licence_version.c.number == licence.c.version)
"""Joins a licence with the version that counts now."""
