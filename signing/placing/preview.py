"""Where a seal would stand, before anything is sealed: the same search as sealing makes, and no key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from core.db.database import Database
from core.errors import AppError
from core.files.scratch import FileBytes
from signing.errors import SealNotFound, too_complex
from signing.model import Seal, SealStatus
from signing.pades.form_fields import form_fields
from signing.pades.intake import damaged, open_for_sealing
from signing.pades.page_geometry import Box, Shown, page_count
from signing.places import Place
from signing.placing.resolve import resolve
from signing.ports import SealStore
from signing.settings import SigningSettings
from signing.work_pool import WorkPool, within

_MOST_FIELDS = 50


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """One place.

    Attributes:
        page: from 1.
        shown: on the page as it is read.
        window: the part of the seal that is seen there, in mm from its centre, y upwards.
    """

    page: int
    shown: Shown
    window: Box


@dataclass(frozen=True, slots=True)
class Preview:
    """Places of one signature; `fields` are the file's signature fields that wait for a signature."""

    seal: Seal = field(repr=False)
    pages: int
    places: tuple[PlaceFound, ...]
    fields: tuple[str, ...]


class PreviewPlaces:
    """For whoever may seal at all: what a seal looks like is public, and the file is kept nowhere."""

    def __init__(self, database: Database, store: SealStore, pool: WorkPool, settings: SigningSettings) -> None:
        self._database = database
        self._store = store
        self._pool = pool
        self._settings = settings

    async def __call__(self, pdf: FileBytes, seal_id: str, places: Sequence[Place]) -> Preview:
        """
        Raises:
            SealNotFound: there is none, or none that can be used.
            PdfRefused, PlacementInvalid: as sealing itself.
            core.errors.LimitExceeded: `too-large` or `busy`.
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None or seal.status is not SealStatus.ACTIVE:
            raise SealNotFound
        return await self._pool.lane(len(pdf)).run(self._look, pdf, seal, tuple(places))

    def _look(self, pdf: FileBytes, seal: Seal, places: tuple[Place, ...]) -> Preview:
        return within(self._settings.seconds_for(len(pdf)), partial(self._found, pdf, seal, places), _give_up)

    def _found(self, pdf: FileBytes, seal: Seal, places: tuple[Place, ...]) -> Preview:
        reader = open_for_sealing(pdf, limit=self._settings.max_pdf_bytes)
        try:
            found = resolve(reader, pdf, places, seal.image)
            waiting = [one.name for one in form_fields(reader) if one.kind == "/Sig" and not one.signed]
            spots = tuple(PlaceFound(spot.number, spot.shown, spot.window) for spot in found.spots)
            return Preview(seal, page_count(reader), spots, tuple(waiting[:_MOST_FIELDS]))
        except AppError:
            raise
        except Exception as e:  # a parser may throw anything at hostile bytes
            raise damaged(e) from e


def _give_up() -> NoReturn:
    raise too_complex()
