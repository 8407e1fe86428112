"""Who calls an adapter: an access token of ours, or a client's id and secret, which become one.

Secrets, and whatever else a log must not have, never stand in an address (OWASP ASVS 14.2.1): a request that has them
there is refused, so that its author hears of it the first time.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from urllib.parse import quote_plus

from starlette.requests import Request

from api.deps import container, facts_of
from core.errors import AppError, InvalidInput, LimitExceeded, NotAuthenticated, NotPermitted, Unavailable
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.model import ClientAuthMethod, GrantType
from idp.protocol.params import Parameters


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A client's access token; `seconds` until it ends."""

    value: str = field(repr=False)
    seconds: int


def refuse_query(request: Request) -> None:
    """
    Raises:
        InvalidInput: `nothing-in-address`.
    """
    if request.url.query:
        raise InvalidInput(
            "nothing-in-address",
            Text(
                "网址里不能带任何参数：令牌、密钥和号码会被各处日志记下。请放进请求正文或 Authorization 头；"
                "已经这样发过的密钥请立即更换。",
                "No parameter may stand in the address: tokens, secrets and numbers there are kept by every log on the "
                "way. Send them in the body or the Authorization header, and replace secrets that were sent so.",
            ),
        )


async def client_by_token(request: Request, token: str, *, client_id: str | None = None) -> Principal:
    """The system whose own access token this is.

    Args:
        client_id: who it says to be; None to take the token's word.

    Raises:
        NotAuthenticated: `token-invalid`, or `credentials-wrong` for another client's token.
        NotPermitted: `client-needed`, for a person's token.
    """
    actor = await container(request).idp.authenticate(token, facts_of(request), ())
    if actor.kind is not PrincipalKind.CLIENT:
        raise NotPermitted(
            "client-needed",
            Text("这个接口由系统调用，请用系统自己的令牌。", "Systems call this interface, with tokens of their own."),
        )
    if client_id is not None and client_id != actor.id:
        raise _wrong()
    return actor


async def person_by_token(request: Request, token: str) -> Principal:
    """The person whose access token this is (their real-name credential), with the right to read their licences.

    Raises:
        NotAuthenticated: `token-invalid`.
        NotPermitted: `person-needed`.
    """
    actor = await container(request).idp.authenticate(token, facts_of(request), ())
    if actor.kind is not PrincipalKind.PERSON or not actor.may("licence:read"):
        raise NotPermitted(
            "person-needed",
            Text(
                "需要本人登录后带 licence:read 的访问令牌。",
                "A person's own access token with licence:read is needed.",
            ),
        )
    return actor


async def token_for_secret(request: Request, client_id: str, secret: str) -> OwnToken:
    """What a client's id and secret are good for: an access token with its own rights (RFC 6749 §4.4).

    Raises:
        NotAuthenticated: `credentials-wrong`.
    """
    services = container(request).idp
    client = await services.registry.active(client_id)
    parameters = {"grant_type": GrantType.CLIENT_CREDENTIALS.value}
    facts = replace(facts_of(request), authorization=None)
    if client is not None and client.auth_method is ClientAuthMethod.POST:
        parameters |= {"client_id": client_id, "client_secret": secret}
    else:  # the registered method, and for nobody's id the usual one
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        facts = replace(facts, authorization=f"Basic {base64.b64encode(pair.encode()).decode()}")
    try:
        answer = await services.token(Parameters(parameters), facts)
    except (Unavailable, LimitExceeded):
        raise
    except AppError as error:
        raise _wrong(error.private) from None
    return OwnToken(str(answer["access_token"]), int(answer["expires_in"]))


async def client_by_credentials(request: Request, client_id: str, credential: str) -> Principal:
    """The system behind an id and either its access token or its secret.

    Raises:
        NotAuthenticated: `credentials-wrong`.
        NotPermitted: `client-needed`.
    """
    try:
        return await client_by_token(request, credential, client_id=client_id)
    except NotAuthenticated as error:
        if error.code != "token-invalid":
            raise
    token = await token_for_secret(request, client_id, credential)
    return await client_by_token(request, token.value, client_id=client_id)


def _wrong(private: str = "") -> NotAuthenticated:
    return NotAuthenticated(
        "credentials-wrong",
        Text("账号与密钥（或令牌）不符。", "The id and the secret (or token) do not fit."),
        private=private,
    )
