"""`yizheng find`: where words stand in an OFD; no service, no network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.cli.ground import refusal
from core.errors import AppError
from signing.ofd.words import LONGEST, WordPlace, plain


def find(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="An OFD.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The words; blanks count for nothing.")],
    *,
    document: Annotated[int, typer.Option(min=1, help="Which document of a file that holds several.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell where words stand in an OFD: the page, and the box in millimetres from its top left corner.

    Ends with 1 where they are not found.
    """
    if not 1 <= len(plain(text)) <= LONGEST:
        raise refusal(f"TEXT takes 1 to {LONGEST} characters besides blanks")
    try:
        found = asyncio.run(_found(source.read_bytes(), text, document - 1))
    except AppError as e:
        raise refusal(f"{source}: {e.text.en}") from None
    except OSError as e:
        raise refusal(f"{source}: cannot be read ({e.strerror}); name a file that is there") from None
    if as_json:
        typer.echo(orjson.dumps([_told(one) for one in found]).decode())
    for one in () if as_json else found:
        box = one.box
        typer.echo(f"page {one.page}: {box.x:.1f} {box.y:.1f} mm, {box.width:.1f} by {box.height:.1f} mm")
    if not found:
        typer.echo(f"{source}: not found", err=True)
        raise typer.Exit(1)


def _told(one: WordPlace) -> dict[str, float]:
    box = one.box
    sides = {"x_mm": box.x, "y_mm": box.y, "width_mm": box.width, "height_mm": box.height}
    return {"page": one.page} | {name: round(value, 3) for name, value in sides.items()}


async def _found(content: bytes, text: str, document: int) -> tuple[WordPlace, ...]:
    from api.wiring.signing import build_cells
    from signing.settings import SigningSettings
    from signing.show_ofd import ShowOfd
    from signing.work_pool import WorkPool

    pool, cells = WorkPool(1, 1, large=WorkPool(1, 1)), build_cells(SigningSettings())
    try:
        return await ShowOfd(pool, cells).find(content, text, document=document)
    finally:
        cells.close()
        pool.close()
