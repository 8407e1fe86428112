"""Tables of the change feed and of those who are told. The feed holds ids and states, nothing about people."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from core.tables import UtcDateTime, metadata

# Written in the unit of the event it tells of. `position` comes later, in the order of `id`, when it is committed for
# sure: were it given at once, a reader could pass a change by that is committed after a later one.
licence_change = Table(
    "licence_change",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("position", BigInteger, unique=True),
    Column("licence_id", String(40), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("event", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("identifier", String(140), nullable=False),
    Column("type_code", String(21), nullable=False),
    Column("issuer", String(18), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_licence_change_type_code_position", "type_code", "position"),
    Index("ix_licence_change_issuer_position", "issuer", "position"),
)

change_feed = Table(
    "change_feed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("last_position", BigInteger, nullable=False),
    Column("removed_until", BigInteger, nullable=False),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("organisation", String(18), nullable=False, index=True),
    Column("owner", String(128), nullable=False),
    Column("name", String(100), nullable=False),
    Column("address", String(2048), nullable=False),
    Column("types", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cursor", BigInteger, nullable=False),
    Column("singly_until", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("last_result", String(60), nullable=False),
    Column("tried_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("failing_since", UtcDateTime),
    Column("letters_due", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("leased_by", String(40)),
    Column("leased_until", UtcDateTime),
)

subscription_secret = Table(
    "subscription_secret",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("key_id", String(40), primary_key=True),
    Column("secret_enc", LargeBinary, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

subscription_letter = Table(
    "subscription_letter",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("licence_id", String(40), nullable=False),
    Column("result", String(60), nullable=False),
    Column("died_at", UtcDateTime, nullable=False),
    Column("again", Boolean, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
    Index("ix_subscription_letter_subscription_id_licence_id", "subscription_id", "licence_id"),
)

subscription_day = Table(
    "subscription_day",
    metadata,
    Column("subscription_id", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("delivered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("dead", Integer, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
