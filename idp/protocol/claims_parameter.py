"""The `claims` request parameter (OpenID Connect Core §5.5): single claims for userinfo and ID token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from idp.errors import InvalidRequest

REALNAME_CLAIMS = ("name", "id_number")
"""Claims behind the scope `realname`: the registered name, and the citizen identity number (GB 11643)."""

MAX_LENGTH = 4_096


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What of the parameter counts here; claims that we do not have are left out (§5.5: not an error).

    Attributes:
        userinfo: real-name claims asked from userinfo.
        id_token: real-name claims asked for in the ID token.
        subject: the person must be this one (§5.5.1, `sub` with a value).
        essential_acr: authentication contexts of which one must be met (§5.5.1.1); empty for none.
    """

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    subject: str | None = None
    essential_acr: tuple[str, ...] = ()

    @property
    def asks_realname(self) -> bool:
        return bool(self.userinfo or self.id_token)


def parse_claims(value: str | None) -> ClaimsRequest:
    """
    Raises:
        InvalidRequest: not a JSON object of the form that §5.5 gives.
    """
    if value is None:
        return ClaimsRequest()
    if len(value) > MAX_LENGTH:
        raise InvalidRequest("claims is too long")
    try:
        request = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise InvalidRequest("claims is not JSON") from None
    if not isinstance(request, dict):
        raise InvalidRequest("claims is not a JSON object")
    userinfo, id_token = _member(request, "userinfo"), _member(request, "id_token")
    return ClaimsRequest(
        userinfo=tuple(name for name in REALNAME_CLAIMS if name in userinfo),
        id_token=tuple(name for name in REALNAME_CLAIMS if name in id_token),
        subject=_subject(id_token) or _subject(userinfo),
        essential_acr=_essential_acr(id_token),
    )


def _member(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    member = request.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict) or not all(v is None or isinstance(v, dict) for v in member.values()):
        raise InvalidRequest(f"the member {name} of claims is malformed")
    return member


def _subject(member: Mapping[str, Any]) -> str | None:
    value = (member.get("sub") or {}).get("value")
    return value if isinstance(value, str) else None


def _essential_acr(member: Mapping[str, Any]) -> tuple[str, ...]:
    wish = member.get("acr") or {}
    if wish.get("essential") is not True:
        return ()
    values = wish.get("values", [wish["value"]] if "value" in wish else [])
    return tuple(str(value) for value in values) if isinstance(values, list) else ()
