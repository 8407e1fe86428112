"""The issuing authority answers: it refuses with a reason, or agrees and corrects the licence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import replace

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.holder_news import HolderNews, News
from certstore.lifecycle import Event
from certstore.objections.errors import not_corrected, objection_moved, objection_not_found
from certstore.objections.model import DAYS_TO_CORRECT, Act, Objection, ObjectionState, ObjectionStep
from certstore.objections.ports import ObjectionStore
from certstore.objections.raising import checked_text
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.principal import Principal

_SCOPE = "licence:issue"
Next = Callable[[WriteTx, Objection], Awaitable[Objection]]


class HandleObjection:
    """The use cases of the authority. Its answer stands in the objection's history, and the holder is told."""

    def __init__(self, repository: Repository, store: ObjectionStore, news: HolderNews) -> None:
        self._repository = repository
        self._store = store
        self._news = news

    async def accept(
        self, objection_id: str, text: str, actor: Principal, *, if_revision: int | None = None
    ) -> Objection:
        """Agree: the licence is to be corrected within `DAYS_TO_CORRECT` days.

        Args:
            if_revision: of the objection, as the caller saw it; None to answer whatever happened meanwhile.

        Raises:
            InvalidInput: `objection-text-invalid`, `purpose-personal`.
            NotPermitted: no `licence:issue`, or the actor's role does not cover the type.
            NotFound: `objection-not-found`.
            Conflict: `objection-moved`.
        """
        due_on = self._repository.today() + dt.timedelta(days=DAYS_TO_CORRECT)

        async def after(_tx: WriteTx, found: Objection) -> Objection:
            return replace(_open(found), state=ObjectionState.ACCEPTED, due_on=due_on)

        return await self._step(objection_id, Act.ACCEPT, checked_text(text), actor, if_revision, after)

    async def refuse(
        self, objection_id: str, text: str, actor: Principal, *, if_revision: int | None = None
    ) -> Objection:
        """Disagree, and say why.

        Raises:
            AppError: as `accept`.
        """
        now = self._repository.now()

        async def after(_tx: WriteTx, found: Objection) -> Objection:
            return replace(_open(found), state=ObjectionState.REFUSED, closed_at=now)

        return await self._step(objection_id, Act.REFUSE, checked_text(text), actor, if_revision, after)

    async def close(self, objection_id: str, actor: Principal, *, if_revision: int | None = None) -> Objection:
        """The licence was corrected; that it was is looked up and not believed.

        Raises:
            Conflict: `not-corrected-yet`, or as `accept`.
        """
        now = self._repository.now()

        async def after(tx: WriteTx, found: Objection) -> Objection:
            if found.state is not ObjectionState.ACCEPTED:
                raise objection_moved()
            version = await self._corrected(tx, found)
            if version is None:
                raise not_corrected()
            return replace(found, state=ObjectionState.CORRECTED, closed_at=now, corrected_version=version)

        return await self._step(objection_id, Act.CORRECT, "", actor, if_revision, after)

    async def _step(
        self, objection_id: str, act: Act, text: str, actor: Principal, if_revision: int | None, after: Next
    ) -> Objection:
        repository, now, action = self._repository, self._repository.now(), f"objection.{act.value}"
        async with refusals_audited(repository.database, action, actor, subject=objection_id):
            found = await self._theirs(objection_id, actor)
            account_id = await self._news.account_of(found.holder)
            told = None
            async with repository.database.write() as tx:
                current = await self._store.objection(tx, objection_id)
                assert current is not None  # it was there, and only closed ones are ever removed
                if if_revision not in (None, current.revision):
                    raise objection_moved()
                moved = replace(await after(tx, current), revision=current.revision + 1)
                step = ObjectionStep(moved.revision, act, now, actor.id, current.issuer, text)
                if not await self._store.take(tx, moved, step):
                    raise objection_moved()
                detail: Detail = {"licence": moved.licence_id, "field": moved.about}
                tx.audit(AuditEvent(action, "done", actor, moved.id, detail=detail))
                if account_id is not None:
                    told = await self._news.write(tx, account_id, News.OBJECTION_ANSWERED, {"objection": moved.id})
                await tx.commit()
        if told is not None:
            self._news.send(told)
        return moved

    async def _theirs(self, objection_id: str, actor: Principal) -> Objection:
        require_scope(actor, _SCOPE)
        organisation = acting_organisation(actor)
        async with self._repository.database.read() as tx:
            found = await self._store.objection(tx, objection_id)
        if found is None or found.issuer != organisation:
            raise objection_not_found()
        require_type(actor, _SCOPE, found.type_code)
        return found

    async def _corrected(self, tx: ReadTx, found: Objection) -> int | None:
        """The licence's version that was made, since the objection, to correct what was issued."""
        for version in await self._repository.licences.versions(tx, found.licence_id):
            if version.number > found.version and version.made_by is Event.CORRECT:
                return version.number
        return None


def _open(found: Objection) -> Objection:
    if found.state is not ObjectionState.OPEN:
        raise objection_moved()
    return found
