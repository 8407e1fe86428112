"""Rows of figures, printed as a table and written as JSON; a ratio above 1 always means that ours is better."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of ours beside the peer's, measured in the same run.

    Attributes:
        id: stable name, e.g. `idp.token.client_credentials`.
        value: ours.
        unit: of both values, e.g. `req/s`, `ms`, `MB`.
        peer: what it is compared with: a product, or a limit such as `aim`.
        peer_value: the peer's figure.
        ratio: ours over peer for rates, peer over ours for costs.
    """

    id: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float


def rate(id: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    """A row in which more is better."""
    return Row(id, value, unit, peer, peer_value, value / peer_value if peer_value else 0.0)


def cost(id: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    """A row in which less is better."""
    return Row(id, value, unit, peer, peer_value, peer_value / value if value else 0.0)


class Told:
    """Rows that are printed as soon as they are known: a long run that is broken off has told what it found."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def __call__(self, *rows: Row) -> None:
        for row in rows:
            print(f"{row.id}: {row.value:,.2f} {row.unit}; {row.peer}: {row.peer_value:,.2f}", flush=True)
        self.rows += rows


def publish(title: str, rows: list[Row], json_file: Path | None) -> None:
    """Print the table; write the rows to `json_file` if one is named."""
    table = Table(title=title)
    for heading, justify in (
        ("id", "left"),
        ("ours", "right"),
        ("unit", "left"),
        ("peer", "left"),
        ("peer's", "right"),
        ("ratio", "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # a literal by construction
    for row in rows:
        table.add_row(row.id, f"{row.value:,.1f}", row.unit, row.peer, f"{row.peer_value:,.1f}", f"{row.ratio:.2f}")
    Console(width=120).print(table)
    if json_file is not None:
        json_file.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
