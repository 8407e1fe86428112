"""The holder shows a licence: a code that changes, and who has read it."""

from __future__ import annotations

import datetime as dt

from certstore.authorise import holds, identity_of, refusals_audited
from certstore.codes import HolderCode
from certstore.errors import LicenceNotFound
from certstore.model import Licence
from certstore.ports import HolderDirectory, HolderIdentity, OrganisationDirectory
from certstore.presentation.errors import PresentationDecided, PresentationNotFound
from certstore.presentation.kept import Kept
from certstore.presentation.model import (
    GRACE_SECONDS,
    ROTATE_SECONDS,
    Extent,
    OpenCode,
    Presentation,
    PresentationState,
    Showing,
    Shown,
    ShownCode,
)
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from core.audit.event import AuditEvent
from core.ids import new_id
from core.principal import Principal
from core.text import Text

ACTION = "licence.present"
_TRIES = 4  # windows of one session that change the same screen at once


class ShowLicence:
    """The use cases of the holder. One log-in shows one code per licence, however many windows it has."""

    def __init__(
        self, repository: Repository, holders: HolderDirectory, organisations: OrganisationDirectory, kept: Kept
    ) -> None:
        self._repository = repository
        self._holders = holders
        self._organisations = organisations
        self._kept = kept

    async def __call__(
        self, licence_id: str, actor: Principal, extent: Extent | None = None, *, anew: bool = False
    ) -> Shown:
        """What the holder's screen shows now: its code while that lasts, then a new one; or who has read it.

        Args:
            extent: how much is shown; None leaves it as it is, the minimum at first.
            anew: forget what was shown and read before.

        Raises:
            LicenceNotFound: absent, or not the actor's.
            NotPermitted: `person-needed`.
        """
        async with refusals_audited(self._repository.database, ACTION, actor, subject=licence_id):
            identity = await identity_of(self._holders, actor)
            if anew:
                await self._forget(licence_id, actor)
            for _ in range(_TRIES):
                before = await self._kept.screen(_owner(actor), licence_id)
                wanted = extent or (before.extent if before else Extent.MINIMAL)
                found = await self.look(licence_id, actor) if before else None
                if found and (found.read or (found.extent is wanted and found.seconds > 0)):
                    return found
                made = await self._next(licence_id, actor, identity, wanted, before)
                if await self._kept.put_screen(_owner(actor), made, before):
                    await self._drop_if_other(before, made)
                    return self._shown(made)
                await self._kept.drop_code(made.current.code)
            raise PresentationDecided

    async def look(self, licence_id: str, actor: Principal) -> Shown | None:
        """The same without making a code: for a screen that asks every second. None if nothing is shown."""
        showing = await self._kept.screen(_owner(actor), licence_id)
        if showing is None:
            return None
        for one in (showing.current, showing.previous):
            read = await self._kept.presentation(one.presentation) if one else None
            if read is not None:
                name = await self._organisations.name(read.organisation)
                reader = name or Text(read.organisation, read.organisation)
                return Shown(licence_id, showing.extent, None, 0, read, reader)
        return self._shown(showing)

    async def decide(self, presentation_id: str, actor: Principal, *, granted: bool) -> Presentation:
        """Let the office that read the code see the whole face, or refuse it, at any time while it is kept.

        Raises:
            PresentationNotFound: absent, run out or another's.
            PresentationDecided: answered already.
        """
        async with refusals_audited(self._repository.database, ACTION, actor, subject=presentation_id):
            read = await self._kept.presentation(presentation_id)
            if read is None or read.account_id != actor.id:
                raise PresentationNotFound
            if granted and not await self._still_holds(read, actor):
                raise PresentationNotFound
            now = self._repository.now()
            waiting = read.state_at(now) is PresentationState.WAITING
            if not waiting and (granted or read.state is not PresentationState.GIVEN):
                raise PresentationDecided
            state = PresentationState.GIVEN if granted else PresentationState.REFUSED
            if not await self._kept.change(read, state=state):
                raise PresentationDecided
            detail = {"decision": state.value, "reader": read.organisation, "presentation": read.id}
            event = AuditEvent(ACTION, "done", actor, read.licence_id, OWN_PURPOSE, detail)
            await self._repository.database.record(event)
        found = await self._kept.presentation(presentation_id)
        return found or read

    async def _still_holds(self, read: Presentation, actor: Principal) -> bool:
        """Who acts for an organisation no more gives nothing of it away; taking back is always open."""
        identity = await identity_of(self._holders, actor)
        return HolderCode(read.holder_kind, read.holder_number) in identity.codes

    async def _next(
        self, licence_id: str, actor: Principal, identity: HolderIdentity, extent: Extent, before: Showing | None
    ) -> Showing:
        repository = self._repository
        async with repository.database.read() as tx:
            licence = await repository.licences.licence(tx, licence_id)
        if licence is None or not holds(licence, identity):
            raise LicenceNotFound
        now = repository.now()
        holder = held_as(licence, identity)
        shown = ShownCode(
            presentation=new_id(repository.clock, "prs"),
            licence_id=licence_id,
            account_id=actor.id,
            holder_kind=holder.kind,
            holder_number=holder.number,
            extent=extent,
            expires_at=now + dt.timedelta(seconds=ROTATE_SECONDS + GRACE_SECONDS),
        )
        if before is None:  # once for each showing, not for each of its codes
            detail = {"extent": extent.value, "presentation": shown.presentation}
            await repository.database.record(AuditEvent(ACTION, "done", actor, licence_id, OWN_PURPOSE, detail))
        keep = before.current if before and before.extent is extent else None
        return Showing(licence_id, extent, await self._kept.put_code(shown), keep)

    async def _drop_if_other(self, before: Showing | None, made: Showing) -> None:
        """A code that would give more or less than the screen says now must not be read any more."""
        if before is not None and before.extent is not made.extent:
            await self._drop_codes(before)

    async def _forget(self, licence_id: str, actor: Principal) -> None:
        before = await self._kept.screen(_owner(actor), licence_id)
        if before is not None:
            await self._drop_codes(before)
            await self._kept.drop_screen(_owner(actor), licence_id)

    async def _drop_codes(self, showing: Showing) -> None:
        for one in (showing.current, showing.previous):
            if one is not None:
                await self._kept.drop_code(one.code)

    def _shown(self, showing: Showing) -> Shown:
        return Shown(showing.licence_id, showing.extent, showing.current.code, self._left(showing.current))

    def _left(self, code: OpenCode) -> int:
        gone = (self._repository.now() - code.shown_at).total_seconds()
        return max(0, int(ROTATE_SECONDS - gone))


def held_as(licence: Licence, identity: HolderIdentity) -> HolderCode:
    """The number under which this person holds the licence."""
    return next(one.code for one in licence.current.holders if one.code in identity.codes)


def _owner(actor: Principal) -> str:
    return f"{actor.id}\x00{actor.session or ''}\x00{actor.organisation or ''}"
