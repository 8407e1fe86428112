"""`credentials/…`: which seals a caller may use, and for which hashes next (CSC API v2 §11.4 to §11.8)."""

from __future__ import annotations

import base64
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.deps import container
from api.routes.csc.answers import NO_STORE, CscRoute
from api.routes.csc.caller import Caller, ServiceCaller
from core.paging import decode_cursor, encode_cursor
from signing.csc.credentials import Credential, certificate_facts
from signing.csc.names import bad_parameter, hash_named, octets, signature_identifiers
from signing.digests.model import Digest
from signing.model import SealStatus

router = APIRouter(prefix="/csc/v2/credentials", tags=["csc"], route_class=CscRoute)
_MOST_LISTED = 50
_GENERALIZED = "%Y%m%d%H%M%SZ"  # RFC 5280 §4.1.2.5.2


class _Shown(BaseModel):
    """What is told of a credential."""

    certificates: Literal["none", "single", "chain"] = "single"
    certInfo: bool = False  # noqa: N815 - names of the standard
    authInfo: bool = False  # noqa: N815
    lang: str | None = Field(default=None, max_length=35)
    clientData: str | None = Field(default=None, max_length=1024)  # noqa: N815


class ListWish(_Shown):
    """Which credentials; `userID` is refused, since the token says whose they are (§11.4)."""

    userID: str | None = None  # noqa: N815
    maxResults: int | None = Field(default=None, ge=1)  # noqa: N815
    pageToken: str | None = Field(default=None, max_length=200)  # noqa: N815
    credentialInfo: bool = False  # noqa: N815
    onlyValid: bool = False  # noqa: N815


class InfoWish(_Shown):
    """Which credential."""

    credentialID: str = Field(max_length=64)  # noqa: N815


class Authorization(BaseModel):
    """Hashes to be signed with a credential; the number of signatures is theirs."""

    credentialID: str = Field(max_length=64)  # noqa: N815
    numSignatures: int = Field(ge=1)  # noqa: N815
    hashes: list[str] = Field(min_length=1)
    hashAlgorithmOID: str = Field(max_length=64)  # noqa: N815
    description: str | None = Field(default=None, max_length=200)
    authData: list[dict[str, Any]] | None = None  # noqa: N815 - nothing is asked for here
    clientData: str | None = Field(default=None, max_length=1024)  # noqa: N815
    operationMode: Literal["S"] = "S"  # noqa: N815


class Extension(BaseModel):
    """An activation of which hashes are left."""

    credentialID: str = Field(max_length=64)  # noqa: N815
    SAD: str = Field(max_length=200)
    hashes: list[str] = Field(default_factory=list)
    hashAlgorithmOID: str | None = Field(default=None, max_length=64)  # noqa: N815
    clientData: str | None = Field(default=None, max_length=1024)  # noqa: N815


@router.post("/list")
async def list_credentials(request: Request, principal: ServiceCaller, body: ListWish | None = None) -> JSONResponse:
    """The seals that the caller may use, by their codes."""
    wish = body or ListWish()
    if wish.userID is not None:
        raise bad_parameter("userID")
    after = str(decode_cursor(wish.pageToken, 1)[0]) if wish.pageToken else None
    size = min(wish.maxResults or _MOST_LISTED, _MOST_LISTED)
    found = await container(request).signing.csc.credentials.of(principal, after=after, limit=size + 1)
    shown = [one for one in found[:size] if one.usable or not wish.onlyValid]
    answer: dict[str, Any] = {"credentialIDs": [one.code for one in shown], "onlyValid": wish.onlyValid}
    if wish.credentialInfo:
        answer["credentialInfos"] = [{"credentialID": one.code, **_view(one, wish)} for one in shown]
    if len(found) > size:
        answer["nextPageToken"] = encode_cursor(found[size - 1].code)
    return JSONResponse(answer, headers=NO_STORE)


@router.post("/info")
async def credential_info(request: Request, caller: Caller, body: InfoWish) -> JSONResponse:
    """One of them: key, certificates, and how it is authorised."""
    found = await container(request).signing.csc.credentials.get(body.credentialID, caller.principal)
    return JSONResponse(_view(found, body), headers=NO_STORE)


@router.post("/authorize")
async def authorize(request: Request, principal: ServiceCaller, body: Authorization) -> JSONResponse:
    """Activation data for these hashes, for a system that has a grant of its own; people authorise by OAuth."""
    if body.numSignatures != len(body.hashes):
        raise bad_parameter("numSignatures")
    hashes = [Digest(hash_named(body.hashAlgorithmOID), octets(one, "hashes")) for one in body.hashes]
    sad, seconds = await container(request).signing.csc.signing.authorize(
        principal, body.credentialID, hashes, body.description
    )
    return JSONResponse({"SAD": sad, "expiresIn": seconds}, headers=NO_STORE)


@router.post("/extendTransaction")
async def extend(request: Request, principal: ServiceCaller, body: Extension) -> JSONResponse:
    """Activation data for hashes that an earlier one allows and did not sign."""
    hashes = [Digest(hash_named(body.hashAlgorithmOID), octets(one, "hashes")) for one in body.hashes]
    sad, seconds = await container(request).signing.csc.signing.extend(principal, body.credentialID, body.SAD, hashes)
    return JSONResponse({"SAD": sad, "expiresIn": seconds}, headers=NO_STORE)


def _view(one: Credential, wish: _Shown) -> dict[str, Any]:
    seal = one.seal
    key: dict[str, Any] = {
        "status": "enabled" if one.usable else "disabled",
        "algo": list(signature_identifiers(one.algorithm)) if one.algorithm else [],
        "len": one.bits,
    }
    if one.algorithm in _CURVES:
        key["curve"] = _CURVES[one.algorithm]
    view: dict[str, Any] = {
        "description": f"{seal.name.zh} {seal.name.en}"[:255],
        "key": key,
        "cert": _certificate_view(one, wish),
        "SCAL": "2",
        "multisign": one.most,
        "lang": "zh-CN",
    }
    if wish.authInfo:
        view["auth"] = {"mode": "implicit" if one.implicit else "oauth2code"}
    return view


_CURVES = {"ES256": "1.2.840.10045.3.1.7", "ES384": "1.3.132.0.34"}


def _certificate_view(one: Credential, wish: _Shown) -> dict[str, Any]:
    seal, facts = one.seal, certificate_facts(one.seal.certificate)
    view: dict[str, Any] = {"status": "suspended" if seal.status is SealStatus.SUSPENDED else "valid"}
    if wish.certificates != "none":
        kept = seal.certificates if wish.certificates == "chain" else seal.certificates[:1]
        view["certificates"] = [base64.b64encode(der).decode() for der in kept]
    if wish.certInfo:
        view |= {
            "issuerDN": facts.issuer,
            "serialNumber": facts.serial,
            "subjectDN": facts.subject,
            "validFrom": facts.valid_from.strftime(_GENERALIZED),
            "validTo": facts.valid_to.strftime(_GENERALIZED),
        }
    return view
