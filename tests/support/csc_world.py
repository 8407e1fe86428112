"""Signing software's view of the service: identity provider, seals and the CSC API over one database."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from api.routes import csc as csc_routes
from api.wiring.signing import CscServices
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import GrantType, StaffRole
from signing.model import GranteeKind, GrantForm, Seal
from tests.support.client_changes import change_client
from tests.support.idp_browser import BackEnd, Browser, idp_app
from tests.support.idp_world import IdpWorld, Portal
from tests.support.signing_world import SealOffice

SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA = "1.2.840.10045.4.3.2"
SCOPES = frozenset({"openid", "service", "credential"})


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass
class CscWorld:
    """A department's system and a clerk with desktop software, and the seal that both may use."""

    idp: IdpWorld
    office: SealOffice
    csc: CscServices
    app: FastAPI
    http: httpx.AsyncClient
    seal: Seal
    system: Portal

    async def post(self, token: str, method: str, **body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return await self.http.post(f"/csc/v2/{method}", json=body, headers=headers)

    async def system_token(self, **more: str) -> str:
        answer = await BackEnd(self.idp, self.system, self.app).client_credentials(**{"scope": "service", **more})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def clerk_tokens(self, *texts: str, **changes: str) -> dict[str, Any]:
        """What the clerk's software gets after log-in and consent; with a permission for digests of `texts`."""
        asked = {"authorization_details": self.detail(*texts)} if texts else {}
        scope = {"scope": "openid credential" if texts else "openid service"}
        browser = Browser(self.idp, self.app)
        entered = await browser.enter(self.idp.portal_a, self.idp.clerk, **scope | asked | changes)
        return await BackEnd(self.idp, self.idp.portal_a, self.app).tokens(entered)

    def detail(self, *texts: str, **changes: Any) -> str:
        digests = [{"hash": b64(digest(text)), "label": f"{text}.pdf"} for text in texts]
        one = {
            "type": "credential",
            "credentialID": self.seal.code,
            "documentDigests": digests,
            "hashAlgorithmOID": SHA256,
        }
        return json.dumps([one | changes])

    async def sad(self, token: str, *texts: str, **changes: Any) -> str:
        body = {
            "credentialID": self.seal.code,
            "numSignatures": len(texts),
            "hashes": [b64(digest(text)) for text in texts],
            "hashAlgorithmOID": SHA256,
            "description": "合同备案",
        }
        answer = await self.post(token, "credentials/authorize", **body | changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["SAD"])

    def order(self, *texts: str, **changes: Any) -> dict[str, Any]:
        """The body of `signatures/signHash`."""
        return {
            "credentialID": self.seal.code,
            "hashes": [b64(digest(text)) for text in texts],
            "hashAlgorithmOID": SHA256,
            "signAlgo": ECDSA,
        } | changes


async def csc_world(idp: IdpWorld) -> CscWorld:
    office = SealOffice(idp.ground.database, idp.clock)
    seal = await office.make_seal()
    new = NewClient(
        Text("签名软件", "Signing software"),
        "signer",
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=SCOPES - {"openid"},
        organisation=idp.organisation,
    )
    made = await idp.idp.register_client(new, SYSTEM)
    system = Portal(made.client.id, secret=made.secret, scope="service")
    await change_client(
        idp, "portal-a", authorization_details_types=("credential",), columns={"scopes": sorted(SCOPES)}
    )
    await change_client(idp, system.client_id, authorization_details_types=("credential",))
    role = StaffRole(idp.clerk.account_id, idp.organisation, "seal-digest-user")
    await idp.idp.assign_staff_role(role, SYSTEM)
    await office.grant(seal, form=GrantForm.HASH, grantee=system.client_id)
    await office.grant(seal, form=GrantForm.HASH, grantee_kind=GranteeKind.ACCOUNT, grantee=idp.clerk.account_id)
    csc = office.csc(idp.ground.kv, idp.ground.keys.secrets.fields.short_lived)
    app = idp_app(idp)
    app.state.container = SimpleNamespace(ground=idp.ground, idp=idp.idp, signing=SimpleNamespace(csc=csc))
    for router in csc_routes.routers:
        app.include_router(router)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=idp.ground.settings.issuer)
    return CscWorld(idp, office, csc, app, http, seal, system)
