"""Annual inspections, 年检: passed or failed one by one, and the rounds in which an authority goes through its list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from certstore.authorise import acting_organisation, require_scope, require_type
from certstore.inspecting import NEVER, Standing, next_cover, standing
from certstore.life.ports import DueStore
from certstore.life.steps import Found, LifeSteps, Outcome, Step, state_after
from certstore.lifecycle import Event, State
from certstore.model import InspectionRule, Licence, LicenceType
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.errors import Conflict, NotFound
from core.paging import Page, cursor_invalid, decode_cursor, encode_cursor, page_size
from core.principal import Principal, Purpose
from core.text import Text

ROUND_PURPOSE = Purpose(basis="颁发机构办理年检")


@dataclass(frozen=True, slots=True)
class ToInspect:
    """One line of a round; free of personal data."""

    licence_id: str
    identifier: str
    state: State
    revision: int
    inspected_until: dt.date | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Round:
    """How far an authority has come with the inspections of a type.

    Attributes:
        counts: licences by standing; together all that are to be inspected.
        opens_for: licences covered no longer than this day may be inspected today.
    """

    licence_type: LicenceType
    counts: Mapping[Standing, int]
    opens_for: dt.date
    page: Page[ToInspect]


class InspectLicence:
    """The use cases: pass, fail, and the list of a round."""

    def __init__(self, steps: LifeSteps, repository: Repository, due: DueStore) -> None:
        self._steps = steps
        self._repository = repository
        self._due = due

    async def passed(self, step: Step, actor: Principal) -> Licence:
        """Cover the next term; a licence that a failed inspection had suspended is given back.

        Raises:
            Conflict: `no-inspections`, `inspection-too-early`.
            AppError: what `LifeSteps.take` raises.
        """

        async def make(found: Found) -> Outcome:
            rule = _rule(found)
            _require_open(found, rule)
            after = state_after(found, Event.ANNUAL_PASS)
            until = next_cover(rule, found.licence.inspected_until, found.today)
            return Outcome(replace(after, inspected_until=until))

        return await self._steps.take(step, Event.ANNUAL_PASS, actor, make, reason_needed=False)

    async def failed(self, step: Step, actor: Principal) -> Licence:
        """Suspend the licence until an inspection is passed.

        Raises:
            Conflict: `no-inspections`, `inspection-too-early`.
            AppError: what `LifeSteps.take` raises.
        """

        async def make(found: Found) -> Outcome:
            _require_open(found, _rule(found))
            return Outcome(state_after(found, Event.ANNUAL_FAIL))

        return await self._steps.take(step, Event.ANNUAL_FAIL, actor, make)

    async def round(
        self, type_code: str, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Round:
        """What is due today of a type, soonest first, and how far the round has come.

        Raises:
            NotFound: `licence-type-not-found`.
            NotPermitted: no `licence:issue`, or the actor's role does not cover the type.
            Conflict: `no-inspections`.
        """
        require_scope(actor, "licence:issue")
        require_type(actor, "licence:issue", type_code)
        issuer, repository, size = acting_organisation(actor), self._repository, page_size(limit)
        after = _position(cursor) if cursor else None
        today = repository.today()
        async with repository.database.write() as tx:
            licence_type = await repository.catalogue.licence_type(tx, type_code)
            if licence_type is None:
                raise NotFound(
                    "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
                )
            if licence_type.inspection is None:
                raise no_inspections()
            rule = licence_type.inspection
            window = today + dt.timedelta(days=rule.window_days)
            found = await self._due.to_inspect(tx, issuer, type_code, until=window, after=after, limit=size + 1)
            counts = await self._due.inspection_counts(tx, issuer, type_code, today=today, window=window)
            detail: Detail = {"type": type_code, "count": min(len(found), size)}
            tx.audit(AuditEvent("licence.inspections", "done", actor, purpose=ROUND_PURPOSE, detail=detail))
            await tx.commit()
        lines = [_line(one, rule, today) for one in found[:size]]
        last = found[size - 1] if len(found) > size else None
        following = encode_cursor(str(last.inspected_until or NEVER), last.id) if last else None
        return Round(licence_type, counts, window, Page(lines, following))

    def inspected(self, actor: Principal, types: Sequence[LicenceType]) -> Sequence[LicenceType]:
        """Those of `types` that the actor inspects."""
        organisation = acting_organisation(actor)
        return [
            one
            for one in types
            if one.inspection is not None and organisation in one.issuers and actor.may_with("licence:issue", one.code)
        ]


def no_inspections() -> Conflict:
    """`no-inspections`: the type has no inspection rule."""
    return Conflict(
        "no-inspections",
        Text("这类证照没有年检。", "Licences of this type are not inspected."),
    )


def _rule(found: Found) -> InspectionRule:
    if found.licence_type.inspection is None:
        raise no_inspections()
    return found.licence_type.inspection


def _require_open(found: Found, rule: InspectionRule) -> None:
    """A suspended licence may be inspected at any time: that is how it comes back."""
    licence = found.licence
    if licence.state is State.SUSPENDED:
        return
    if standing(rule, licence.inspected_until, found.today) is Standing.COVERED:
        raise Conflict(
            "inspection-too-early",
            Text(
                "年检还没到办理期。到期前 {days} 天起可以办。",
                "It is too early for this inspection. It may be held from {days} days before the covered term ends.",
            ).format(days=rule.window_days),
        )


def _line(licence: Licence, rule: InspectionRule, today: dt.date) -> ToInspect:
    return ToInspect(
        licence.id,
        licence.current.identifier,
        licence.state,
        licence.revision,
        licence.inspected_until,
        standing(rule, licence.inspected_until, today),
    )


def _position(cursor: str) -> tuple[dt.date, str]:
    day, licence_id = decode_cursor(cursor, 2)
    try:
        return dt.date.fromisoformat(str(day)), str(licence_id)
    except ValueError:
        raise cursor_invalid() from None
