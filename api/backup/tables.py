"""What of the databases goes into an archive: every table of both collections, whoever adds one.

What is left out on purpose is not here at all: short-lived state (codes, log-in steps, counters of tries) is in the
key-value store, and a one-time code must not come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import MetaData, Table

from core.tables import DOCUMENT_ADDRESS

DOMAIN, KEYS, DOCUMENTS = "domain/", "keys/", "documents/"


@dataclass(frozen=True)
class Tables:
    """The tables of the domain database and of the key store."""

    domain: MetaData
    keys: MetaData

    def domain_tables(self) -> Sequence[Table]:
        """Those that others refer to come first."""
        return self.domain.sorted_tables

    def key_tables(self) -> Sequence[Table]:
        return self.keys.sorted_tables

    def part(self, table: Table) -> str:
        return (KEYS if table.metadata is self.keys else DOMAIN) + table.name

    def documents_of(self) -> dict[str, str]:
        """Which column of a part holds addresses of documents."""
        named = {self.part(table): column for table, column in self.document_columns().items()}
        return dict(named)

    def document_columns(self) -> Mapping[Table, str]:
        """
        Raises:
            TypeError: a table with two such columns; divide it, or teach the frames to follow both.
        """
        found: dict[Table, str] = {}
        for table in self.domain_tables():
            names = [column.name for column in table.columns if column.info.get(DOCUMENT_ADDRESS)]
            if len(names) > 1:
                raise TypeError(f"{table.name} names documents in several columns")
            if names:
                found[table] = names[0]
        return found


def documents_part(table_name: str, column: str) -> str:
    return f"{DOCUMENTS}{table_name}.{column}"
