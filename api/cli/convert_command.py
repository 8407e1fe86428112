"""`yizheng convert`: a document in one form from a file, in another to a file; no service, no network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from api.cli.ground import refusal
from core.errors import AppError


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="An OFD or a PDF.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The PDF or OFD to write; it must not be there yet.")],
    *,
    similar_typefaces: Annotated[
        bool, typer.Option("--similar-typefaces", help="Ours may stand in for typefaces that are not in the file.")
    ] = False,
) -> None:
    """Make a PDF of an OFD or an OFD of a PDF, the same to the eye and to a search, or say what would differ."""
    try:
        content = source.read_bytes()
    except OSError as e:
        raise refusal(f"{source}: cannot be read ({e.strerror}); name a file that is there") from None
    wanted = ".ofd" if content.startswith(b"%PDF-") else ".pdf"
    if target.suffix.lower() != wanted:
        raise refusal(f"{target}: OFDs are converted to PDF and PDFs to OFD; name a file that ends in {wanted}")
    if target.exists():
        raise refusal(f"{target} is there already; nothing was overwritten")
    try:
        pages, replaced = asyncio.run(_converted(content, target, similar_typefaces))
    except AppError as e:
        raise refusal(f"{source}: {e.text.en}") from None
    except FileExistsError:
        raise refusal(f"{target} is there already; nothing was overwritten") from None
    except OSError as e:
        raise refusal(f"{target}: cannot be written ({e.strerror})") from None
    typer.echo(f"{target}: {pages} page{'s' if pages != 1 else ''}")
    for note in replaced:
        typer.echo(f"  {note}")


async def _converted(content: bytes, target: Path, similar: bool) -> tuple[int, list[str]]:
    from api.wiring.signing import build_cells
    from signing.convert_ofd import ConvertOfd
    from signing.convert_pdf import ConvertPdf
    from signing.settings import SigningSettings
    from signing.work_pool import WorkPool

    settings = SigningSettings()
    pool, cells = WorkPool(1, 1, large=WorkPool(1, 1)), build_cells(settings)
    try:
        if content.startswith(b"%PDF-"):
            ofd = await ConvertPdf(pool, cells, settings)(content)
            written, pages = ofd.content, ofd.pages
            notes = [f"left out, for an OFD of ours has no place for them: {one}" for one in ofd.left_out]
        else:
            pdf = await ConvertOfd(pool, cells)(content, accept_fonts=similar)
            written, pages, notes = pdf.pdf, pdf.pages, [note.text.en for note in pdf.notes]
    finally:
        cells.close()
        pool.close()
    with target.open("xb") as out:
        out.write(written)
    return pages, notes
