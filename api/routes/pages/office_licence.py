"""A department's page of one licence: what it says, its life line, its versions, and what may be done now."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.file_answer import as_ofd
from api.routes.pages.face_values import face_values, validity_words
from api.routes.pages.life import EVENTS, story_of
from api.routes.pages.states import mark_of
from api.web.downloads import download
from api.web.life_diagram import diagram
from api.web.render import page
from api.web.step_words import NAMES, STEPS
from api.web.views.common import Fact
from api.web.views.licence_life import OfficeLicenceView, StepLink, VersionRow, WaitingRow
from api.web.visitor import ISSUER, Visitor, permitted
from api.web.words import minute
from certstore.life.model import EndingProposal
from certstore.lifecycle import ENDINGS, Event, effective_state, events_from
from certstore.model import Licence, LicenceType, Trust
from certstore.read import LicenceView, VersionLine
from core.clock import calendar_day
from core.errors import NotFound
from core.text import Text

router = APIRouter(include_in_schema=False)
_TRUST = {
    Trust.A: Text("A 颁发机构生成", "A, made by the authority"),
    Trust.B: Text("B 已核对原件", "B, original seen"),
    Trust.C: Text("C 本人上传，待核对原件", "C, uploaded, original not seen yet"),
    Trust.D: Text("D 本人承诺", "D, the holder's own statement"),
}


@router.get("/office/licences/{licence_id}")
async def licence(request: Request, licence_id: str) -> Response:
    """The licence; its holder sees that the authority looked."""
    who = await permitted(request, ISSUER)
    return await licence_page(request, who, licence_id)


async def licence_page(
    request: Request, who: Visitor, licence_id: str, *, note: Text | None = None, error: Text | None = None
) -> Response:
    services = container(request).certstore
    found, lines = await services.read.story(licence_id, who.principal)
    if found.licence.issuer != who.principal.organisation:
        raise NotFound("licence-not-found", Text("本单位没有发过这份证照。", "Your office has issued no such licence."))
    newest = await services.catalogue.licence_type(found.licence.type_code)
    waiting = [one for one in await services.life.proposals.waiting(who.principal) if one.licence_id == licence_id]
    done = request.query_params.get("done", "")
    view = _view(request, who, found, newest, lines, waiting, note or _done(done), error)
    return page(request, "office_licence.html", view=view)


@router.get("/office/licences/{licence_id}/versions/{number}/original")
async def version_original(request: Request, licence_id: str, number: int, form: str | None = None) -> Response:
    """The sealed original of one version, as PDF or OFD."""
    who = await permitted(request, ISSUER)
    file = await container(request).certstore.read.original(licence_id, who.principal, number, ofd=as_ofd(form))
    return download(file.content, file.name)


def open_steps(licence: Licence, newest: LicenceType, possible: Sequence[Event]) -> list[Event]:
    """What the console offers of what the table allows: nothing that would be refused for what the licence is."""
    version = licence.current
    closed = {
        Event.RENEW: version.valid_until is None,
        Event.CONFIRM: version.trust is not Trust.C,
        Event.ANNUAL_PASS: newest.inspection is None,
        Event.ANNUAL_FAIL: newest.inspection is None,
    }
    return [event for event in possible if event in STEPS and newest.allows(event) and not closed.get(event, False)]


def waiting_row(proposal: EndingProposal, type_name: Text, who: Visitor) -> WaitingRow:
    own = proposal.proposed_by == who.principal.id
    name, when = NAMES[proposal.event], minute(proposal.proposed_at)
    return WaitingRow(
        proposal.id,
        Text(f"{name.zh}一份{type_name.zh}", f"{name.en} a {type_name.en}"),
        f"/office/licences/{proposal.licence_id}",
        Text(f"{proposal.proposer_name} 于 {when} 提出", f"proposed by {proposal.proposer_name}, {when}"),
        proposal.reason,
        may_decide=not own,
        may_withdraw=own,
    )


def _view(
    request: Request,
    who: Visitor,
    found: LicenceView,
    newest: LicenceType,
    lines: Sequence[VersionLine],
    waiting: Sequence[EndingProposal],
    note: Text | None,
    error: Text | None,
) -> OfficeLicenceView:
    licence, today = found.licence, calendar_day(container(request).ground.clock.now())
    version, base = licence.current, f"/office/licences/{licence.id}"
    here = effective_state(licence.state, version.valid_until, today)
    steps = open_steps(licence, newest, events_from(here))
    links = {event: StepLink(f"{base}/{event.value}", STEPS[event].name) for event in steps}
    allowed = newest.profile.events if newest.profile else frozenset(Event)
    return OfficeLicenceView(
        title=found.licence_type.name,
        number=version.licence_number,
        mark=mark_of(found.status, version.valid_until, today),
        base=base,
        note=note,
        error=error,
        fields=face_values(found),
        facts=_facts(found, newest),
        steps=tuple(link for event, link in links.items() if event not in ENDINGS),
        endings=tuple(link for event, link in links.items() if event in ENDINGS),
        waiting=tuple(waiting_row(one, newest.name, who) for one in waiting),
        story=story_of(found.history),
        versions=tuple(_version_row(line, licence, base) for line in reversed(lines)),
        diagram=diagram(here, allowed),
    )


def _facts(found: LicenceView, newest: LicenceType) -> tuple[Fact, ...]:
    licence = found.licence
    facts = [
        Fact(Text("证照标识", "Identifier"), licence.current.identifier, True),
        Fact(Text("可信级别", "Trust"), _TRUST[licence.current.trust]),
    ]
    if newest.inspection is not None:
        until = licence.inspected_until
        facts.append(Fact(Text("年检有效至", "Inspected until"), f"{until}" if until else Text("还没有", "not yet")))
    if licence.current.based_on is not None and licence.current.number == 1:
        facts.append(Fact(Text("由此转入", "Transferred from"), licence.current.based_on, True))
    return tuple(facts)


def _version_row(line: VersionLine, licence: Licence, base: str) -> VersionRow:
    version = line.version
    return VersionRow(
        number=f"{version.number:03d}",
        made_by=EVENTS[version.made_by][2],
        issued=minute(version.issued_at),
        validity=validity_words(version),
        trust=version.trust.value,
        identifier=version.identifier,
        current=version.number == licence.current.number,
        chained=line.chained,
        href=f"{base}/versions/{version.number}/original",
        ofd=f"{base}/versions/{version.number}/original?form=ofd" if line.ofd and line.sha256 else None,
    )


def _done(step: str) -> Text | None:
    """What the step before led to; only words of ours are shown."""
    known = {event.value: STEPS[event].name for event in STEPS}
    if step in known:
        name = known[step]
        return Text(
            f"已{name.zh}。持证人登录后马上看得到。", f"Done: {name.en}. Its holder sees it at the next log-in."
        )
    if step == "proposed":
        return Text("已提出，等同事决定。", "Proposed; a colleague decides.")
    return None
