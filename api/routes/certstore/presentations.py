"""`/v1/presentations`: codes that a holder shows and an office reads, signed faces, and where states are told."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request

from api.deps import caller, container, requires
from api.routes.certstore.licences import person_token
from api.routes.certstore.shapes import Basis, Code, In, text_out
from certstore.presentation.codes import grouped, qr_text
from certstore.presentation.model import Extent, Presented, ShownFace
from certstore.presentation.read_code import DEFAULT_BASIS, SCOPE, ReadCommand
from core.principal import Principal

router = APIRouter(prefix="/v1", tags=["presentations"])
Anybody = Annotated[Principal, Depends(caller)]
Reader = Annotated[Principal, Depends(requires(SCOPE))]


class ShowIn(In):
    """How much is shown."""

    extent: Extent = Extent.MINIMAL
    anew: bool = False


class ReadIn(In):
    """The code from the holder's screen, and why it is read."""

    code: Annotated[str, Field(max_length=64, repr=False)]
    basis: Basis = DEFAULT_BASIS
    service_item: Code | None = None
    case_number: Code | None = None


class DecisionIn(In):
    """Whether the office that read the code may see the whole face."""

    granted: bool


@router.post("/licences/{licence_id}/presentations")
async def show(request: Request, licence_id: str, body: ShowIn, actor: Anybody) -> dict[str, Any]:
    """The code that the holder's screen shows now; ask again when its seconds are over. Once read, by whom."""
    person_token(actor)
    shown = await container(request).presentation.show(licence_id, actor, body.extent, anew=body.anew)
    read = shown.read
    return {
        "extent": shown.extent,
        "code": grouped(shown.code) if shown.code else None,
        "qr": qr_text(shown.code) if shown.code else None,
        "seconds": shown.seconds,
        "read": None
        if read is None
        else {
            "id": read.id,
            "state": read.state_at(container(request).ground.clock.now()),
            "sign": read.sign,
            "at": read.read_at,
            "by": {"code": read.organisation, "name": text_out(shown.reader)},
        },
    }


@router.post("/presentations/read")
async def read(request: Request, body: ReadIn, actor: Reader) -> dict[str, Any]:
    """Read a code, once. The minimum comes at once; the whole face when the holder agrees: ask for it by its id."""
    command = ReadCommand(body.code, body.basis, body.service_item, body.case_number)
    return _presented(await container(request).presentation.read(command, actor))


@router.get("/presentations/{presentation_id}")
async def presentation(request: Request, presentation_id: str, actor: Reader) -> dict[str, Any]:
    """What became of a presentation, for whoever read the code; each time that it gives a face is recorded."""
    return _presented(await container(request).presentation.read.again(presentation_id, actor))


@router.post("/presentations/{presentation_id}/decision")
async def decide(request: Request, presentation_id: str, body: DecisionIn, actor: Anybody) -> dict[str, Any]:
    """The holder lets the office see the whole face, or says that this office was not meant."""
    person_token(actor)
    decided = await container(request).presentation.show.decide(presentation_id, actor, granted=body.granted)
    return {"id": decided.id, "state": decided.state}


@router.post("/licences/{licence_id}/signed-face")
async def signed_face(request: Request, licence_id: str, actor: Anybody) -> dict[str, Any]:
    """The minimum as a signed token for a QR code that counts for minutes and is verified without network."""
    person_token(actor)
    made = await container(request).presentation.signed_face(licence_id, actor)
    return {"token": made.token, "expires_at": made.expires_at}


@router.post("/licences/{licence_id}/status-reference")
async def status_reference(request: Request, licence_id: str, actor: Anybody) -> dict[str, Any]:
    """Where the state of the licence's present version is told to anybody (Token Status List §6.2)."""
    person_token(actor)
    found = await container(request).presentation.status_lists.reference(licence_id, actor)
    return {"status": found.claim()}


def _presented(one: Presented) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "extent": one.extent,
        "sign": one.sign,
        "read_at": one.read_at,
        "face": _face(one.face) if one.face else None,
    }


def _face(face: ShownFace) -> dict[str, Any]:
    return {
        "type": {"code": face.type_code, "name": text_out(face.type_name)},
        "issuer": {"code": face.issuer, "name": text_out(face.issuer_name)},
        "status": face.status,
        "valid_from": face.valid_from,
        "valid_until": face.valid_until,
        "name": face.name,
        "identifier": face.identifier,
        "rows": [{"title": text_out(title), "value": value} for title, value in face.rows],
    }
