"""`/v1/digest-signatures`: a digest in, a signature out; the document stays with whoever asks (attacks S-53)."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.deps import container, requires
from api.routes.signing.uses import request_view
from core.principal import Principal
from idp.protocol.scopes import SEAL_DIGEST
from signing.digests.ask import AskForDigestCommand
from signing.digests.model import LONGEST_NAME, Digest, DigestTerms, SignDigestCommand, SignedDigest
from signing.levels import Level, LevelPolicy

router = APIRouter(prefix="/v1/digest-signatures", tags=["signatures"])
Holder = Annotated[Principal, Depends(requires(SEAL_DIGEST))]


class _Digest(BaseModel):
    """A document that is not sent, and why it is sealed: the words stand in the ledger."""

    model_config = ConfigDict(extra="forbid")

    seal: str = Field(max_length=64, description="id of the seal")
    digest: str = Field(
        pattern=r"^(?:[0-9a-f]{2}){32,64}$",
        description="of the prepared file without the room for its signature, hexadecimal (ISO 32000-1 §12.8.1)",
    )
    algorithm: Literal["sha256", "sha384", "sha512"] = "sha256"
    document_name: str = Field(min_length=1, max_length=LONGEST_NAME)
    document_class: str = Field(default="document", max_length=64)
    reason: str = Field(min_length=1, max_length=200)


class NewDigestSignature(_Digest):
    """A digest to sign. There is no place for signed attributes: they are the service's own."""

    level: Literal["B-B", "B-T"] = "B-B"
    level_policy: LevelPolicy = LevelPolicy.EXACTLY
    room: int | None = Field(default=None, ge=1, description="octets that the file has for the signature")
    request: str | None = Field(default=None, max_length=64, description="an approved request for this very digest")


@router.post("", status_code=201)
async def sign_a_digest(
    request: Request,
    body: NewDigestSignature,
    principal: Holder,
    idempotency_key: Annotated[str | None, Header(max_length=128)] = None,
) -> JSONResponse:
    """Sign the digest of a document that stays outside, under a grant for digests. Answers with the CMS container."""
    signed = await container(request).signing.digests.sign(
        SignDigestCommand(
            digest=_digest(body),
            seal_id=body.seal,
            actor=principal,
            document_class=body.document_class,
            document_name=body.document_name,
            reason=body.reason,
            room=body.room,
            level=Level.named(body.level) or Level.B_B,
            level_policy=body.level_policy,
            idempotency_key=idempotency_key,
            request_id=body.request,
        )
    )
    place = {"Location": f"/v1/signatures/{signed.signature_id}", "Cache-Control": "no-store"}
    return JSONResponse(_signed_view(signed), 201, place)


@router.get("/terms")
async def digest_terms(
    request: Request,
    principal: Holder,
    seal: Annotated[str, Query(max_length=64)],
    document_class: Annotated[str, Query(max_length=64)] = "document",
) -> dict[str, Any]:
    """What it takes to prepare a file: the seal's name, picture and certificates, the digest, the room to leave."""
    return _terms_view(await container(request).signing.digests.terms(seal, document_class, actor=principal))


@router.post("/requests", status_code=201)
async def ask_for_a_digest(request: Request, body: _Digest, principal: Holder) -> dict[str, Any]:
    """Have a digest approved first, where the grant wants it. It is decided at `/v1/seal-requests`."""
    command = AskForDigestCommand(
        _digest(body), body.seal, principal, body.document_class, body.document_name, body.reason
    )
    return request_view(await container(request).signing.digests.ask(command))


def _digest(body: _Digest) -> Digest:
    return Digest(body.algorithm, bytes.fromhex(body.digest))


def _signed_view(signed: SignedDigest) -> dict[str, Any]:
    return {
        "id": signed.signature_id,
        "seal": signed.seal_id,
        "level": signed.level,
        "level_wanted": signed.level_wanted,
        "signed_at": signed.signed_at.isoformat(),
        "container": base64.b64encode(signed.container).decode(),
        "receipt": f"/v1/signatures/{signed.signature_id}/receipt",
    }


def _terms_view(terms: DigestTerms) -> dict[str, Any]:
    return {
        "seal": terms.seal_id,
        "signer": terms.signer,
        "algorithm": terms.algorithm,
        "octets": terms.octets,
        "image": {
            "width_mm": terms.image.width_mm,
            "height_mm": terms.image.height_mm,
            "content": base64.b64encode(terms.image.content).decode(),
        },
        "certificates": [base64.b64encode(one).decode() for one in terms.certificates],
    }
