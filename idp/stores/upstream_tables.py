"""Tables of the upstream log-in. Subjects and sids of providers are kept as keyed names only."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from core.tables import UtcDateTime, metadata

upstream_provider = Table(
    "upstream_provider",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("issuer", String(512), nullable=False, unique=True),
    Column("client_id", String(255), nullable=False),
    Column("auth_method", String(32), nullable=False),
    Column("secret_sealed", LargeBinary),
    Column("trust", String(16), nullable=False),
    Column("terms", JSON, nullable=False),  # scopes, mapping, algorithms and the like
    Column("status", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# The two constraints are the rule: an identity has one account, an account one identity at a provider.
upstream_link = Table(
    "upstream_link",
    metadata,
    Column("provider_id", ForeignKey("upstream_provider.id"), primary_key=True),
    Column("subject", String(43), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    UniqueConstraint("provider_id", "account_id"),
)

# Whoever unlinked a provider is not found by it again, until they link it themselves.
upstream_bar = Table(
    "upstream_bar",
    metadata,
    Column("provider_id", ForeignKey("upstream_provider.id"), primary_key=True),
    Column("account_id", String(40), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

upstream_session = Table(
    "upstream_session",
    metadata,
    Column("session_id", ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    Column("provider_id", ForeignKey("upstream_provider.id"), primary_key=True),
    Column("subject", String(43), nullable=False),
    Column("sid", String(43)),
    Column("id_token_sealed", LargeBinary, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Index(None, "provider_id", "subject"),
    Index(None, "provider_id", "sid"),
)
