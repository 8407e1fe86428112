"""A provider as JSON: what an administrator writes, by API or in a file for the command line, and what they read."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr

from api.routes.certstore.shapes import In, TextIn, text_out
from idp.settings import IdpSettings
from idp.upstream.depart import callback_uri
from idp.upstream.description import ProviderDescription
from idp.upstream.log_out import goodbye_uri
from idp.upstream.model import ClaimMapping, Provider, TrustClass, UpstreamAuthMethod
from keys.spec import SignatureAlgorithm

Word = Annotated[str, Field(min_length=1, max_length=255)]
Words = Annotated[list[Word], Field(max_length=50, default_factory=list)]


class MappingIn(In):
    """Which claim says what; a claim by its name, or by a JSON pointer that begins with a slash."""

    id_number: Word | None = None
    name: Word | None = None
    level: Word | None = None
    levels: Annotated[dict[Word, int], Field(max_length=50, default_factory=dict)]
    stated_level: int | None = None
    acrs: Annotated[dict[Word, Word], Field(max_length=50, default_factory=dict)]

    def mapping(self) -> ClaimMapping:
        return ClaimMapping(self.id_number, self.name, self.level, self.levels, self.stated_level, self.acrs)


def _usual() -> list[SignatureAlgorithm]:
    return [SignatureAlgorithm.ES256, SignatureAlgorithm.RS256]


def _no_mapping() -> MappingIn:
    return MappingIn.model_validate({})


class ProviderIn(In):
    """A provider; `client_secret` left out keeps the one that is there."""

    name: TextIn
    issuer: Annotated[str, Field(min_length=1, max_length=512)]
    client_id: Word
    token_endpoint_auth_method: UpstreamAuthMethod = UpstreamAuthMethod.BASIC
    client_secret: SecretStr | None = None
    trust: TrustClass
    scope: Annotated[str, Field(max_length=2_000)] = "openid"
    mapping: Annotated[MappingIn, Field(default_factory=_no_mapping)]
    algorithms: Annotated[list[SignatureAlgorithm], Field(max_length=20, default_factory=_usual)]
    userinfo: bool = False
    required_acrs: Words
    hinting_clients: Words

    def described(self, provider_id: str) -> ProviderDescription:
        return ProviderDescription(
            id=provider_id,
            name=self.name.text(),
            issuer=self.issuer,
            client_id=self.client_id,
            auth_method=self.token_endpoint_auth_method,
            client_secret=None if self.client_secret is None else self.client_secret.get_secret_value(),
            trust=self.trust,
            scopes=tuple(self.scope.split()),
            mapping=self.mapping.mapping(),
            algorithms=tuple(self.algorithms),
            userinfo=self.userinfo,
            required_acrs=tuple(self.required_acrs),
            hinting_clients=tuple(self.hinting_clients),
        )


def provider_out(one: Provider, settings: IdpSettings) -> dict[str, Any]:
    """A provider without its secret, with the addresses that its operator must register for us."""
    mapping, ours = one.mapping, f"{settings.issuer}/upstream/{one.id}"
    return {
        "id": one.id,
        "name": text_out(one.name),
        "issuer": one.issuer,
        "client_id": one.client_id,
        "token_endpoint_auth_method": one.auth_method,
        "trust": one.trust,
        "scope": " ".join(one.scopes),
        "mapping": {
            "id_number": mapping.id_number,
            "name": mapping.name,
            "level": mapping.level,
            "levels": dict(mapping.levels),
            "stated_level": mapping.stated_level,
            "acrs": dict(mapping.acrs),
        },
        "algorithms": list(one.algorithms),
        "userinfo": one.userinfo,
        "required_acrs": list(one.required_acrs),
        "hinting_clients": sorted(one.hinting_clients),
        "status": one.status,
        "revision": one.revision,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "register_there": {
            "redirect_uris": [callback_uri(settings.issuer, one.id)],
            "post_logout_redirect_uris": [goodbye_uri(settings.issuer, one.id)],
            "backchannel_logout_uri": f"{ours}/backchannel-logout",
            "backchannel_logout_session_required": True,
            "frontchannel_logout_uri": f"{ours}/frontchannel-logout",
            "frontchannel_logout_session_required": True,
            "jwks_uri": f"{settings.issuer}/upstream/jwks",
        },
    }
