"""`/v1/people`: find somebody, freeze and unfreeze, close, documents; what needs two people is proposed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from api.deps import container
from api.routes.certstore.shapes import In
from api.routes.people.shapes import AccountId, Caller, Reason, person_out, proposal_out
from core.identifiers.documents import DocumentKind
from idp.persons.model import FreezeReason

router = APIRouter(prefix="/v1/people", tags=["people"])
Number = Annotated[str, Field(max_length=64)]


class DocumentIn(In):
    """A document as printed; `issuer` is for passports."""

    kind: DocumentKind
    number: Number
    issuer: Annotated[str, Field(max_length=10)] = ""


class FindIn(DocumentIn):
    """Whom, and why: every look is on record, and the person sees it."""

    basis: Reason


class FreezeIn(In):
    """Why, as a word and in words."""

    reason: FreezeReason
    note: Reason


class NoteIn(In):
    """Why."""

    note: Reason


class MergeIn(In):
    """The account that goes."""

    goes: AccountId
    reason: Reason


class NumberIn(In):
    """The right ID number, with the name as on the document."""

    number: Number
    name: Annotated[str, Field(max_length=200)]
    reason: Reason


@router.post("/find")
async def find(request: Request, body: FindIn, actor: Caller) -> dict[str, Any]:
    """Whoever has proved this document; a number never stands in an address."""
    look = container(request).idp.persons.look
    return person_out(await look.find(body.kind, body.number, body.issuer, body.basis, actor))


@router.post("/{account_id}/look")
async def look(request: Request, account_id: str, body: NoteIn, actor: Caller) -> dict[str, Any]:
    """One account, masked."""
    return person_out(await container(request).idp.persons.look.one(account_id, body.note, actor))


@router.post("/{account_id}/freeze", status_code=204)
async def freeze(request: Request, account_id: str, body: FreezeIn, actor: Caller) -> None:
    """Out of use at once: every session and token ends."""
    await container(request).idp.persons.freeze.freeze(account_id, body.reason, body.note, actor)


@router.post("/{account_id}/unfreeze", status_code=204)
async def unfreeze(request: Request, account_id: str, body: NoteIn, actor: Caller) -> None:
    """In use again; after an order or a death by a security administrator only."""
    await container(request).idp.persons.freeze.unfreeze(account_id, body.note, actor)


@router.post("/{account_id}/close")
async def close(request: Request, account_id: str, body: NoteIn, actor: Caller) -> dict[str, Any]:
    """For ever; only an account that is frozen, and by a security administrator."""
    return {"reason": await container(request).idp.persons.close(account_id, body.note, actor)}


@router.post("/{account_id}/documents", status_code=201)
async def add_document(request: Request, account_id: str, body: DocumentIn, actor: Caller) -> dict[str, Any]:
    """A document that an office has seen; it is a key of the person from now on."""
    documents = container(request).idp.persons.documents
    return {"id": await documents.add(account_id, body.kind, body.number, body.issuer, actor)}


@router.delete("/{account_id}/documents/{document_id}", status_code=204)
async def remove_document(request: Request, account_id: str, document_id: str, actor: Caller) -> None:
    """It is a key of the person no longer."""
    await container(request).idp.persons.documents.remove(account_id, document_id, actor)


@router.post("/{account_id}/merge-proposals", status_code=201)
async def propose_merge(request: Request, account_id: str, body: MergeIn, actor: Caller) -> dict[str, Any]:
    """Two accounts of one person: this one goes on, once a security administrator agrees."""
    changes = container(request).idp.persons.changes
    return proposal_out(await changes.propose_merge(account_id, body.goes, body.reason, actor))


@router.post("/{account_id}/number-proposals", status_code=201)
async def propose_number(request: Request, account_id: str, body: NumberIn, actor: Caller) -> dict[str, Any]:
    """The ID number was wrong: put right once a security administrator agrees."""
    changes = container(request).idp.persons.changes
    return proposal_out(await changes.propose_number(account_id, body.number, body.name, body.reason, actor))
