"""Tables of the identity provider. Personal data are sealed; bearer values are kept as digests only."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from core.tables import UtcDateTime, metadata
from idp.model import ONE_FACTOR

account = Table(
    "account",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", LargeBinary),
    Column("name", LargeBinary, nullable=False),
    Column("phone", LargeBinary),
    Column("password_hash", String(255), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("status_reason", String(32), nullable=False, server_default=""),
    Column("merged_into", String(40), index=True),  # an account's id; a restore brings rows back in any order
)

# By what an account is found: one row for each identifier and accepted index key. The primary key keeps a second
# account with the same identifier out, also while one index key gives way to the next.
account_index = Table(
    "account_index",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Index(None, "account_id", "kind"),
)

organisation = Table(
    "organisation",
    metadata,
    Column("uscc", String(18), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("parent", String(18), index=True),  # an organisation's code; a restore brings rows back in any order
    Column("status", String(16), nullable=False, server_default="active"),
)

staff_role = Table(
    "staff_role",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("organisation", ForeignKey("organisation.uscc"), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("limits", JSON, nullable=False, server_default="{}"),
    Column("until", Date),
)

client = Table(
    "client",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("post_logout_redirect_uris", JSON, nullable=False),
    Column("backchannel_logout_uri", String(1024)),
    Column("auth_method", String(32), nullable=False),
    Column("secret_digest", String(64)),
    Column("scopes", JSON, nullable=False),
    Column("grants", JSON, nullable=False),
    Column("id_token_alg", String(16), nullable=False),
    Column("organisation", ForeignKey("organisation.uscc"), index=True),
    Column("realname_approved", Boolean, nullable=False),
    Column("sector", String(255), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("secret_sealed", LargeBinary),
    Column("earlier_secret_digest", String(64)),
    Column("earlier_secret_sealed", LargeBinary),
    Column("earlier_secret_ends_at", UtcDateTime),
    Column("metadata", JSON, nullable=False, server_default="{}"),
)

pairwise_subject = Table(
    "pairwise_subject",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("sector", String(255), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("cookie_digest", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    Column("authenticated_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("kind", String(16), nullable=False, server_default="browser"),
    Column("acr", String(255), nullable=False, server_default=ONE_FACTOR),
    Column("amr", JSON, nullable=False, server_default='["pwd"]'),
    Column("provider", String(64)),
    Column("user_agent", String(255), nullable=False, server_default=""),
    Column("source", String(64), nullable=False, server_default=""),
    Column("acting_for", String(40), index=True),
)

session_client = Table(
    "session_client",
    metadata,
    Column("session_id", ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    Column("client_id", ForeignKey("client.id"), primary_key=True),
    Column("sid", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    UniqueConstraint("client_id", "sid"),
)

token_family = Table(
    "token_family",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("code_digest", String(64), unique=True),
    Column("session_id", String(40), nullable=False, index=True),  # may outlive the session's row when offline
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("sid", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("userinfo_claims", JSON, nullable=False),
    Column("auth_time", UtcDateTime, nullable=False),
    Column("offline", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("redeemed_at", UtcDateTime),
    Column("generation", Integer, nullable=False),
    Column("rotated_at", UtcDateTime),
    Column("retry_digest", String(64)),
    Column("revoked_at", UtcDateTime),
    Column("revoked_for", String(32)),
    Column("origin", String(64), nullable=False, server_default="authorization_code"),
    Column("acr", String(255), nullable=False, server_default=ONE_FACTOR),
    Column("amr", JSON, nullable=False, server_default='["pwd"]'),
    Column("resources", JSON, nullable=False, server_default="[]"),
    Column("authorization_details", JSON, nullable=False, server_default="[]"),
    Column("confirmation_method", String(16)),
    Column("confirmation_thumbprint", String(64)),
    Column("actor", JSON(none_as_null=True)),
    Column("ends_at", UtcDateTime),
    Column("acting_for", JSON(none_as_null=True)),
    Column("acting_under", String(40), index=True),  # the authorisation in it, by which its end finds the family
    Index(None, "account_id", "client_id"),
)

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("id", String(64), primary_key=True),  # the token's jti
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

consent = Table(
    "portal_consent",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("client_id", ForeignKey("client.id"), primary_key=True),
    Column("scopes", JSON, nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("declined", JSON, nullable=False, server_default="[]"),
)

account_profile = Table(
    "account_profile",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

account_notice = Table(
    "account_notice",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("client_id", String(64)),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("seen_at", UtcDateTime),
    Column("detail", JSON, nullable=False, server_default="{}"),
    Index(None, "account_id", "at"),
)

logout_delivery = Table(
    "logout_delivery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", ForeignKey("client.id"), nullable=False),
    Column("sid", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("last_result", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tried_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Index(None, "state", "due_at"),
    Index(None, "client_id", "created_at", "id"),
)
