"""Statements of hot paths: built with SQLAlchemy, compiled to text once for a database, run on the driver itself.

SQLAlchemy takes about 150 µs for a look at a row that SQLite finds in 10 µs: cache keys, a context for each execution,
rows with names. None of it is needed for a statement that never changes. What is kept are its types: values go through
the same conversions in both directions, so that a row reads alike whichever way it was fetched.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, Dialect, Executable, LargeBinary
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Row = Any
"""A tuple whose columns have their names as attributes too, like SQLAlchemy's rows."""

NOTHING: Mapping[str, object] = MappingProxyType({})
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement for one dialect.

    Attributes:
        text: with the driver's own marks for parameters.
        parameters: names in the driver's order, each with its conversion, and its value where the statement has one.
        columns: positions of the result that are converted, with how.
        make: a row out of the values of its columns, whose `names` are these.
    """

    text: str
    parameters: tuple[tuple[str, Convert | None, Any], ...]
    columns: tuple[tuple[int, Convert], ...]
    make: Callable[[Iterable[Any]], Row]
    names: tuple[str, ...]

    def bound(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The driver's parameters."""
        return tuple(
            [
                values.get(name, fixed) if convert is None else convert(values.get(name, fixed))
                for name, convert, fixed in self.parameters
            ]
        )

    def read(self, found: Sequence[Any]) -> Row:
        """A row as Python sees it."""
        row = list(found)
        for place, convert in self.columns:
            row[place] = convert(row[place])
        return self.make(row)


class Prepared:
    """One statement; its parameters are `bindparam`s, or the columns of an INSERT.

    Args:
        clause: of SQLAlchemy's core, without expanding parameters (no `IN` over a list).
        postgresql: the same for PostgreSQL, where a construct is of one dialect only.
    """

    __slots__ = ("_clause", "_compiled", "_postgresql")

    def __init__(self, clause: Executable, *, postgresql: Executable | None = None) -> None:
        self._clause = clause
        self._postgresql = clause if postgresql is None else postgresql
        self._compiled: dict[str, Compiled] = {}

    def clause(self, dialect: Dialect) -> Executable:
        """As SQLAlchemy runs it."""
        return self._postgresql if dialect.name == "postgresql" else self._clause

    def on(self, dialect: Dialect) -> Compiled:
        """As the driver runs it."""
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self.clause(dialect), dialect)
        return found


def compiled_once(clause: Any, dialect: Dialect, values: Mapping[str, Any]) -> tuple[Compiled, tuple[Any, ...]]:
    """A statement that is run this once, with the driver's parameters: its lists (`IN`) are as long as they are now."""
    compiled = clause.compile(dialect=dialect, column_keys=list(values) or None)
    state = compiled.construct_expanded_state(values)
    converts = dict(_converts(compiled, dialect)) | dict(state.processors)
    bound = []
    for name in state.positiontup or ():
        convert, value = converts.get(name), state.parameters[name]
        bound.append(value if convert is None else convert(value))
    return _read(compiled, dialect, state.statement, ()), tuple(bound)


def compiled_for(clause: Any, dialect: Dialect, columns: Sequence[str]) -> Compiled:
    """An INSERT that gives these columns and no others."""
    return _compile(clause, dialect, list(columns))


def _compile(clause: Any, dialect: Dialect, columns: list[str] | None = None) -> Compiled:
    compiled = clause.compile(dialect=dialect, column_keys=columns)
    assert isinstance(compiled, SQLCompiler), "statements, not definitions of tables"
    if compiled.post_compile_params:
        raise ValueError("a prepared statement cannot hold a list of unknown length")
    values, converts = compiled.params, dict(_converts(compiled, dialect))
    parameters = tuple((name, converts.get(name), values.get(name)) for name in compiled.positiontup or ())
    return _read(compiled, dialect, compiled.string, parameters)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, JSON) and dialect.name == "sqlite":  # as its own, in one step of three
        load = getattr(dialect, "_json_deserializer", None) or json.loads
        return lambda text: None if text is None else load(text)
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _converts(compiled: SQLCompiler, dialect: Dialect) -> Iterator[tuple[str, Convert]]:
    for name, parameter in compiled.binds.items():
        if isinstance(parameter.type, LargeBinary):
            continue  # both drivers take bytes as they are; SQLAlchemy would wrap each in a `memoryview`
        convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            yield name, convert


def _read(
    compiled: SQLCompiler, dialect: Dialect, text: str, parameters: tuple[tuple[str, Convert | None, Any], ...]
) -> Compiled:
    columns = []
    for place, column in enumerate(compiled._result_columns):
        convert = _reader(column.type, dialect)
        if convert is not None:
            columns.append((place, convert))
    names = [column.keyname for column in compiled._result_columns]
    made = namedtuple("PreparedRow", names, rename=True)  # type: ignore[misc]  # the names are known only now
    return Compiled(text, parameters, tuple(columns), made._make, tuple(names))
