"""What routes ask of a request: the container, who is calling, in which language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, cast

from starlette.requests import Request

from api.middleware.proxies import CERTIFICATE, ISSUERS
from api.session_cookie import read_session_cookie
from core.errors import NotAuthenticated, NotPermitted
from core.principal import Principal
from core.text import Language, Text
from idp.protocol.facts import RequestFacts

if TYPE_CHECKING:
    from api.wiring.container import Container

LANGUAGE_COOKIE = "yz_lang"


def container(request: Request) -> Container:
    """The composed service of this application."""
    return cast("Container", request.app.state.container)


def language(request: Request) -> Language:
    """`?lang=`, then the cookie, then the portal's wish, then Accept-Language; Chinese unless English is asked for."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish:
            return "en" if wish.lower().startswith("en") else "zh"
    for tag in getattr(request.state, "ui_locales", "").lower().split():
        if tag[:2] in ("zh", "en"):
            return "en" if tag[:2] == "en" else "zh"
    return _accepted(request.headers.get("accept-language", ""))


def prefer_languages(request: Request, ui_locales: str) -> None:
    """What a portal thinks that the person reads (OIDC Core §3.1.2.1): it never outweighs a choice of their own."""
    request.state.ui_locales = ui_locales


def _accepted(header: str) -> Language:
    ranked: list[tuple[float, Language]] = []
    for part in header[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.strip().lower()[:2]
        if name in ("zh", "en"):
            try:
                ranked.append((float(weight) if weight else 1.0, "en" if name == "en" else "zh"))
            except ValueError:
                continue
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else "zh"


def access_token(request: Request) -> str:
    """The access token of the Authorization header, as `Bearer` (RFC 6750 §2.1) or `DPoP` (RFC 9449 §7.1).

    Raises:
        NotAuthenticated: `token-missing`.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not token.strip():
        raise NotAuthenticated(
            "token-missing",
            Text(
                "请求没有带访问令牌。请在 Authorization 头里写 Bearer（或 DPoP）和令牌。",
                "No access token. Send it in the Authorization header as Bearer, or as DPoP with a proof.",
            ),
        )
    return token.strip()


async def caller(request: Request) -> Principal:
    """Who calls the API.

    Raises:
        NotAuthenticated: no token, or one that is not accepted (any more).
    """
    return await _caller(request, ())


def caller_by(*scopes: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that answers the caller, whose token has one of `scopes` or is refused by the use case.

    Raises:
        NotAuthenticated: as `caller`; or one of the scopes asks for a stronger or fresher log-in (RFC 9470).
    """

    async def find(request: Request) -> Principal:
        return await _caller(request, scopes)

    return find


async def _caller(request: Request, scopes: Sequence[str]) -> Principal:
    """
    Args:
        scopes: those that the call rests on. Never a parameter of a dependency: the caller would choose them.
    """
    return await container(request).idp.authenticate(access_token(request), facts_of(request), scopes)


def facts_of(request: Request) -> RequestFacts:
    """What the protocol's rules may know of the request; the address is the one that clients know us by."""
    settings = container(request).ground.settings
    authorization, proofs = None, []
    for name, value in request.scope["headers"]:  # one pass: this is asked for every protocol request
        if name == b"authorization" and authorization is None:
            authorization = value.decode("latin-1")
        elif name == b"dpop":
            proofs.append(value.decode("latin-1"))
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.scope["path"]
    return RequestFacts(
        request.method,
        settings.issuer + path,
        authorization,
        tuple(proofs),
        request.scope.get(CERTIFICATE),
        settings.mtls_url + path if settings.mtls_url else None,
        request.scope.get(ISSUERS, ()),
    )


def renewed_nonce(request: Request, facts: RequestFacts) -> dict[str, str]:
    """The header that gives a client its next DPoP nonce, where the one that it used grows old (RFC 9449 §8.2)."""
    if not facts.dpop:
        return {}
    nonce = container(request).idp.proofs.renewal(facts)
    return {} if nonce is None else {"DPoP-Nonce": nonce}


def requires(*scopes: str) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency that answers the caller if it holds all of `scopes`.

    Raises:
        NotPermitted: `scope-missing`.
    """

    async def check(request: Request) -> Principal:
        principal = await _caller(request, scopes)
        missing = [scope for scope in scopes if not principal.may(scope)]
        if missing:
            raise NotPermitted(
                "scope-missing",
                Text(
                    "令牌缺少权限 {scope}，请向管理员申请。",
                    "The token lacks the scope {scope}. Ask an administrator for it.",
                ).format(scope=" ".join(missing)),
            )
        return principal

    return check


async def page_principal(request: Request) -> Principal | None:
    """Who looks at a page, by the session cookie; None for the public."""
    cookie = read_session_cookie(request)
    return await container(request).idp.sessions.principal(cookie) if cookie else None


def source_of(request: Request) -> str:
    """The network address that a request came from; X-Forwarded-For counts only from trusted proxies."""
    return request.client.host if request.client else "unknown"
