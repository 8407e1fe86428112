"""`/v1/licences/{id}/…`: the steps of a licence's life, its events and its versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import caller, container
from api.file_answer import as_ofd
from api.routes.certstore.asked_steps import Asked
from api.routes.certstore.licences import NamedHolderIn, person_token
from api.routes.certstore.shapes import In, page_out, pdf
from api.wiring.licence_life import LifeServices
from certstore.life.change import ChangeCommand
from certstore.life.renew import RenewCommand
from certstore.life.steps import Step
from certstore.making import HolderInput
from certstore.model import Licence
from core.principal import Principal

router = APIRouter(prefix="/v1/licences", tags=["life of licences"])
FaceIn = Annotated[dict[str, Any] | None, Field(repr=False)]
Take = Callable[[LifeServices, Step], Awaitable[Licence]]


class StepIn(In):
    """Why; the holder sees it."""

    reason: Annotated[str, Field(max_length=1000)]


class RenewIn(In):
    """A further term; `data` is the whole face anew where it changes with it."""

    reason: Annotated[str, Field(max_length=1000)] = ""
    data: FaceIn = None
    valid_until: dt.date | None = None


class ChangeIn(StepIn):
    """What is to stand on the face; what is left out stays as it is."""

    holders: Annotated[list[NamedHolderIn] | None, Field(max_length=50)] = None
    data: FaceIn = None
    number: Annotated[str | None, Field(max_length=100, repr=False)] = None


class CorrectIn(ChangeIn):
    """A correction may also mend the dates."""

    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class InspectionIn(In):
    """What came of an annual inspection; a failed one needs its reason."""

    passed: bool
    reason: Annotated[str, Field(max_length=1000)] = ""


@router.post("/{licence_id}/renew")
async def renew(body: RenewIn, asked: Asked) -> dict[str, Any]:
    """延续: a further term, in a new version that takes the place of the present one."""
    command = RenewCommand(asked.step(body.reason), body.data, body.valid_until)
    return asked.told(await asked.services.life.renew(command, asked.actor))


@router.post("/{licence_id}/change")
async def change(body: ChangeIn, asked: Asked) -> dict[str, Any]:
    """变更: the facts have changed."""
    command = ChangeCommand(asked.step(body.reason), _holders(body), body.data, body.number)
    return asked.told(await asked.services.life.change.change(command, asked.actor))


@router.post("/{licence_id}/correct")
async def correct(body: CorrectIn, asked: Asked) -> dict[str, Any]:
    """更正: the face was wrong."""
    step, dates = asked.step(body.reason), (body.valid_from, body.valid_until)
    command = ChangeCommand(step, _holders(body), body.data, body.number, *dates)
    return asked.told(await asked.services.life.change.correct(command, asked.actor))


@router.post("/{licence_id}/inspections")
async def inspect(body: InspectionIn, asked: Asked) -> dict[str, Any]:
    """年检: passed or failed; who fails is suspended until one is passed."""
    services = asked.services.life.inspect
    inspected = services.passed if body.passed else services.failed
    return asked.told(await inspected(asked.step(body.reason), asked.actor))


def _plain(
    path: str, doc: str, take: Callable[[LifeServices], Callable[[Step, Principal], Awaitable[Licence]]]
) -> None:
    """Offer a step that takes nothing but its reason."""

    async def endpoint(body: StepIn, asked: Asked) -> dict[str, Any]:
        return asked.told(await take(asked.services.life)(asked.step(body.reason), asked.actor))

    endpoint.__doc__ = doc
    name = path.replace("-", "_")
    router.add_api_route(f"/{{licence_id}}/{path}", endpoint, methods=["POST"], name=name, summary=name)


_plain("reissue", "补办: the same again after a loss; the lost one verifies as superseded.", lambda life: life.reissue)
_plain(
    "confirm",
    "核对原件: a clerk has seen the original of an uploaded licence (trust C → B).",
    lambda life: life.confirm,
)
_plain("suspend", "暂扣.", lambda life: life.suspend.suspend)
_plain("resume", "暂扣发还: given back.", lambda life: life.suspend.resume)
_plain("transfer-out", "转出: to another region; the reason says where to.", lambda life: life.transfer.out)
_plain("transfer-undo", "取消转出, unless it has become another licence there.", lambda life: life.transfer.undo)


@router.get("/{licence_id}/events")
async def events(request: Request, licence_id: str, actor: Annotated[Principal, Depends(caller)]) -> dict[str, Any]:
    """What happened to the licence, oldest first, for its issuing authority and its holder."""
    person_token(actor)
    view = await container(request).certstore.read.licence(licence_id, actor)
    rows = [
        {
            "sequence": one.sequence,
            "event": one.event,
            "state": one.state,
            "version": one.version,
            "at": one.at,
            "organisation": one.organisation,
            "reason": one.reason,
        }
        for one in view.history
    ]
    return page_out(rows, None)


@router.get("/{licence_id}/versions")
async def versions(request: Request, licence_id: str, actor: Annotated[Principal, Depends(caller)]) -> dict[str, Any]:
    """All versions, oldest first, with the chain that binds them; without what stands on the faces."""
    person_token(actor)
    lines = await container(request).certstore.read.versions(licence_id, actor)
    rows = [
        {
            "version": line.version.number,
            "identifier": line.version.identifier,
            "type_version": line.version.type_version,
            "made_by": line.version.made_by,
            "based_on": line.version.based_on,
            "trust": line.version.trust,
            "issued_at": line.version.issued_at,
            "valid_from": line.version.valid_from,
            "valid_until": line.version.valid_until,
            "sha256": line.sha256,
            "ofd_sha256": line.ofd,
            "hash": line.version.hash.hex(),
            "previous": line.version.previous.hex(),
            "chained": line.chained,
            "file": f"/v1/licences/{licence_id}/versions/{line.version.number}/file",
        }
        for line in lines
    ]
    return page_out(rows, None)


@router.get("/{licence_id}/versions/{number}/file", response_class=Response)
async def version_file(
    request: Request,
    licence_id: str,
    number: int,
    actor: Annotated[Principal, Depends(caller)],
    form: Literal["pdf", "ofd"] | None = None,
) -> Response:
    """The sealed original of one version, in its `form`, by itself as PDF if there is one; for the holder only of those
    that name them."""
    person_token(actor)
    return pdf(await container(request).certstore.read.original(licence_id, actor, number, ofd=as_ofd(form)))


def _holders(body: ChangeIn) -> list[HolderInput] | None:
    if body.holders is None:
        return None
    return [HolderInput(one.code_type, one.code, one.name, one.role) for one in body.holders]
