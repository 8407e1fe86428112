"""Moves a licence between regions: out (转出), undone (取消转出), and in (转入), where it becomes a new licence.

A licence that comes from elsewhere names the identifier that it follows (GB/T 36903 关联证照标识, obligatory here).
"""

from __future__ import annotations

from certstore.authorise import acting_organisation, refusals_audited
from certstore.errors import TransitionNotAllowed
from certstore.identifier import Check, parse_identifier
from certstore.issue import IssueCommand, IssueLicence, Origin
from certstore.life.ports import TransferStore
from certstore.life.steps import Found, LifeSteps, Outcome, Step, state_after
from certstore.lifecycle import STATE_NAMES, Event, State
from certstore.model import Licence
from certstore.repository import Repository
from core.db.database import WriteTx
from core.errors import Conflict, InvalidInput
from core.principal import Principal
from core.text import Text


class TransferLicence:
    """The use cases."""

    def __init__(self, steps: LifeSteps, issue: IssueLicence, repository: Repository, transfers: TransferStore) -> None:
        self._steps = steps
        self._issue = issue
        self._repository = repository
        self._transfers = transfers

    async def out(self, step: Step, actor: Principal) -> Licence:
        """
        Args:
            step: its reason says where to.

        Raises:
            AppError: what `LifeSteps.take` raises.
        """
        return await self._move(step, Event.TRANSFER_OUT, actor)

    async def undo(self, step: Step, actor: Principal) -> Licence:
        """
        Raises:
            Conflict: `transferred-in`, once it has become another licence; `licence-already-held`.
            AppError: what `LifeSteps.take` raises.
        """

        async def make(found: Found) -> Outcome:
            async def still_ours(tx: WriteTx) -> None:
                # the licence is locked by now: whoever takes it in waits, or has committed and is seen
                if await self._transfers.successor(tx, found.licence.current.identifier) is not None:
                    raise transferred_in()

            return Outcome(state_after(found, Event.TRANSFER_UNDO), also=still_ours)

        return await self._steps.take(step, Event.TRANSFER_UNDO, actor, make)

    async def into(self, command: IssueCommand, based_on: str, actor: Principal) -> Licence:
        """A licence of ours for one of another region, or of another authority of this one.

        Args:
            based_on: its identifier there; the vendors' older check character is accepted, a wrong one is not.

        Raises:
            InvalidInput: `identifier-invalid`, `identifier-check-wrong`.
            Conflict: `transferred-in`, or `transition-not-allowed` where we hold the licence and it is not transferred
                out.
            AppError: what `IssueLicence` raises.
        """
        action = f"licence.{Event.TRANSFER_IN.value}"
        async with refusals_audited(self._repository.database, action, actor):
            acting_organisation(actor)
            identifier = _checked(based_on)

            async def tie(tx: WriteTx, licence: Licence) -> None:
                await self._require_out(tx, identifier)
                if not await self._transfers.claim(tx, identifier, licence.id):
                    raise transferred_in()

        origin = Origin(event=Event.TRANSFER_IN, based_on=identifier, first=tie)
        return await self._issue(command, actor, origin)

    async def _move(self, step: Step, event: Event, actor: Principal) -> Licence:
        async def make(found: Found) -> Outcome:
            return Outcome(state_after(found, event))

        return await self._steps.take(step, event, actor, make)

    async def _require_out(self, tx: WriteTx, identifier: str) -> None:
        """Where the licence is one of ours, it must have been transferred out, and stay so until this is written."""
        licences = self._repository.licences
        ours = await licences.by_identifier(tx, identifier)
        if ours is None:
            return
        locked = await licences.locked(tx, ours.id)
        assert locked is not None
        if locked.state is not State.TRANSFERRED_OUT or locked.current.identifier != identifier:
            raise TransitionNotAllowed(STATE_NAMES[locked.state])


def transferred_in() -> Conflict:
    """`transferred-in`: the licence has become another one already."""
    return Conflict(
        "transferred-in",
        Text(
            "这份证照已经办过转入，不能再办一次，也不能撤回转出。请先查那份新证照。",
            "This licence has been transferred in already: it cannot be again, nor can its transfer be undone. "
            "Look at the licence that it became.",
        ),
    )


def _checked(typed: str) -> str:
    identifier = parse_identifier(typed)
    if identifier.judgement is Check.WRONG:
        raise InvalidInput(
            "identifier-check-wrong",
            Text(
                "原证照标识的校验位对不上，请对着原证照再核一遍。",
                "The check character of the former identifier does not fit. Compare it with the former licence.",
            ),
            field="based_on",
        )
    return identifier.text
