"""The `claims` request parameter (OpenID Connect Core §5.5, §5.5.1): single claims for userinfo and ID token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from idp.errors import InvalidRequest
from idp.protocol.scopes import scope_behind
from idp.protocol.verified_wish import VERIFIED_CLAIMS, entries_of, is_wish
from keys.jose.strict_json import read_object

MAX_LENGTH = 4_096
_Wishes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What of the parameter counts here; claims that we do not have are left out (§5.5: not an error).

    Attributes:
        userinfo: claims about the person asked from userinfo.
        id_token: claims about the person asked for in the ID token.
        essential: those of both without which the portal cannot go on, as it says (§5.5.1).
        subject: the person must be this one (§5.5.1, `sub` with a value).
        essential_acr: authentication contexts of which one must be met (§5.5.1.1); empty for none.
        acr: authentication contexts wished for, as `acr_values` wishes them; the first is liked best.
    """

    userinfo: tuple[str, ...] = ()
    id_token: tuple[str, ...] = ()
    essential: frozenset[str] = frozenset()
    subject: str | None = None
    essential_acr: tuple[str, ...] = ()
    acr: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All single claims about the person."""
        return frozenset(self.userinfo + self.id_token)


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
        request = read_object(value.encode())
    except ValueError:
        raise InvalidRequest("claims is not a JSON object") from None
    userinfo, id_token = _member(request, "userinfo"), _member(request, "id_token")
    wished = (*userinfo.items(), *id_token.items())
    acr = id_token.get("acr", {})
    contexts = _values(acr)
    essential = acr.get("essential") is True
    return ClaimsRequest(
        userinfo=_known(userinfo),
        id_token=_known(id_token),
        essential=frozenset(_known({name: wish for name, wish in wished if wish.get("essential") is True})),
        subject=_subject(userinfo, id_token),
        essential_acr=contexts if essential else (),
        acr=() if essential else contexts,
    )


def _member(request: Mapping[str, Any], name: str) -> _Wishes:
    """By claim; wishes of verified claims have a form of their own, and become entries of their own."""
    member = request.get(name)
    if member is None:
        return {}
    if not isinstance(member, dict):
        raise InvalidRequest(f"the member {name} of claims is malformed")
    verified = entries_of(member.get(VERIFIED_CLAIMS))
    wishes = {claim: wish or {} for claim, wish in member.items() if claim != VERIFIED_CLAIMS}
    if not all(isinstance(wish, dict) for wish in wishes.values()):
        raise InvalidRequest(f"the member {name} of claims is malformed")
    return wishes | {entry: {} for entry in verified}


def _known(wishes: _Wishes) -> tuple[str, ...]:
    """Names that we have; what is asked for in a language (`name#zh-CN`, §5.2) is answered in the one that there is."""
    names = dict.fromkeys(claim if is_wish(claim) else claim.partition("#")[0] for claim in wishes)
    return tuple(name for name in names if scope_behind(name) is not None)


def _values(wish: Mapping[str, Any]) -> tuple[str, ...]:
    """§5.5.1: one `value`, or `values` in order of preference."""
    values = wish.get("values", [wish["value"]] if "value" in wish else [])
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise InvalidRequest("the values of a claim are malformed")
    return tuple(values)


def _subject(*members: _Wishes) -> str | None:
    named = {one for member in members for one in _values(member.get("sub", {}))}
    if len(named) > 1:  # whoever is logged in is one person
        raise InvalidRequest("claims names different persons")
    return named.pop() if named else None
