"""`/v1/signature-batches`: many files, sealed alike: gathered, started, watched, fetched."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.deps import caller, container, language, requires
from api.file_answer import document_answer
from api.routes.signing.levels import read_level, read_level_policy
from api.routes.signing.many_uploads import MANY_FILES, many_uploads
from api.routes.signing.places import PlaceList
from core.files.scratch import FileBytes
from core.principal import Principal
from signing.batches.gather import NewBatch
from signing.batches.look_up import SeenBatch
from signing.batches.model import Batch, BatchFile, Counts, Fault, FileState, Wishes
from signing.levels import LevelPolicy
from signing.locks import Certification, Locks
from signing.profiles import PdfProfile

router = APIRouter(prefix="/v1/signature-batches", tags=["signature batches"])
Signer = Annotated[Principal, Depends(requires("seal:sign"))]
Reviewer = Annotated[Principal, Depends(requires("seal:approve"))]
Caller = Annotated[Principal, Depends(caller)]
_ID = r"^[A-Za-z0-9_-]{1,64}$"
_PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class NewBatchBody(BaseModel):
    """How every file is sealed, as in `POST /v1/signatures`; `receiver` is a subscription that is told of the end."""

    model_config = ConfigDict(extra="forbid")

    seal: str = Field(pattern=_ID)
    document_class: str = Field(default="document", pattern=r"^[ -~]{1,64}$")
    places: PlaceList | None = None
    reason: str | None = Field(default=None, max_length=200)
    level: str | None = Field(default=None, description="B-B, B-T, B-LT or B-LTA")
    level_policy: LevelPolicy | None = None
    location: str | None = Field(default=None, max_length=200)
    contact: str | None = Field(default=None, max_length=200)
    certify: Certification | None = None
    profile: PdfProfile | None = None
    receiver: str | None = Field(default=None, pattern=_ID)

    def wishes(self) -> Wishes:
        """
        Raises:
            InvalidInput: `field-invalid`.
        """
        fields = {"level": self.level or "", "level_policy": self.level_policy.value if self.level_policy else ""}
        return Wishes(
            document_class=self.document_class,
            places=tuple(place.read() for place in self.places or ()),
            reason=self.reason or None,
            level=read_level(fields),
            level_policy=read_level_policy(fields),
            location=self.location or None,
            contact=self.contact or None,
            locks=Locks(self.certify),
            profile=self.profile,
        )


class Approved(BaseModel):
    """`digest` is the SHA-256 of the list that was looked at."""

    model_config = ConfigDict(extra="forbid")

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    answer: str = Field(default="", max_length=200)


class NotApproved(BaseModel):
    """A refusal gives its reason."""

    model_config = ConfigDict(extra="forbid")

    answer: str = Field(max_length=200)


@router.post("", status_code=201)
async def begin_a_batch(
    request: Request,
    body: NewBatchBody,
    principal: Signer,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> dict[str, Any]:
    """Begin a batch; its files come next, then it is started."""
    wanted = NewBatch(body.seal, body.wishes(), principal, body.receiver, idempotency_key)
    return batch_view(await container(request).batches.gather.begin(wanted))


@router.get("")
async def list_batches(
    request: Request,
    principal: Caller,
    to_decide: bool = False,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """The caller's own, newest first; with `to_decide` those that wait for a second person of the organisation."""
    look = container(request).batches.look
    page = look.to_decide if to_decide else look.page
    found = await page(principal, cursor=cursor, limit=limit)
    return {"items": [batch_view(one) for one in found.items], "next_cursor": found.next_cursor}


@router.get("/{batch_id}")
async def one_batch(request: Request, batch_id: str, principal: Caller) -> dict[str, Any]:
    """How far it is."""
    return _seen(await container(request).batches.look.one(batch_id, principal))


@router.post("/{batch_id}/files", status_code=201, openapi_extra=MANY_FILES)
async def add_files(request: Request, batch_id: str, principal: Signer) -> dict[str, Any]:
    """Add files: parts `pdf`, or one `zip`. What is answered for is stored; sent again, the same file is there once."""
    batches = container(request).batches
    async with many_uploads(request) as parts:
        added = await batches.gather.add_all(batch_id, parts, principal)
    seen = await batches.look.one(batch_id, principal)
    return {"added": added, **_seen(seen)}


@router.get("/{batch_id}/files")
async def list_files(
    request: Request,
    batch_id: str,
    principal: Caller,
    state: FileState | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """The files in their order, each with what came of it."""
    found = await container(request).batches.look.files(batch_id, principal, state=state, cursor=cursor, limit=limit)
    return {"items": [file_view(one) for one in found.items], "next_cursor": found.next_cursor}


@router.delete("/{batch_id}/files/{file_id}", status_code=204, response_class=Response)
async def remove_a_file(request: Request, batch_id: str, file_id: str, principal: Signer) -> Response:
    """Take a file out, before the batch is started."""
    await container(request).batches.gather.remove(batch_id, file_id, principal)
    return Response(status_code=204)


@router.post("/{batch_id}/start")
async def start_a_batch(request: Request, batch_id: str, principal: Signer) -> dict[str, Any]:
    """Have its files sealed; where the grant wants it, after a second person has approved of all of them at once."""
    return batch_view(await container(request).batches.steer.start(batch_id, principal))


@router.post("/{batch_id}/resume")
async def resume_a_batch(request: Request, batch_id: str, principal: Signer) -> dict[str, Any]:
    """Go on with a batch that was halted."""
    return batch_view(await container(request).batches.steer.resume(batch_id, principal))


@router.post("/{batch_id}/retry")
async def try_refused_files_again(request: Request, batch_id: str, principal: Signer) -> dict[str, Any]:
    """Try the files that were not sealed once more."""
    return batch_view(await container(request).batches.steer.try_again(batch_id, principal))


@router.post("/{batch_id}/files/{file_id}/retry")
async def try_a_file_again(request: Request, batch_id: str, file_id: str, principal: Signer) -> dict[str, Any]:
    """Try one file that was not sealed once more."""
    return batch_view(await container(request).batches.steer.try_again(batch_id, principal, file_id))


@router.post("/{batch_id}/cancel")
async def cancel_a_batch(request: Request, batch_id: str, principal: Signer) -> dict[str, Any]:
    """What is sealed stays sealed; from the answer on nothing more is."""
    return batch_view(await container(request).batches.steer.cancel(batch_id, principal))


@router.get("/{batch_id}/list", response_class=Response)
async def list_to_approve(request: Request, batch_id: str, principal: Caller) -> Response:
    """Digests and names, as `sha256sum` writes them; the SHA-256 of this text is what a second person approves."""
    lines = await container(request).batches.look.list_of_files(batch_id, principal)
    return StreamingResponse(lines, media_type="text/plain; charset=utf-8", headers=_PRIVATE)


@router.post("/{batch_id}/approve")
async def approve_a_batch(request: Request, batch_id: str, body: Approved, principal: Reviewer) -> dict[str, Any]:
    """Let exactly the files of this list be sealed. Not by whoever asked."""
    decide = container(request).batches.decide
    return batch_view(await decide.approve(batch_id, body.digest, actor=principal, answer=body.answer))


@router.post("/{batch_id}/refuse")
async def refuse_a_batch(request: Request, batch_id: str, body: NotApproved, principal: Reviewer) -> dict[str, Any]:
    """Say no, with the reason."""
    return batch_view(await container(request).batches.decide.refuse(batch_id, actor=principal, answer=body.answer))


@router.get("/{batch_id}/files/{file_id}/file", response_class=Response)
async def sealed_file_of_a_batch(request: Request, batch_id: str, file_id: str, principal: Caller) -> Response:
    """One sealed file, for the batch's owner."""
    file, content = await container(request).batches.look.sealed(batch_id, file_id, principal)
    return sealed_file_answer(content, file.signature_id or file.id)


@router.get("/{batch_id}/files/{file_id}/source", response_class=Response)
async def file_as_it_was_brought(request: Request, batch_id: str, file_id: str, principal: Caller) -> Response:
    """One file as it was brought, while it may be needed: for the owner, and for those who decide over it."""
    return sealed_file_answer(await container(request).batches.look.brought(batch_id, file_id, principal), file_id)


@router.get("/{batch_id}/results.csv", response_class=Response)
async def results_as_a_table(request: Request, batch_id: str, principal: Caller) -> Response:
    """Every file and what came of it, for spreadsheets."""
    lines = await container(request).batches.results.table(batch_id, principal, language(request))
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=_named(f"{batch_id}.csv"))


@router.get("/{batch_id}/results.zip", response_class=Response)
async def results_as_an_archive(request: Request, batch_id: str, principal: Caller) -> Response:
    """All sealed files under their names, with the table."""
    pieces = await container(request).batches.results.archive(batch_id, principal, language(request))
    return StreamingResponse(pieces, media_type="application/zip", headers=_named(f"{batch_id}.zip"))


def sealed_file_answer(content: FileBytes, name: str) -> Response:
    return document_answer(content, name, headers=_PRIVATE)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', **_PRIVATE}


def _seen(seen: SeenBatch) -> dict[str, Any]:
    return {**batch_view(seen.batch), "counts": _counts(seen.counts)}


def batch_view(batch: Batch) -> dict[str, Any]:
    approval = batch.approval
    return {
        "id": batch.id,
        "seal": batch.seal_id,
        "document_class": batch.wishes.document_class,
        "reason": batch.wishes.reason,
        "state": batch.state.value,
        "files": batch.files,
        "octets": batch.octets,
        "halted": _fault(batch.halted),
        "approval": approval
        and {
            "digest": approval.digest,
            "decided_at": approval.decided_at,
            "answer": approval.answer,
            "until": approval.until,
        },
        "receiver": batch.receiver,
        "retry_at": batch.due_at if batch.stumbles else None,
        "created_at": batch.created_at,
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
        "expires_at": batch.expires_at,
    }


def file_view(file: BatchFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "number": file.number,
        "name": file.name,
        "digest": file.digest,
        "octets": file.octets,
        "state": file.state.value,
        "signature": file.signature_id,
        "fault": _fault(file.fault),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "waiting": counts.waiting,
        "sealed": counts.sealed,
        "refused": counts.refused,
        "cancelled": counts.cancelled,
    }


def _fault(fault: Fault | None) -> dict[str, Any] | None:
    return None if fault is None else {"code": fault.code, "text": {"zh": fault.text.zh, "en": fault.text.en}}
