"""No table and no column is forgotten: whoever adds one meets these tests."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Interval, MetaData, Table

from api.backup.columns import RowCoder, forms_of
from api.backup.endings import DOMAIN_ENDINGS, KEY_ENDINGS, Added, EndedAtRestore, Kept, Moved, NothingEnds
from api.backup.errors import ArchiveUnfit
from api.backup.tables import Tables
from api.wiring.backup import TABLES
from core.tables import DOCUMENT_ADDRESS
from keys.spec import KeyState
from tests.support.databases import load_tables
from tests.support.made_rows import make_rows

COLLECTIONS = [(TABLES.domain, DOMAIN_ENDINGS), (TABLES.keys, KEY_ENDINGS)]


def _ours(tables: MetaData) -> list[Table]:
    """Tables that other tests of this process add are none of the service's."""
    return [table for table in tables.sorted_tables if not table.name.startswith("conformance_")]


@pytest.mark.parametrize("tables", [TABLES.domain, TABLES.keys], ids=["domain", "keys"])
def test_every_column_can_be_carried(tables: MetaData) -> None:
    load_tables()
    for table in _ours(tables):
        RowCoder(forms_of(table))
        assert table.primary_key.columns, f"{table.name} has no primary key, so it cannot be read in pages"


def test_a_column_of_an_unknown_type_is_noticed() -> None:
    """The twin: the check can fail."""
    with pytest.raises(TypeError, match=r"made\.lasts"):
        forms_of(Table("made", MetaData(), Column("lasts", Interval)))


@pytest.mark.parametrize(("tables", "endings"), COLLECTIONS, ids=["domain", "keys"])
def test_of_every_table_it_is_said_what_can_end_in_it(tables: MetaData, endings: dict[str, object]) -> None:
    """Attack L-24: a new table with revocations must not come back from an old backup unseen."""
    load_tables()
    assert {table.name for table in _ours(tables)} == set(endings)


@pytest.mark.parametrize(("tables", "endings"), COLLECTIONS, ids=["domain", "keys"])
def test_endings_name_columns_that_are_there(tables: MetaData, endings: dict[str, object]) -> None:
    for name, ending in endings.items():
        columns = {column.name for column in tables.tables[name].columns}
        match ending:
            case Moved():
                ordered = {ending.order} if isinstance(ending.order, str) else set()
                assert {ending.state, *ending.carried, *ending.erased, *ordered} <= columns, name
                if not ordered:
                    assert set(ending.living) <= set(ending.order), name
            case Added():
                assert {one for one in (ending.since, ending.without and ending.without[0]) if one} <= columns, name
            case Kept():
                assert set(ending.terms) <= columns, name
            case NothingEnds():
                assert ending.why
            case _:
                assert isinstance(ending, EndedAtRestore)


def test_a_retired_key_is_the_only_ended_one() -> None:
    ending = KEY_ENDINGS["keys"]
    assert isinstance(ending, Moved)
    assert {state.value for state in KeyState} - set(ending.living) == {"retired"}


def test_columns_that_name_documents_are_marked() -> None:
    assert {table.name: column for table, column in TABLES.document_columns().items()} == {
        "licence_attachment": "content",
        "licence_file": "content",
        "licence_import_part": "content",
        "objection_evidence": "content",
        "seal_batch_file": "document",
        "seal_request": "document",
        "seal_signature": "document",
    }


def test_two_columns_of_documents_in_one_table_are_refused() -> None:
    from sqlalchemy import Integer, String

    tables = MetaData()
    marked = {DOCUMENT_ADDRESS: True}
    Table(
        "made",
        tables,
        Column("id", Integer, primary_key=True),
        Column("one", String, info=marked),
        Column("two", String, info=marked),
    )
    with pytest.raises(TypeError, match="several columns"):
        Tables(tables, MetaData()).document_columns()


@pytest.mark.parametrize("tables", [TABLES.domain, TABLES.keys], ids=["domain", "keys"])
def test_rows_come_back_as_they_were(tables: MetaData) -> None:
    made = make_rows(tables)
    for table in _ours(tables):
        coder = RowCoder(forms_of(table))
        names = [form.name for form in coder.forms]
        for row in made[table.name]:
            assert coder.read(coder.write([row[name] for name in names])) == row, table.name


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", True), ("int", "1"), ("text", b"x"), ("bytes", "x"), ("date", "2026-13-01"), ("moment", 10**30)],
)
def test_a_value_of_another_kind_is_refused(kind: str, value: object) -> None:
    from api.backup.columns import ColumnForm

    with pytest.raises(ArchiveUnfit):
        RowCoder([ColumnForm("column", kind)]).read([value])


def test_a_kind_that_is_not_known_is_refused() -> None:
    from api.backup.columns import ColumnForm

    with pytest.raises(ArchiveUnfit, match="does not know"):
        RowCoder([ColumnForm("column", "interval")])
