"""Who calls the CSC API, and what their access token lets them sign (CSC API v2 §8.4)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from api.deps import access_token, container, facts_of
from core.errors import NotPermitted
from core.principal import Principal
from core.text import Text
from idp.endpoints.resource import DetailedCaller
from idp.protocol.scopes import CSC_CREDENTIAL, CSC_SERVICE
from signing.csc.activation import LIFE_SECONDS, Activation, actor_name
from signing.csc.names import HASHES, bad_parameter
from signing.csc.sign import Permission, TokenPermission

DETAIL = "credential"


async def csc_caller(request: Request) -> DetailedCaller:
    """
    Raises:
        NotAuthenticated
        NotPermitted: `scope-missing`: neither of the two scopes.
    """
    authenticate = container(request).idp.authenticate
    found = await authenticate.detailed(access_token(request), facts_of(request), (CSC_SERVICE, CSC_CREDENTIAL))
    if not (found.principal.may(CSC_SERVICE) or found.principal.may(CSC_CREDENTIAL)):
        raise _missing(CSC_SERVICE)
    return found


async def service_caller(request: Request) -> Principal:
    """A caller who may see credentials and authorise their own.

    Raises:
        NotAuthenticated
        NotPermitted: `scope-missing`
    """
    found = await csc_caller(request)
    if not found.principal.may(CSC_SERVICE):
        raise _missing(CSC_SERVICE)
    return found.principal


Caller = Annotated[DetailedCaller, Depends(csc_caller)]
ServiceCaller = Annotated[Principal, Depends(service_caller)]


def permission_of(caller: DetailedCaller, sad: str | None, code: str) -> Permission:
    """The SAD of the request; or, without one, what the access token allows for this credential.

    Raises:
        NotPermitted: `scope-missing`: a token that has not the scope that it would take.
        core.errors.InvalidInput: `csc-parameter`
    """
    if sad is not None:
        if not caller.principal.may(CSC_SERVICE):
            raise _missing(CSC_SERVICE)
        return sad
    if not caller.principal.may(CSC_CREDENTIAL):
        raise bad_parameter("SAD")
    detail = next((one for one in caller.details if one["type"] == DETAIL and one["credentialID"] == code), None)
    if detail is None:
        raise bad_parameter("credentialID")
    activation = Activation(
        actor_name(caller.principal),
        code,
        HASHES[detail["hashAlgorithmOID"]],
        dict(_named_hash(one) for one in detail["documentDigests"]),
        caller.decided_at + LIFE_SECONDS,
    )
    return TokenPermission(f"{caller.decision}:{code}", activation)


def _named_hash(one: Mapping[str, Any]) -> tuple[bytes, str | None]:
    text = str(one["hash"]).rstrip("=").replace("-", "+").replace("_", "/")  # RFC 4648 §4 or §5
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True), one.get("label")
    except (binascii.Error, ValueError):
        raise bad_parameter("hashes") from None


def _missing(scope: str) -> NotPermitted:
    return NotPermitted(
        "scope-missing",
        Text("令牌缺少权限 {scope}。", "The token lacks the scope {scope}.").format(scope=scope),
    )
