"""Tables of imports. Rows of a register stand only in sealed documents, found by their part."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKeyConstraint, Integer, LargeBinary, String, Table

from core.tables import DOCUMENT_ADDRESS, UtcDateTime, metadata

licence_import = Table(
    "licence_import",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("organisation", String(18), nullable=False, index=True),
    Column("type_code", String(21), nullable=False),
    Column("trust", String(1), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("header", JSON, nullable=False),
    Column("columns", JSON, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("dry", Boolean, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("next_part", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("faulty", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("lease", String(40)),
    Column("leased_until", UtcDateTime),
)

licence_import_part = Table(
    "licence_import_part",
    metadata,
    Column("import_id", String(40), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", String(128), nullable=False, info={DOCUMENT_ADDRESS: True}),
    Column("first_row", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    ForeignKeyConstraint(["import_id"], ["licence_import.id"]),
)

licence_import_fault = Table(
    "licence_import_fault",
    metadata,
    Column("import_id", String(40), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, nullable=False),
    Column("faults", JSON, nullable=False),  # target and code; never a value
    ForeignKeyConstraint(["import_id"], ["licence_import.id"]),
)

licence_import_difference = Table(
    "licence_import_difference",
    metadata,
    Column("import_id", String(40), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(12), primary_key=True),
    Column("office", String(18), primary_key=True),
    Column("part", Integer, nullable=False),
    ForeignKeyConstraint(["import_id"], ["licence_import.id"]),
)

# What rows of this run had, by keyed digest, so that a later row that has it too is seen; emptied when the run ends.
licence_import_sighting = Table(
    "licence_import_sighting",
    metadata,
    Column("import_id", String(40), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("companion", LargeBinary, nullable=False),
    ForeignKeyConstraint(["import_id"], ["licence_import.id"]),
)
