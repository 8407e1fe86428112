"""`yizheng client …`: registration of portals and departments' systems from JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.cli.prepare import check_current
from api.settings import Settings
from api.wiring.container import build_container
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from keys.spec import SignatureAlgorithm


class ClientDescription(BaseModel):
    """A client as an administrator writes it; names follow RFC 7591 §2 where it has one."""

    model_config = ConfigDict(extra="forbid")

    client_id: str | None = None
    name_zh: str = Field(min_length=1)
    name_en: str = Field(min_length=1)
    organisation: str | None = None
    redirect_uris: list[str] = []
    post_logout_redirect_uris: list[str] = []
    backchannel_logout_uri: str | None = None
    token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod.BASIC
    grant_types: list[GrantType] = [GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN]
    scope: str = "openid"
    id_token_signed_response_alg: SignatureAlgorithm = SignatureAlgorithm.RS256
    realname_approved: bool = False
    sector: str | None = None

    def to_new_client(self) -> NewClient:
        return NewClient(
            name=Text(self.name_zh, self.name_en),
            client_id=self.client_id,
            organisation=self.organisation,
            redirect_uris=tuple(self.redirect_uris),
            post_logout_redirect_uris=tuple(self.post_logout_redirect_uris),
            backchannel_logout_uri=self.backchannel_logout_uri,
            auth_method=self.token_endpoint_auth_method,
            grants=frozenset(self.grant_types),
            scopes=frozenset(self.scope.split()),
            id_token_alg=self.id_token_signed_response_alg,
            realname_approved=self.realname_approved,
            sector=self.sector,
        )


def read_descriptions(file: Path) -> list[ClientDescription]:
    """
    Raises:
        ValueError: the JSON is not as required.
    """
    # bytes, for JSON is UTF-8 wherever the terminal is something else (RFC 8259 §8.1)
    content: Any = json.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    return [ClientDescription.model_validate(entry) for entry in (content if isinstance(content, list) else [content])]


async def register(settings: Settings, descriptions: list[ClientDescription]) -> list[str]:
    """Register every client described; a JSON line for each with its id and secret.

    Raises:
        core.errors.AppError: a client was refused; those before it are registered.
    """
    await check_current(settings)
    container = await build_container(settings)
    try:
        made = [await container.idp.register_client(each.to_new_client(), SYSTEM) for each in descriptions]
    finally:
        await container.close()
    return [json.dumps({"client_id": each.client.id, "client_secret": each.secret}) for each in made]
