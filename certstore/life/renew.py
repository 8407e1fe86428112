"""Renews a licence, 延续: a further term in a new version, which takes the old one's place at once (行政许可法 §50)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from certstore.catalogue import validity_of
from certstore.life.steps import Found, LifeSteps, Outcome, Step
from certstore.lifecycle import Event
from certstore.making import VersionContent, VersionMaker
from certstore.model import Licence, Trust, Validity
from core.errors import Conflict, InvalidInput
from core.principal import Principal
from core.text import Text


@dataclass(frozen=True, slots=True)
class RenewCommand:
    """Which licence.

    Attributes:
        data: the whole face data anew; None keeps what it says.
        valid_until: only for types whose rule is `stated`.
    """

    step: Step
    data: Mapping[str, object] | None = field(default=None, repr=False)
    valid_until: dt.date | None = None


class RenewLicence:
    """The use case. In time, the new term follows the old one without a gap; after the end, it begins today."""

    def __init__(self, steps: LifeSteps, maker: VersionMaker) -> None:
        self._steps = steps
        self._maker = maker

    async def __call__(self, command: RenewCommand, actor: Principal) -> Licence:
        """
        Raises:
            Conflict: `nothing-to-renew`, for licences without an end.
            InvalidInput: `validity-invalid`, where the stated end is not later than the present one.
            AppError: what `LifeSteps.take` raises.
        """

        async def make(found: Found) -> Outcome:
            content = _content(found, command)
            made, file = await self._maker.next(
                found.licence,
                content,
                found.licence_type,
                actor,
                event=Event.RENEW,
                trust=Trust.A,
                sealed_before=found.seal_id,
            )
            return Outcome(made, file)

        said = (command.data, command.valid_until)
        return await self._steps.take(command.step, Event.RENEW, actor, make, said=said, reason_needed=False)


def _content(found: Found, command: RenewCommand) -> VersionContent:
    current, today = found.licence.current, found.today
    ended = current.valid_until
    if ended is None or found.licence_type.validity.kind is Validity.LONG_TERM:
        raise Conflict(
            "nothing-to-renew",
            Text(
                "这份证照长期有效，不用延续。内容有变化的，请办变更。",
                "The licence has no end date, so there is nothing to renew. If what it says has changed, change it.",
            ),
        )
    in_time = today <= ended
    until = validity_of(
        found.licence_type.validity, ended + dt.timedelta(days=1) if in_time else today, command.valid_until
    )
    if until is not None and until <= ended:
        raise InvalidInput(
            "validity-invalid",
            Text("新的截止日应晚于现在的截止日。", "The new last day must be later than the present one."),
            field="valid_until",
        )
    return VersionContent(
        holders=current.holders,
        data=current.data if command.data is None else command.data,
        licence_number=current.licence_number,
        valid_from=current.valid_from if in_time else today,
        valid_until=until,
    )
