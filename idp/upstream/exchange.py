"""From a provider's answer in the browser to what it says about a person.

OpenID Connect Core §3.1.2.5, §3.1.3, §5.3.2; RFC 6749 §4.1.2.1, §5.1; RFC 9207 §2.4. The numbers are those of
`docs/upstream.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.clock import Clock, calendar_day
from idp.protocol.params import Parameters
from idp.settings import IdpSettings
from idp.upstream.attempts import Attempt
from idp.upstream.credentials import ClientCredentials
from idp.upstream.depart import callback_uri, error_code
from idp.upstream.documents import Documents
from idp.upstream.errors import UpstreamRefused, cancelled, not_trusted
from idp.upstream.id_token import IdToken, ProviderTokens
from idp.upstream.mapping import acr_of, amr_of, person_of
from idp.upstream.model import Assertion, Provider
from idp.upstream.names import UpstreamNames
from idp.upstream.transport import Transport

_LONGEST_CODE = 2_048
_LONGEST_TOKEN = 16_384
_PERSON_SAID_NO = frozenset({"access_denied", "login_required", "interaction_required", "consent_required"})


class Exchange:
    """Turns an answer into an assertion."""

    def __init__(
        self,
        documents: Documents,
        transport: Transport,
        credentials: ClientCredentials,
        tokens: ProviderTokens,
        names: UpstreamNames,
        clock: Clock,
        settings: IdpSettings,
    ) -> None:
        self._documents = documents
        self._transport = transport
        self._credentials = credentials
        self._tokens = tokens
        self._names = names
        self._clock = clock
        self._settings = settings

    async def __call__(self, provider: Provider, attempt: Attempt, answer: Parameters) -> Assertion:
        """
        Args:
            answer: what came to the provider's own redirect URI; its `state` has been used up.

        Raises:
            UpstreamRefused: the person said no, or something in the answer is not right.
            UpstreamUnavailable: the provider does not answer us.
        """
        await self._check_issuer(provider, answer)  # 2. iss
        code = _code(provider, answer)  # 3. an error, or a code
        access_token, text = await self._redeem(provider, attempt, code)  # 4. the code for tokens
        token = await self._tokens.id_token(provider, text, attempt, access_token=access_token)  # 5. the ID token
        sources = [token.claims]
        if provider.userinfo:
            sources.append(await self._userinfo(provider, token, access_token))  # 6. userinfo
        today = calendar_day(self._clock.now())
        sid = token.sid
        return Assertion(
            provider_id=provider.id,
            subject=self._names.subject(provider.id, token.subject),
            sid=None if sid is None else self._names.sid(provider.id, sid),
            person=person_of(provider, sources, today=today),  # 7. the mapping
            auth_time=token.auth_time,
            acr=acr_of(provider, token.acr),
            amr=amr_of(token.claims.get("amr")),
            id_token=token.text,
        )

    async def _check_issuer(self, provider: Provider, answer: Parameters) -> None:
        """RFC 9207 §2.4: an answer of another server was meant for somebody else (attacks O-11)."""
        said = answer.get("iss")
        if said is None:
            if (await self._documents.metadata(provider)).names_issuer:
                raise not_trusted(provider.name, private="iss is missing")
        elif said != provider.issuer:
            raise not_trusted(provider.name, private="iss of another server")

    async def _redeem(self, provider: Provider, attempt: Attempt, code: str) -> tuple[str, str]:
        """The access token and the ID token (RFC 6749 §4.1.3, Core §3.1.3.3)."""
        metadata = await self._documents.metadata(provider)
        form, headers = await self._credentials.present(provider)
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": callback_uri(self._settings.issuer, provider.id),
            "code_verifier": attempt.verifier,
        }
        status, tokens = await self._transport.post(provider, metadata.token_endpoint, {**grant, **form}, headers)
        if status != 200:
            raise not_trusted(provider.name, private=f"token endpoint: status {status}, {error_code(tokens)}")
        kind, access_token, id_token = (tokens.get(name) for name in ("token_type", "access_token", "id_token"))
        if not isinstance(kind, str) or kind.lower() != "bearer":  # Core §3.1.3.3
            raise not_trusted(provider.name, private="token endpoint: token_type")
        return _token(provider, access_token), _token(provider, id_token)

    async def _userinfo(self, provider: Provider, token: IdToken, access_token: str) -> Mapping[str, Any]:
        endpoint = (await self._documents.metadata(provider)).userinfo_endpoint
        if endpoint is None:
            raise not_trusted(provider.name, private="no userinfo endpoint")
        found = await self._transport.get(provider, endpoint, headers={"Authorization": f"Bearer {access_token}"})
        if found.get("sub") != token.subject:  # Core §5.3.2: MUST be verified
            raise not_trusted(provider.name, private="userinfo is about somebody else")
        return found


def _code(provider: Provider, answer: Parameters) -> str:
    error = answer.get("error")
    if error in _PERSON_SAID_NO:
        raise cancelled(provider.name, private=error)
    if error is not None:
        raise _refused_there(provider, answer)
    code = answer.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE:
        raise not_trusted(provider.name, private="no code")
    return code


def _refused_there(provider: Provider, answer: Parameters) -> UpstreamRefused:
    return not_trusted(provider.name, private=f"authorization endpoint: {error_code(answer)}")


def _token(provider: Provider, value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_TOKEN and value.isascii() and value.isprintable():
        return value
    raise not_trusted(provider.name, private="token endpoint: a token is missing")
