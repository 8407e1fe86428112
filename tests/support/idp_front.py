"""Clients that take their answers in every way there is, and an independent reader of what they get."""

from __future__ import annotations

from typing import Any

from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from sqlalchemy import update

from idp.client_metadata import ClientMetadata
from idp.model import GrantType
from idp.protocol.response_types import RESPONSE_TYPES
from idp.stores.tables import session
from tests.support.idp_browser import BackEnd
from tests.support.idp_world import ISSUER, IdpWorld, Portal, portal

EVERY_GRANT = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.IMPLICIT})
SIGNATURES = ["RS256", "ES256"]


async def front_portal(world: IdpWorld, client_id: str = "front", **options: Any) -> Portal:
    """A portal registered for every response type; `options` are attributes of its description or metadata."""
    of_metadata = set(ClientMetadata.__dataclass_fields__)
    metadata = {name: options.pop(name) for name in list(options) if name in of_metadata}
    return await portal(
        world.idp,
        client_id,
        f"{client_id}.example.test",
        **{"grants": EVERY_GRANT, **options},
        metadata=ClientMetadata(**{"response_types": frozenset(RESPONSE_TYPES), **metadata}),
    )


async def verified(world: IdpWorld, token: str, *, typ: str = "JWT") -> dict[str, Any]:
    """The claims, judged with the published keys."""
    jwks = (await BackEnd(world, world.portal_a).http.get("/jwks")).json()
    keys = KeySet.import_key_set({"keys": [key for key in jwks["keys"] if key["use"] == "sig"]})
    decoded = jwt.decode(token, keys, algorithms=SIGNATURES)
    assert decoded.header["typ"] == typ
    assert decoded.claims["iss"] == ISSUER
    return dict(decoded.claims)


def client_key(kind: str) -> RSAKey | ECKey:
    """A key pair of a client, `RSA` or `EC`."""
    if kind == "RSA":
        return RSAKey.generate_key(2048, {"use": "enc", "kid": "client-rsa"}, private=True)
    return ECKey.generate_key("P-256", {"use": "enc", "kid": "client-ec"}, private=True)


def public_jwks(*keys: RSAKey | ECKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def opened(token: str, key: RSAKey | ECKey, management: str, encryption: str) -> tuple[str, dict[str, Any]]:
    """What is inside a JWE, and its header."""
    read = jwe.decrypt_compact(token, key, algorithms=[management, encryption])
    assert read.plaintext is not None
    return read.plaintext.decode(), dict(read.headers())


async def stand_higher(world: IdpWorld, acr: str, *amr: str) -> None:
    """Let every session have come about by a stronger log-in than the page offers."""
    async with world.ground.database.write() as tx:
        await tx.connection.execute(update(session).values(acr=acr, amr=list(amr)))
        await tx.commit()
