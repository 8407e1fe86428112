"""`signatures/signHash` and `signatures/signDoc` (CSC API v2 §11.9, §11.10)."""

from __future__ import annotations

import base64
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.deps import container
from api.routes.csc.answers import NO_STORE, CscRoute
from api.routes.csc.caller import Caller, permission_of
from idp.endpoints.resource import DetailedCaller
from signing.csc.names import bad_parameter, hash_named, octets
from signing.csc.sign import DigestToSign, DocumentToSign, ToSign
from signing.digests.model import Digest
from signing.levels import Level

router = APIRouter(prefix="/csc/v2/signatures", tags=["csc"], route_class=CscRoute)
_LEVELS = {"ades-b-b": Level.B_B, "ades-b-t": Level.B_T, "ades-b-lt": Level.B_LT, "ades-b-lta": Level.B_LTA}


class _Request(BaseModel):
    credentialID: str = Field(max_length=64)  # noqa: N815 - names of the standard
    SAD: str | None = Field(default=None, max_length=200)
    operationMode: Literal["S"] = "S"  # noqa: N815 - what is asked for is done at once
    clientData: str | None = Field(default=None, max_length=1024)  # noqa: N815


class SignHash(_Request):
    """Hashes to sign as they are."""

    hashes: list[str] = Field(min_length=1)
    hashAlgorithmOID: str | None = Field(default=None, max_length=64)  # noqa: N815
    signAlgo: str = Field(max_length=64)  # noqa: N815
    signAlgoParams: str | None = Field(default=None, max_length=1024)  # noqa: N815


class _Format(BaseModel):
    signature_format: Literal["P"]
    conformance_level: str = Field(default="AdES-B-B", max_length=16)
    signAlgo: str = Field(max_length=64)  # noqa: N815
    signAlgoParams: str | None = Field(default=None, max_length=1024)  # noqa: N815
    signed_envelope_property: Literal["Revision", "Certification"] = "Revision"
    signed_props: list[dict[str, Any]] = Field(default_factory=list, max_length=0)  # attributes are ours (S-53)


class DocumentDigests(_Format):
    """Digests of prepared files, for containers that the caller puts into them."""

    hashes: list[str] = Field(min_length=1)
    hashAlgorithmOID: str | None = Field(default=None, max_length=64)  # noqa: N815


class Document(_Format):
    """A PDF to seal."""

    document: str


class SignDoc(_Request):
    """Digests or documents; each list is signed by what its entries say."""

    documentDigests: list[DocumentDigests] = Field(default_factory=list, max_length=1)  # noqa: N815
    documents: list[Document] = Field(default_factory=list, max_length=8)
    returnValidationInfo: Literal[False] = False  # noqa: N815


@router.post("/signHash")
async def sign_hash(request: Request, caller: Caller, body: SignHash) -> JSONResponse:
    """Signature values over hashes, under a grant for hashes; all of them or none."""
    algorithm = hash_named(body.hashAlgorithmOID, body.signAlgo)
    hashes = [Digest(algorithm, octets(one, "hashes")) for one in body.hashes]
    order = _order(caller, body, body.signAlgo, body.signAlgoParams)
    signed = await container(request).signing.csc.signing.sign_hashes(order, hashes)
    return JSONResponse({"signatures": [_text(one) for one in signed]}, headers=NO_STORE)


@router.post("/signDoc")
async def sign_doc(request: Request, caller: Caller, body: SignDoc) -> JSONResponse:
    """PAdES: containers over digests under a grant for digests, or sealed PDFs under one for documents."""
    if bool(body.documentDigests) == bool(body.documents):
        raise bad_parameter("documents")
    signing = container(request).signing
    if body.documentDigests:
        (asked,) = body.documentDigests
        algorithm, level = hash_named(asked.hashAlgorithmOID, asked.signAlgo), _level(asked)
        wanted = [DigestToSign(Digest(algorithm, octets(one, "hashes")), level) for one in asked.hashes]
        order = _order(caller, body, asked.signAlgo, asked.signAlgoParams)
        made = await signing.csc.signing.sign_digests(order, wanted)
        return JSONResponse({"SignatureObject": [_text(one) for one in made]}, headers=NO_STORE)
    first = body.documents[0]
    if any((one.signAlgo, one.signAlgoParams) != (first.signAlgo, first.signAlgoParams) for one in body.documents):
        raise bad_parameter("signAlgo")
    files = [
        DocumentToSign(octets(one.document, "document"), _level(one), one.signed_envelope_property == "Certification")
        for one in body.documents
    ]
    order = _order(caller, body, first.signAlgo, first.signAlgoParams)
    sealed = await signing.csc.signing.sign_documents(order, files)
    return JSONResponse({"DocumentWithSignature": [_text(one) for one in sealed]}, headers=NO_STORE)


def _order(caller: DetailedCaller, body: _Request, algorithm: str, parameters: str | None) -> ToSign:
    permission = permission_of(caller, body.SAD, body.credentialID)
    return ToSign(caller.principal, body.credentialID, permission, algorithm, parameters)


def _level(asked: _Format) -> Level:
    level = _LEVELS.get(asked.conformance_level.lower())
    if level is None:
        raise bad_parameter("conformance_level")
    return level


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
