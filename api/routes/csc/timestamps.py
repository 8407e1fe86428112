"""`signatures/timestamp`: a time-stamp of our authority (CSC API v2 §11.12; RFC 3161)."""

from __future__ import annotations

import base64
import re

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.deps import container
from api.limits import limited_timestamp
from api.routes.csc.answers import NO_STORE, CscRoute
from api.routes.csc.caller import ServiceCaller
from keys.tsa.imprint import Imprint
from keys.tsa.request import write_request
from keys.tsa.response import read_response
from signing.csc.names import bad_parameter, hash_named, octets
from signing.digests.model import Digest

router = APIRouter(prefix="/csc/v2/signatures", tags=["csc"], route_class=CscRoute)
_NONCE = re.compile(r"[0-9a-fA-F]{1,32}", re.ASCII)


class TimestampWish(BaseModel):
    """A hash to be time-stamped; the nonce is hexadecimal."""

    hash: str = Field(max_length=128)
    hashAlgo: str = Field(max_length=64)  # noqa: N815 - names of the standard
    nonce: str | None = Field(default=None, max_length=32)
    clientData: str | None = Field(default=None, max_length=1024)  # noqa: N815


@router.post("/timestamp")
async def timestamp(request: Request, principal: ServiceCaller, body: TimestampWish) -> JSONResponse:
    """A token over the hash."""
    await limited_timestamp(request)
    digest = Digest(hash_named(body.hashAlgo), octets(body.hash, "hash"))
    if body.nonce is not None and not _NONCE.fullmatch(body.nonce):
        raise bad_parameter("nonce")
    imprint = Imprint(digest.algorithm, digest.value)
    wanted = write_request(imprint, nonce=None if body.nonce is None else int(body.nonce, 16))
    token = read_response(await container(request).tsa.authority.answer(wanted))
    return JSONResponse({"timestamp": base64.b64encode(token).decode()}, headers=NO_STORE)
