"""OAuthError → the answers of RFC 6749 §5.2 and RFC 6750 §3, with their HTTP status codes."""

from __future__ import annotations

import orjson
import structlog
from starlette.responses import Response

from core.errors import AppError, LimitExceeded, Unavailable
from idp.errors import (
    InsufficientAuthentication,
    InsufficientScope,
    InvalidClient,
    InvalidDpopProof,
    InvalidToken,
    OAuthError,
    RequestTooLong,
    UseDpopNonce,
)
from keys.jose.possession import ALGORITHMS

log = structlog.get_logger("oauth")
DPOP_NONCE = "DPoP-Nonce"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1
_PROOF_ALGORITHMS = " ".join(ALGORITHMS)


def oauth_error_response(error: AppError) -> Response:
    """The JSON error of the token, introspection and revocation endpoints."""
    status, headers = 400, dict(NO_STORE)
    if isinstance(error, OAuthError):
        code, description = error.error, error.description
        if isinstance(error, RequestTooLong):
            status = 413  # RFC 9126 §2.3
        if isinstance(error, InvalidClient):
            status = 401
            headers["WWW-Authenticate"] = 'Basic realm="yizheng"'  # RFC 9110 §11.6.1: a 401 always has one
        elif isinstance(error, UseDpopNonce):
            headers[DPOP_NONCE] = error.nonce  # RFC 9449 §8
    else:
        code, description, status = _of_ours(error)
        headers["Retry-After"] = "5"
    log.info("oauth.refused", error=code, detail=error.private or description)
    return Response(
        orjson.dumps({"error": code, "error_description": description}), status, headers, "application/json"
    )


def _of_ours(error: AppError) -> tuple[str, str, int]:
    if isinstance(error, Unavailable | LimitExceeded):
        return "temporarily_unavailable", "try again in a moment", 503
    return "invalid_request", "the request cannot be served", 400


def bearer_error_response(error: OAuthError | None, *, as_dpop: bool = False) -> Response:
    """The answer of a protected resource; without a token there is no error code (RFC 6750 §3.1, RFC 9449 §7.1).

    Args:
        as_dpop: the token came with the scheme DPoP.
    """
    headers = {**NO_STORE, **token_challenge(error, as_dpop=as_dpop)}
    if error is None:
        return Response(b"", 401, headers)
    log.info("bearer.refused", error=error.error, detail=error.private or error.description)
    if isinstance(error, InsufficientScope):
        return Response(b"", 403, headers)
    unauthorized = InvalidToken | InvalidDpopProof | InsufficientAuthentication
    return Response(b"", 401 if isinstance(error, unauthorized) else 400, headers)


def token_challenge(error: OAuthError | None, *, as_dpop: bool = False) -> dict[str, str]:
    """`WWW-Authenticate` of a resource, and the nonce that a proof lacked. Both schemes are offered; the error goes
    with the one that it is about (RFC 9449 §7.1, §7.2)."""
    about = "" if error is None else f', error="{error.error}", error_description="{error.description}"'
    if isinstance(error, InsufficientAuthentication):
        about += _needed(error)
    bearer, dpop = 'Bearer realm="yizheng"', f'DPoP realm="yizheng", algs="{_PROOF_ALGORITHMS}"'
    of_proof = as_dpop or isinstance(error, InvalidDpopProof)
    challenge = {"WWW-Authenticate": f"{dpop}{about}, {bearer}" if of_proof else f"{bearer}{about}, {dpop}"}
    return challenge | ({DPOP_NONCE: error.nonce} if isinstance(error, UseDpopNonce) else {})


def _needed(error: InsufficientAuthentication) -> str:
    """What the client shall ask for at the authorization endpoint (RFC 9470 §3)."""
    acr = f', acr_values="{" ".join(error.acr_values)}"' if error.acr_values else ""
    return acr if error.max_age is None else f'{acr}, max_age="{error.max_age}"'
