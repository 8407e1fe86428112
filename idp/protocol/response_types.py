"""Response types and response modes: which exist, and which mode an answer takes, whatever is wrong with the request.

OAuth 2.0 Multiple Response Type Encoding Practices §2.1, §3, §5; OAuth 2.0 Form Post Response Mode; JARM §2.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

CODE, ID_TOKEN, TOKEN = "code", "id_token", "token"

RESPONSE_TYPES = (
    "code",
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
)
"""Never `token` alone: it would be a log-in without an ID token (RFC 9700 §2.1.2; OIDC Core §3)."""

_CANONICAL = {frozenset(name.split()): name for name in RESPONSE_TYPES}


class Carrier(StrEnum):
    """How the parameters of an answer travel."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


class ResponseMode(StrEnum):
    """`response_mode`, with `jwt` replaced by what it stands for (JARM §2.3.4)."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"
    QUERY_JWT = "query.jwt"
    FRAGMENT_JWT = "fragment.jwt"
    FORM_POST_JWT = "form_post.jwt"

    @property
    def carrier(self) -> Carrier:
        return Carrier(self.value.removesuffix(".jwt"))

    @property
    def signed(self) -> bool:
        """Whether the parameters are the claims of one token (JARM)."""
        return self.value.endswith(".jwt")


_MODES = {mode.value: mode for mode in ResponseMode}


def canonical(response_type: str) -> str | None:
    """The registered name, because the order of the words does not matter (§5); None for what does not exist here."""
    words = response_type.split(" ")
    return _CANONICAL.get(frozenset(words)) if len(words) == len(set(words)) else None


def holds(response_type: str, word: str) -> bool:
    return word in response_type.split(" ")


def shows_tokens(response_type: str) -> bool:
    """Whether the answer itself holds a token, so that it must not be in a query (§3)."""
    return holds(response_type, ID_TOKEN) or holds(response_type, TOKEN)


def asked_mode(parameters: Mapping[str, str], *, encrypted: bool) -> ResponseMode | None:
    """The mode that a request asks for, or gets by default; None where there is no such mode for what it asks.

    Args:
        encrypted: JARM answers to this client are encrypted, so that even tokens may be in a query (JARM §2.3.1).
    """
    tokens = shows_tokens(parameters.get("response_type", ""))
    asked = parameters.get("response_mode", Carrier.FRAGMENT if tokens else Carrier.QUERY)
    if asked == "jwt":
        return ResponseMode.FRAGMENT_JWT if tokens else ResponseMode.QUERY_JWT
    mode = _MODES.get(asked)
    if mode is not None and mode.carrier is Carrier.QUERY and tokens and not (mode.signed and encrypted):
        return None
    takes_forms = parameters.get("redirect_uri", "").startswith(("https://", "http://"))  # not an app (RFC 8252 §7.1)
    return None if mode is not None and mode.carrier is Carrier.FORM_POST and not takes_forms else mode


def answer_mode(parameters: Mapping[str, str], *, encrypted: bool) -> ResponseMode:
    """The mode for an error: the one that was asked for, else the safe one for the response type."""
    asked = asked_mode(parameters, encrypted=encrypted)
    if asked is not None:
        return asked
    return ResponseMode.FRAGMENT if shows_tokens(parameters.get("response_type", "")) else ResponseMode.QUERY
