"""Authorization responses: the parameters, and how they come to the client.

RFC 6749 §4.1.2, §4.2.2; OAuth 2.0 Multiple Response Types §2.1; Form Post Response Mode §2; JARM §2; RFC 9207 §2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.clock import Clock
from idp.errors import OAuthError
from idp.model import Client
from idp.ports import ClientErrors
from idp.protocol.redirect_uri import with_fragment, with_parameters
from idp.protocol.response_types import Carrier, ResponseMode
from idp.settings import IdpSettings
from idp.tokens.for_client import ClientTokens, authorization_protection
from keys.jose.tokens import AUTHORIZATION_RESPONSE

LIFETIME = 120  # seconds; JARM §2.1: at most ten minutes


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """An answer on its way through the browser.

    Attributes:
        redirect_uri: where to; registered by the client.
        parameters: what to say there.
        finished: the interaction that ended with it.
    """

    redirect_uri: str
    carrier: Carrier
    parameters: Mapping[str, str] = field(repr=False)
    finished: str | None = field(default=None, repr=False)

    @property
    def location(self) -> str:
        """The address to redirect to; for a form, the address to post to."""
        if self.carrier is Carrier.FORM_POST:
            return self.redirect_uri
        write = with_parameters if self.carrier is Carrier.QUERY else with_fragment
        return write(self.redirect_uri, self.parameters)


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where and how the client wants its answer, good or bad."""

    client: Client
    redirect_uri: str
    mode: ResponseMode
    state: str | None = field(default=None, repr=False)


class Respond:
    """Turns parameters into an answer in the mode that was asked for."""

    def __init__(self, tokens: ClientTokens, errors: ClientErrors, clock: Clock, settings: IdpSettings) -> None:
        self._tokens = tokens
        self._errors = errors
        self._clock = clock
        self._settings = settings

    async def __call__(
        self, to: ReturnAddress, parameters: Mapping[str, str | None], *, finished: str | None = None
    ) -> AuthorizationResponse:
        """
        Args:
            parameters: besides `state` and `iss`, which every answer has; None is left out.

        Raises:
            KeyUnusable: the client wants its answers encrypted, and has no key that fits.
        """
        said = {**parameters, "state": to.state, "iss": self._settings.issuer}  # RFC 9207 §2; JARM §2.1
        present = {name: value for name, value in said.items() if value is not None}
        if to.mode.signed:
            present = {"response": await self._signed(to.client, present)}
        return AuthorizationResponse(to.redirect_uri, to.mode.carrier, present, finished)

    async def refuse(
        self, to: ReturnAddress, error: OAuthError, *, finished: str | None = None
    ) -> AuthorizationResponse:
        """RFC 6749 §4.1.2.1."""
        self._errors.note(to.client.id, "authorize", error)
        said = {"error": error.error, "error_description": error.description}
        return await self(to, said, finished=finished)

    async def _signed(self, client: Client, parameters: Mapping[str, str]) -> str:
        claims = {**parameters, "aud": client.id, "exp": int(self._clock.now().timestamp()) + LIFETIME}
        return await self._tokens.make(client, claims, AUTHORIZATION_RESPONSE, authorization_protection(client))
