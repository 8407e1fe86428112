"""`/v1/initial-access-tokens` and `/v1/statement-issuers`: who may register clients at `/register`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.deps import container
from api.routes.certstore.shapes import Cursor, In, page_out
from api.routes.clients.shapes import Caller, permit_out
from core.principal import Principal
from idp.client_metadata import SecurityProfile
from idp.clients.permits import LONGEST, MOST_CLIENTS
from idp.clients.policy import RegistrationPolicy, WithoutPkce
from idp.clients.records import PermitKind
from idp.model import GrantType

router = APIRouter(prefix="/v1", tags=["clients"])
Note = Annotated[str, Field(min_length=1, max_length=200)]
Clients = Annotated[int, Field(ge=1, le=MOST_CLIENTS)]
_DEFAULT = RegistrationPolicy()


class PolicyIn(In):
    """Bounds of what is registered; defaults are the strictest that make sense."""

    scopes: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = sorted(_DEFAULT.scopes)
    grant_types: Annotated[list[GrantType], Field(max_length=10)] = sorted(_DEFAULT.grants)
    profile: SecurityProfile = _DEFAULT.profile
    redirect_hosts: Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=50)] = sorted(
        _DEFAULT.redirect_hosts
    )
    review: bool = True
    without_pkce: WithoutPkce = WithoutPkce.NEVER
    public_subjects: bool = False

    def policy(self) -> RegistrationPolicy:
        return RegistrationPolicy(
            scopes=frozenset(self.scopes),
            grants=frozenset(self.grant_types),
            profile=self.profile,
            redirect_hosts=tuple(host.lower() for host in self.redirect_hosts),
            review=self.review,
            without_pkce=self.without_pkce,
            public_subjects=self.public_subjects,
        )


class TokenIn(In):
    """An initial access token: for whom, for how many clients, for how many seconds."""

    note: Note
    clients: Clients = 1
    lifetime: Annotated[int, Field(ge=60, le=int(LONGEST.total_seconds()))] = 7 * 86400
    policy: PolicyIn = PolicyIn()


class IssuerIn(In):
    """An issuer of software statements, and its keys."""

    issuer: Annotated[str, Field(min_length=1, max_length=255)]
    jwks: dict[str, Any]
    note: Note
    clients: Clients = 100
    policy: PolicyIn = PolicyIn()


@router.post("/initial-access-tokens", status_code=201)
async def issue_token(request: Request, response: Response, body: TokenIn, actor: Caller) -> dict[str, Any]:
    """An initial access token (RFC 7591 §3), shown this once; by a security administrator."""
    made = await container(request).idp.clients.permits.initial_access_token(
        body.policy.policy(),
        actor,
        note=body.note,
        lifetime=dt.timedelta(seconds=body.lifetime),
        most_uses=body.clients,
    )
    response.headers["Cache-Control"] = "no-store"
    return permit_out(made.permit) | {"initial_access_token": made.token}


@router.get("/initial-access-tokens")
async def tokens(request: Request, actor: Caller, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """The newest first, without their values."""
    return await _page(request, PermitKind.TOKEN, actor, cursor, limit)


@router.delete("/initial-access-tokens/{permit_id}", status_code=204)
async def end_token(request: Request, permit_id: str, actor: Caller) -> None:
    """Nobody registers with it any more; clients that were registered stay."""
    await container(request).idp.clients.permits.end(permit_id, actor)


@router.post("/statement-issuers", status_code=201)
async def trust_issuer(request: Request, body: IssuerIn, actor: Caller) -> dict[str, Any]:
    """Trust an issuer's software statements (RFC 7591 §2.3) under keys that are given here and never fetched."""
    made = await container(request).idp.clients.permits.statement_issuer(
        body.issuer, body.jwks, body.policy.policy(), actor, note=body.note, most_clients=body.clients
    )
    return permit_out(made.permit)


@router.get("/statement-issuers")
async def issuers(request: Request, actor: Caller, cursor: Cursor = None, limit: int | None = None) -> dict[str, Any]:
    """The newest first."""
    return await _page(request, PermitKind.STATEMENTS, actor, cursor, limit)


@router.delete("/statement-issuers/{permit_id}", status_code=204)
async def end_issuer(request: Request, permit_id: str, actor: Caller) -> None:
    """Its statements count no longer; clients that were registered stay."""
    await container(request).idp.clients.permits.end(permit_id, actor)


async def _page(
    request: Request, kind: PermitKind, actor: Principal, cursor: str | None, limit: int | None
) -> dict[str, Any]:
    page = await container(request).idp.clients.permits.page(kind, actor, cursor=cursor, limit=limit)
    return page_out([permit_out(one) for one in page.items], page.next_cursor)
