"""Where a seal would stand, before anything is sealed: the same search as sealing makes, and no key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.db.database import Database
from core.files.scratch import FileBytes
from core.principal import Principal
from signing.errors import SealNotFound
from signing.isolation.asking import ask
from signing.isolation.port import Isolation
from signing.model import Seal, SealPdfCommand, SealStatus
from signing.ofd.look_inside import asked
from signing.ofd.package import is_package
from signing.ofd.seal.archive import archived
from signing.ofd.seal.plan import OFD_PLACES, PLAN, OfdWish
from signing.pades.append import SignatureText
from signing.places import Place
from signing.placing.places_found import PLACES, PlaceFound
from signing.placing.prepare import prepare
from signing.placing.words import with_words_found
from signing.ports import NationalSigners, SealStore
from signing.settings import SigningSettings
from signing.work_pool import WorkPool

_NEVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # a signature that is only drawn has no time


@dataclass(frozen=True, slots=True)
class Preview:
    """Places of one signature; `fields` are the file's signature fields that wait for a signature."""

    seal: Seal = field(repr=False)
    pages: int
    places: tuple[PlaceFound, ...]
    fields: tuple[str, ...]


class PreviewPlaces:
    """For whoever may seal at all: what a seal looks like is public, and the file is kept nowhere."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        signers: NationalSigners,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
    ) -> None:
        self._database = database
        self._store = store
        self._signers = signers
        self._pool = pool
        self._isolation = isolation
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

    async def as_it_would_look(
        self, pdf: FileBytes, seal_id: str, places: Sequence[Place], *, actor: Principal
    ) -> FileBytes:
        """The file with the seal in its places and a signature without a value: to be drawn, and for nothing else.

        Raises:
            As `__call__`; of an OFD, also `seal-form-missing`.
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
        if seal is None or seal.status is not SealStatus.ACTIVE:
            raise SealNotFound
        if is_package(pdf):
            signer = await self._signers.of(seal)
            return await self._pool.lane(len(pdf)).run(self._drawn_on_ofd, pdf, seal, tuple(places), signer.seal)
        command = SealPdfCommand(pdf, seal.id, actor, "document", tuple(places))
        return await self._pool.lane(len(pdf)).run(self._drawn_on, command, seal)

    def _drawn_on(self, command: SealPdfCommand, seal: Seal) -> FileBytes:
        words = SignatureText("Preview", "", _NEVER, "")
        limit = self._settings.max_pdf_bytes
        return prepare(self._isolation, command, words, octets=1, image=seal.image, limit=limit).finished(b"")

    def _drawn_on_ofd(self, ofd: FileBytes, seal: Seal, places: tuple[Place, ...], encoded: bytes) -> FileBytes:
        wish = OfdWish(places, seal.image, encoded, "", False, self._settings.max_pdf_bytes)
        return archived(ofd, asked(self._isolation, PLAN, ofd, wish).entries)

    def _look(self, pdf: FileBytes, seal: Seal, places: tuple[Place, ...]) -> Preview:
        limit = self._settings.max_pdf_bytes
        if is_package(pdf):
            found = asked(self._isolation, OFD_PLACES, pdf, places, seal.image, limit)
            return Preview(seal, found.pages, found.places, found.fields)
        wanted = with_words_found(self._isolation, pdf, places, limit=limit)
        found = ask(self._isolation, PLACES, pdf, wanted, seal.image, limit)
        return Preview(seal, found.pages, found.places, found.fields)
