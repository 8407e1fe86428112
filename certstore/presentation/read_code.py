"""An office reads the code that a holder shows: once, bound to who read it, recorded for the holder to see."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.codes import HolderCode
from certstore.errors import LicenceNotFound
from certstore.looks import look_at
from certstore.misses import Misses
from certstore.model import Licence, Look
from certstore.ports import OrganisationDirectory
from certstore.presentation.codes import parse_presentation_code
from certstore.presentation.errors import CodeGone, PresentationNotFound, TooManyMisses
from certstore.presentation.face import shown_face
from certstore.presentation.kept import Found, Kept
from certstore.presentation.model import (
    DECIDE_SECONDS,
    Extent,
    Presentation,
    PresentationState,
    Presented,
    ShownCode,
    ShownFace,
)
from certstore.presentation.show import ACTION
from certstore.purpose import parse_face_to_face
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.ids import new_code
from core.kv.port import KeyValueStore
from core.principal import Principal, Purpose

SCOPE = "licence:verify"
DEFAULT_BASIS = "持证人当面亮证"
MISSES = 30  # codes that are none, in one window
_WINDOW = 600  # seconds


@dataclass(frozen=True, slots=True)
class ReadCommand:
    """What the holder's screen shows, and why it is read; a case is named where there is one."""

    code: str = field(repr=False)
    basis: str = DEFAULT_BASIS
    service_item: str | None = None
    case_number: str | None = None


class ReadCode:
    """The use cases of whoever checks."""

    def __init__(
        self, repository: Repository, organisations: OrganisationDirectory, kept: Kept, throttle: KeyValueStore
    ) -> None:
        self._repository = repository
        self._organisations = organisations
        self._kept = kept
        self._misses = Misses(throttle, "show", MISSES, _WINDOW)

    async def __call__(self, command: ReadCommand, actor: Principal) -> Presented:
        """Read a code. The minimum is given at once; the whole face when the holder, who now sees which office reads
        it, agrees.

        Raises:
            CodeGone: used, changed or never made.
            TooManyMisses: this reader guesses.
            NotPermitted: no `licence:verify`, no organisation, or a type that the reader's role does not cover.
            InvalidInput: the purpose is not acceptable.
        """
        repository = self._repository
        purpose = parse_face_to_face(command.service_item, command.case_number, command.basis)
        async with refusals_audited(repository.database, ACTION, actor, purpose=purpose):
            require_scope(actor, SCOPE)
            organisation = acting_organisation(actor)
            found = await self._find(command.code, actor)
            async with repository.database.write() as tx:
                licence = await self._held(tx, found.code)
                require_type(actor, SCOPE, licence.type_code)
                if not await self._kept.take_code(found):  # of many who scan it at once, one reads it
                    raise CodeGone
                made = self._bound(found.code, actor, organisation, purpose)
                face = await self._give(tx, made, licence, actor, first=True)
                await tx.commit()
            await self._kept.put(made)  # the holder sees it before the reader does
        return _presented(made, made.state, face)

    async def again(self, presentation_id: str, actor: Principal) -> Presented:
        """What became of a presentation, for whoever read the code; what is given is recorded each time.

        Raises:
            PresentationNotFound: absent, run out, or read by somebody else.
        """
        repository = self._repository
        async with refusals_audited(repository.database, ACTION, actor, subject=presentation_id):
            require_scope(actor, SCOPE)
            read = await self._kept.presentation(presentation_id)
            if read is None or (read.verifier, read.organisation) != (actor.id, acting_organisation(actor)):
                raise PresentationNotFound
            state = read.state_at(repository.now())
            if state is not PresentationState.GIVEN:
                return _presented(read, state, None)
            async with repository.database.write() as tx:
                licence = await self._held(tx, read)
                require_type(actor, SCOPE, licence.type_code)
                face = await self._give(tx, read, licence, actor, first=False)
                await tx.commit()
        return _presented(read, state, face)

    async def _find(self, typed: str, actor: Principal) -> Found:
        if await self._misses.paused(actor):
            raise TooManyMisses(_WINDOW)
        code = parse_presentation_code(typed)
        found = await self._kept.find_code(code) if code else None
        if found is None:
            await self._misses.count(actor)
            raise CodeGone
        return found

    async def _held(self, tx: WriteTx, shown: ShownCode | Presentation) -> Licence:
        """The licence, kept from changing, if the holder still holds it."""
        licence = await self._repository.licences.locked(tx, shown.licence_id)
        holder = HolderCode(shown.holder_kind, shown.holder_number)
        if licence is None or holder not in {one.code for one in licence.current.holders}:
            raise LicenceNotFound
        return licence

    def _bound(self, shown: ShownCode, actor: Principal, organisation: str, purpose: Purpose) -> Presentation:
        now = self._repository.now()
        full = shown.extent is Extent.FULL
        return Presentation(
            id=shown.presentation,
            licence_id=shown.licence_id,
            account_id=shown.account_id,
            holder_kind=shown.holder_kind,
            holder_number=shown.holder_number,
            extent=shown.extent,
            state=PresentationState.WAITING if full else PresentationState.GIVEN,
            sign=new_code("0123456789", 2),
            verifier=actor.id,
            organisation=organisation,
            purpose=purpose,
            read_at=now,
            decide_by=now + dt.timedelta(seconds=DECIDE_SECONDS),
        )

    async def _give(
        self, tx: WriteTx, read: Presentation, licence: Licence, actor: Principal, *, first: bool
    ) -> ShownFace | None:
        """The face if it is given by now; either way the holder's record of who looked.

        Args:
            first: the code is read now; what is asked for again is not counted again (`certstore.statistics`).
        """
        repository = self._repository
        face: ShownFace | None = None
        fields: tuple[str, ...] = ()
        holder = HolderCode(read.holder_kind, read.holder_number)
        if read.state is PresentationState.GIVEN:
            face, fields = await shown_face(tx, repository, self._organisations, licence, holder, read.extent)
        looks = look_at(
            repository, actor, Look.PRESENTATION, read.purpose, licence=licence, fields=fields, about=holder
        )
        await repository.access.add(tx, looks)
        detail: Detail = {"presentation": read.id, "state": read.state.value, "fields": len(fields), "first": first}
        tx.audit(AuditEvent(ACTION, "done", actor, licence.id, read.purpose, detail))
        return face


def _presented(read: Presentation, state: PresentationState, face: ShownFace | None) -> Presented:
    return Presented(read.id, state, read.extent, read.sign, read.read_at, face)
