"""What a proposal changes, line by line, and what a reviewer should look at twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from api.web.portals.words import member
from core.text import Text
from idp.client_metadata import SecurityProfile
from idp.clients.description import ClientDescription
from idp.model import ClientAuthMethod

_STRENGTH = {
    ClientAuthMethod.NONE: 0,
    ClientAuthMethod.POST: 1,
    ClientAuthMethod.BASIC: 1,
    ClientAuthMethod.SECRET_JWT: 2,
}
_PROFILES = list(SecurityProfile)


@dataclass(frozen=True, slots=True)
class Change:
    """One member: what goes, what comes, what stays."""

    label: Text
    name: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    kept: tuple[str, ...]


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any], names: Sequence[str]) -> tuple[Change, ...]:
    """The members `names` of two registration documents; all of `after` where there was none before."""
    old = before or {}
    shown = names or tuple(after)
    found = []
    for name in dict.fromkeys(spelled for one in shown for spelled in _spelled(one)):
        was, becomes = _lines(name, old.get(name)), _lines(name, after.get(name))
        if was != becomes:
            found.append(
                Change(
                    member(name),
                    name,
                    removed=tuple(one for one in was if one not in becomes),
                    added=tuple(one for one in becomes if one not in was),
                    kept=tuple(one for one in was if one in becomes),
                )
            )
    return tuple(found)


def risks(before: ClientDescription | None, after: ClientDescription) -> tuple[Text, ...]:
    """What gives somebody more than before, in words."""
    found = []
    new_hosts = _hosts(after) - (_hosts(before) if before else frozenset())
    if new_hosts and before is not None:
        hosts = "、".join(sorted(new_hosts))
        found.append(
            Text(
                f"登录后会送人去新的地方：{hosts}。请确认它归这个单位管。",
                f"People will be sent to a new place: {', '.join(sorted(new_hosts))}. Make sure who runs it.",
            )
        )
    if after.realname_approved and not (before and before.realname_approved):
        found.append(
            Text("会拿到姓名和身份证号。请核对办事依据。", "It will get names and ID numbers. Check on what grounds.")
        )
    rights = {one for one in after.scopes - (before.scopes if before else frozenset()) if ":" in one}
    if rights:
        listed = "、".join(sorted(rights))
        found.append(
            Text(f"会得到接口权限：{listed}。", f"It will get rights to our API: {', '.join(sorted(rights))}.")
        )
    if before is not None:
        found += _weaker(before, after)
    if after.metadata.response_types & {"id_token", "id_token token", "code token", "code id_token token"}:
        found.append(
            Text(
                "令牌会经过浏览器地址栏（隐式或混合方式）。",
                "Tokens pass through the address bar (implicit or hybrid).",
            )
        )
    if not after.metadata.require_pkce:
        found.append(
            Text("不用 PKCE，授权码被截走时少一道防线。", "No PKCE: one defence less for a code that is taken.")
        )
    return tuple(found)


def _weaker(before: ClientDescription, after: ClientDescription) -> list[Text]:
    found = []
    if _STRENGTH.get(after.auth_method, 3) < _STRENGTH.get(before.auth_method, 3):
        found.append(Text("证明自己的方式比原来弱。", "It proves itself in a weaker way than before."))
    if _PROFILES.index(after.metadata.profile) < _PROFILES.index(before.metadata.profile):
        found.append(Text("安全等级比原来低。", "Its security profile is weaker than before."))
    if (before.metadata.jwks, before.metadata.jwks_uri) != (after.metadata.jwks, after.metadata.jwks_uri):
        found.append(
            Text(
                "换了公钥：谁有新私钥，谁就是它。请向单位核实。", "Other keys: whoever holds them is this portal. Ask."
            )
        )
    return found


def _hosts(of: ClientDescription) -> frozenset[str]:
    return frozenset(urlsplit(uri).netloc for uri in of.redirect_uris)


def _spelled(name: str) -> tuple[str, ...]:
    return ("client_name#zh-CN", "client_name#en") if name == "client_name" else (name,)


def _lines(name: str, value: object) -> tuple[str, ...]:
    if value is None or value == "" or value is False:
        return ()
    if name == "scope":
        return tuple(str(value).split())
    if isinstance(value, list | tuple):
        return tuple(str(one) for one in value)
    if isinstance(value, Mapping):
        return tuple(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True).splitlines())
    return (str(value).lower() if isinstance(value, bool) else str(value),)
