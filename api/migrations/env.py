"""Alembic's entry point; the connection is handed in by `api.migrations.upgrade`."""

from __future__ import annotations

from alembic import context

from api.migrations.tables import ALL_TABLES
from api.migrations.upgrade import check_references

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=ALL_TABLES,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
    on_version_apply=lambda **_: check_references(connection),
)
with context.begin_transaction():
    context.run_migrations()
