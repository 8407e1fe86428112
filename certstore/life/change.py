"""Changes a licence (变更: the facts have changed) or corrects it (更正: the face was wrong) in a new version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from certstore.catalogue import validity_of
from certstore.life.steps import Found, LifeSteps, Outcome, Step
from certstore.lifecycle import Event
from certstore.making import HolderInput, VersionContent, VersionMaker, check_first_day, check_holders, check_number
from certstore.model import Licence, LicenceVersion, Trust
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text


@dataclass(frozen=True, slots=True)
class ChangeCommand:
    """What is to stand on the face; what is None stays as it is.

    Attributes:
        data: the whole face data anew.
        valid_from, valid_until: corrections only; a change gives no further term.
    """

    step: Step
    holders: Sequence[HolderInput] | None = field(default=None, repr=False)
    data: Mapping[str, object] | None = field(default=None, repr=False)
    licence_number: str | None = field(default=None, repr=False)
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class ChangeLicence:
    """Both use cases. A change is judged by the type of today, a correction by the type that it was issued under."""

    def __init__(self, steps: LifeSteps, maker: VersionMaker) -> None:
        self._steps = steps
        self._maker = maker

    async def change(self, command: ChangeCommand, actor: Principal) -> Licence:
        """
        Raises:
            InvalidInput: `nothing-changed`, or a part does not fit the type.
            AppError: what `LifeSteps.take` raises.
        """
        if command.valid_from is not None or command.valid_until is not None:
            raise InvalidInput(
                "validity-invalid",
                Text(
                    "变更不改有效期。要延长请办延续，写错了请办更正。",
                    "A change does not move the validity. Renew to extend it, correct it if it was written wrong.",
                ),
                field="valid_until",
            )
        return await self._anew(command, Event.CHANGE, Trust.A, actor)

    async def correct(self, command: ChangeCommand, actor: Principal) -> Licence:
        """
        Raises:
            InvalidInput: `nothing-changed`, `validity-invalid`, or a part does not fit the type.
            AppError: what `LifeSteps.take` raises.
        """
        return await self._anew(command, Event.CORRECT, None, actor)

    async def _anew(self, command: ChangeCommand, event: Event, trust: Trust | None, actor: Principal) -> Licence:
        async def make(found: Found) -> Outcome:
            content = _content(found, command)
            made, file = await self._maker.next(
                found.licence,
                content,
                found.licence_type,
                actor,
                event=event,
                trust=trust,
                sealed_before=found.seal_id,
            )
            return Outcome(made, file)

        holders = [[one.code_type, one.code, one.name, one.role] for one in command.holders or ()]
        said = (holders, command.data, command.licence_number, command.valid_from, command.valid_until)
        return await self._steps.take(command.step, event, actor, make, said=said)


def _content(found: Found, command: ChangeCommand) -> VersionContent:
    current = found.licence.current
    holders = current.holders
    if command.holders is not None:
        holders = check_holders(command.holders, found.licence_type, found.today)
    valid_from, valid_until = _validity(found, command)
    content = VersionContent(
        holders=holders,
        data=current.data if command.data is None else command.data,
        licence_number=check_number(command.licence_number) or current.licence_number,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    if _says_the_same(content, current):
        raise InvalidInput(
            "nothing-changed",
            Text("和现在的内容一样，没有要改的。", "This is what the licence says already; nothing would change."),
            field="data",
        )
    return content


def _validity(found: Found, command: ChangeCommand) -> tuple[dt.date, dt.date | None]:
    current = found.licence.current
    if command.valid_from is None and command.valid_until is None:
        return current.valid_from, current.valid_until
    first = check_first_day(command.valid_from or current.valid_from, found.today)
    return first, validity_of(found.licence_type.validity, first, command.valid_until)


def _says_the_same(content: VersionContent, current: LicenceVersion) -> bool:
    return (
        content.holders == current.holders
        and dict(content.data) == dict(current.data)
        and content.licence_number == current.licence_number
        and (content.valid_from, content.valid_until) == (current.valid_from, current.valid_until)
    )
