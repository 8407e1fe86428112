"""Draws the seals that a package's list of signatures says are seen (GB/T 33190-2016 §18.2.3; GB/T 38540-2020 §6).

Whether they are genuine is for others to judge (`signing.ofd.judge`): here a seal is a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from signing.eseal.model import Picture
from signing.eseal.read import StructureRefused, read_seal, read_stamp
from signing.ofd.geometry import Box, Matrix
from signing.ofd.package import Package, PackageRefused
from signing.ofd.show.canvas import Canvas
from signing.ofd.show.draw import Studio
from signing.ofd.show.notes import Notes
from signing.ofd.show.pictures import PictureBroken, PictureUnknown
from signing.ofd.signatures import PackageSignature, listed_signatures
from signing.ofd.values import box, identifier

DrawPackage = Callable[[Canvas, bytes, Box], None]


@dataclass(frozen=True, slots=True)
class SeenSeal:
    """A seal on a page: `clip` is the part of it that is seen, from its boundary's corner."""

    page: int
    boundary: Box
    clip: Box | None
    picture: Picture | None


def seals_of(package: Package, path: str | None, notes: Notes) -> tuple[SeenSeal, ...]:
    """All seals with a place; the page is its ID. A list that cannot be read is noted, and shows none.

    Args:
        path: of the document's list of signatures.
    """
    if path is None:
        return ()
    try:
        return tuple(seal for one in listed_signatures(package, path).signatures for seal in _seals(package, one))
    except PackageRefused:
        notes.add("signatures")
        return ()


def _seals(package: Package, signature: PackageSignature) -> Iterator[SeenSeal]:
    if not signature.annotations:
        return
    picture = _picture(package, signature)
    for one in signature.annotations:
        clip = box(one.clip, "Clip") if one.clip else None
        yield SeenSeal(identifier(one.page, "PageRef"), box(one.boundary, "Boundary"), clip, picture)


def _picture(package: Package, signature: PackageSignature) -> Picture | None:
    """What was stamped; the seal's own file only where there is no stamp."""
    try:
        if signature.kind == "Seal" and signature.value_path in package.files:
            return read_stamp(package[signature.value_path]).seal.info.picture
        return None if signature.seal_path is None else read_seal(package[signature.seal_path]).info.picture
    except StructureRefused:
        return None


def draw_seal(studio: Studio, canvas: Canvas, seal: SeenSeal, draw_package: DrawPackage) -> None:
    """
    Args:
        draw_package: draws a picture that is an OFD itself.

    Raises:
        PackageRefused: `image`: more points than will be drawn; and as `draw_package`.
    """
    canvas.put("q")
    if seal.clip is not None:
        at = Matrix.moved(seal.boundary.x, seal.boundary.y)
        canvas.clip_box(seal.clip, at.then(canvas.base))
    if not _drawn(studio, canvas, seal, draw_package):
        studio.notes.add("seal-picture", "" if seal.picture is None else seal.picture.kind)
        canvas.missing(seal.boundary, canvas.base)
    canvas.put("Q")


def _drawn(studio: Studio, canvas: Canvas, seal: SeenSeal, draw_package: DrawPackage) -> bool:
    if seal.picture is None:
        return False
    boundary = seal.boundary
    if seal.picture.kind.upper() == "OFD":
        draw_package(canvas, seal.picture.data, boundary)
        return True
    try:
        number = studio.pictures.put(seal.picture.data)
    except (PictureUnknown, PictureBroken):
        return False
    placed = Matrix.scaled(boundary.width, boundary.height).then(Matrix.moved(boundary.x, boundary.y))
    canvas.image(number, placed.then(canvas.base))
    return True
