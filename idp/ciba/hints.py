"""Whom a client wants to ask: exactly one hint of three (CIBA Core §7.1).

Hints name a person only by what the client has anyway: its own `sub`, an ID token issued to it, or a token that the
person has just shown. An ID number or a phone number is no hint: with it a client could find out who has an account
(attacks O-52). A frozen account is found like any other and never answers.
"""

from __future__ import annotations

from idp.ciba.hint_tokens import HintTokens, looks_like_hint_token
from idp.directory import Directory
from idp.errors import InvalidRequest, UnknownUserId
from idp.model import Client
from idp.protocol.params import Parameters
from idp.tokens.id_token import IdTokens

NAMES = ("login_hint", "id_token_hint", "login_hint_token")
_UNKNOWN = "nobody is known to this client by the hint"


class FindPerson:
    """Finds the account behind a hint."""

    def __init__(self, directory: Directory, id_tokens: IdTokens, hint_tokens: HintTokens) -> None:
        self._directory = directory
        self._id_tokens = id_tokens
        self._hint_tokens = hint_tokens

    async def __call__(self, parameters: Parameters, client: Client) -> str:
        """
        Returns:
            The account id.

        Raises:
            InvalidRequest: none, or more than one (§7.1: one and only one), or an ID token of another client.
            UnknownUserId, ExpiredLoginHint: §13.
        """
        given = [name for name in NAMES if name in parameters]
        if len(given) != 1:
            raise InvalidRequest(f"exactly one of {', '.join(NAMES)} is required")
        (name,) = given
        value = parameters[name]
        if name == "login_hint_token" or (name == "login_hint" and looks_like_hint_token(value)):
            return await self._hint_tokens.spend(value)
        return await self._by_subject(client, self._hinted(value, client) if name == "id_token_hint" else value)

    def _hinted(self, token: str, client: Client) -> str:
        hint = self._id_tokens.read_hint(token)
        if hint is None or hint.client_id != client.id:
            raise InvalidRequest("id_token_hint is not an ID token issued to this client")
        return hint.subject

    async def _by_subject(self, client: Client, subject: str) -> str:
        account_id = await self._directory.account_by_subject(client.id, subject)
        if account_id is None:
            raise UnknownUserId(_UNKNOWN)
        return account_id
