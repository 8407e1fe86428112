"""Portals with a profile of FAPI 2.0: they push, sign, prove their keys and authenticate by assertion."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod
from keys.spec import SignatureAlgorithm
from tests.support.idp_browser import BackEnd, Browser, Entered, Pkce, authorization_params, idp_app
from tests.support.idp_proofs import Prover, SigningKey, assertion
from tests.support.idp_world import CODE_GRANTS, ISSUER, IdpWorld, Portal, Somebody


@dataclass
class FapiPortal:
    """A portal of a strict profile with its keys; `prover` holds the key that its tokens are bound to."""

    world: IdpWorld
    portal: Portal
    key: SigningKey = field(repr=False)
    prover: Prover = field(repr=False)
    signs: bool
    back_end: BackEnd = field(init=False)

    def __post_init__(self) -> None:
        self.back_end = BackEnd(self.world, self.portal, idp_app(self.world))

    def request_object(self, pkce: Pkce | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """The authorization request as a signed object; None leaves a claim out."""
        return request_object(self.key, self.portal, self.world, pkce, header, **changes)

    async def push(
        self, pkce: Pkce | None = None, *, headers: Mapping[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        """Push a request in the form that the profile demands."""
        if self.signs:
            signed = self.request_object(pkce, **changes)
            form = {"client_id": self.portal.client_id, "request": signed}
        else:
            form = authorization_params(self.portal, pkce or Pkce(), **changes)
        return await self.back_end.post("/par", form, headers=dict(headers or {}))

    async def enter(
        self, browser: Browser, somebody: Somebody | None = None, *, decision: str = "grant", **changes: Any
    ) -> Entered:
        """All the way to the portal."""
        pkce, headers = Pkce(), changes.pop("headers", None)
        answer = await self.push(pkce, headers=headers, **changes)
        assert answer.status_code == 201, answer.text
        params = {"client_id": self.portal.client_id, "request_uri": answer.json()["request_uri"]}
        step = await browser.http.get("/authorize", params=params)
        return await browser.follow(step, pkce, self.portal, somebody, decision=decision)

    async def redeem(self, entered: Entered, prover: Prover | None = None, **changes: Any) -> httpx.Response:
        """Redeem a code with a proof, learning the nonce on the way (RFC 9449 §8)."""
        form: dict[str, Any] = {
            "grant_type": "authorization_code",
            "code": entered.code,
            "redirect_uri": entered.redirect_uri,
            "code_verifier": entered.verifier,
            **changes,
        }
        return await self.prove_and_post({name: value for name, value in form.items() if value is not None}, prover)

    async def prove_and_post(self, form: dict[str, Any], prover: Prover | None = None) -> httpx.Response:
        prover = prover or self.prover
        answer = await self.back_end.post("/token", form, headers=prover.headers("POST", "/token"))
        if answer.json().get("error") == "use_dpop_nonce":
            nonce = answer.headers["dpop-nonce"]
            answer = await self.back_end.post("/token", form, headers=prover.headers("POST", "/token", nonce=nonce))
        return answer


async def fapi_portal(
    world: IdpWorld,
    profile: SecurityProfile = SecurityProfile.FAPI2,
    *,
    name: str = "fapi",
    key: SigningKey | None = None,
    **members: Any,
) -> FapiPortal:
    """Registered by the one setting, and its keys."""
    key = key or SigningKey("ES256", f"{name}-1")
    strict = profile is SecurityProfile.FAPI2_MESSAGE_SIGNING
    metadata = {"jwks": key.jwks(), "profile": profile, "require_pushed_authorization_requests": True}
    metadata |= {"dpop_bound_access_tokens": True, "require_signed_request_object": strict}
    if strict:
        metadata["authorization_signed_response_alg"] = "ES256"
    new = NewClient(
        Text("严格门户", "Strict portal"),
        name,
        redirect_uris=(f"https://{name}.example.test/callback",),
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        grants=CODE_GRANTS,
        scopes=frozenset({"openid", "offline_access"}),
        id_token_alg=SignatureAlgorithm.ES256,
        metadata=ClientMetadata(**metadata | members),
    )
    await world.idp.register_client(new, SYSTEM)
    portal = Portal(
        name,
        f"https://{name}.example.test/callback",
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
        assertion=functools.partial(assertion, key, name, world.clock),
    )
    return FapiPortal(world, portal, key, Prover(world.clock), strict)


def request_object(
    key: SigningKey,
    portal: Portal,
    world: IdpWorld,
    pkce: Pkce | None = None,
    header: dict[str, Any] | None = None,
    **changes: Any,
) -> str:
    """A portal's authorization request, signed; None leaves a claim out."""
    now = int(world.clock.now().timestamp())
    claims: dict[str, Any] = {
        **authorization_params(portal, pkce or Pkce()),
        "iss": portal.client_id,
        "aud": ISSUER,
        "nbf": now,
        "iat": now,
        "exp": now + 300,
        **changes,
    }
    return key.sign(claims, **{"typ": "oauth-authz-req+jwt", **(header or {})})
