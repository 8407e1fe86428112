"""From a provider's claims to a person, by rules that are data (OpenID Connect Core §5.1, §5.6)."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import InvalidInput
from core.identifiers.citizen_id import parse_citizen_id
from idp.model import ONE_FACTOR
from idp.upstream.errors import not_proved, not_trusted
from idp.upstream.model import LEAST_LEVEL, Provider, TrustClass, UpstreamPerson

MAX_NAME = 100
_DOTS = "·•‧∙⋅・･．."
AMR_VALUES = frozenset(
    "face fpt geo hwk iris kba mca mfa otp pin pop pwd rba retina sc sms swk tel user vbm wia".split()  # noqa: SIM905 - a table reads better so
)
"""RFC 8176 §2: methods that everybody understands alike; others are not passed on."""


def read_claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a JSON pointer (RFC 6901) that begins with a slash; None where it is not there."""
    if not name.startswith("/"):
        return claims.get(name)
    found: Any = claims
    for part in name[1:].split("/"):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part.replace("~1", "/").replace("~0", "~"))
    return found


def person_of(provider: Provider, sources: Sequence[Mapping[str, Any]], *, today: dt.date) -> UpstreamPerson | None:
    """The person that the claims are about; None from a provider whose word on that does not count.

    Args:
        sources: the ID token's claims and, where it was asked, userinfo's.

    Raises:
        UpstreamRefused: a claim is missing, malformed or said differently in two places; or the person was proved at
            a lower level than counts here.
    """
    if provider.trust is not TrustClass.REALNAME:
        return None
    mapping = provider.mapping
    number = _text(provider, sources, mapping.id_number)
    name = _text(provider, sources, mapping.name)
    level = _level(provider, sources)
    if level < LEAST_LEVEL:  # an ID number that nobody checked would open whoever's account (attacks O-57)
        raise not_proved(provider.name)
    try:
        citizen_id = parse_citizen_id(number, today=today)
    except InvalidInput as error:
        raise not_trusted(provider.name, private=error.code) from None
    if len(name) > MAX_NAME or not all(letter.isprintable() for letter in name):
        raise not_trusted(provider.name, private="name malformed")
    return UpstreamPerson(citizen_id, name, level)


def _level(provider: Provider, sources: Sequence[Mapping[str, Any]]) -> int:
    mapping = provider.mapping
    if mapping.level is None:
        return mapping.stated_level or 0
    value = _said(provider, sources, mapping.level)
    if not isinstance(value, str | int) or isinstance(value, bool) or str(value) not in mapping.levels:
        raise not_proved(provider.name)
    return mapping.levels[str(value)]


def _text(provider: Provider, sources: Sequence[Mapping[str, Any]], claim: str | None) -> str:
    value = _said(provider, sources, claim or "")
    if not isinstance(value, str) or not value.strip():
        raise not_trusted(provider.name, private="a mapped claim is missing or no text")
    return value.strip()


def _said(provider: Provider, sources: Sequence[Mapping[str, Any]], claim: str) -> Any:
    """The one value of a claim: said twice, it must be said alike."""
    values = [value for source in sources if (value := read_claim(source, claim)) is not None]
    if any(value != values[0] for value in values[1:]):
        raise not_trusted(provider.name, private="ID token and userinfo differ in a mapped claim")
    return values[0] if values else None


def same_name(one: str, other: str) -> bool:
    """Whether two registered names are one, however their spaces, widths and middle dots are typed."""
    return _plain_name(one) == _plain_name(other)


def _plain_name(name: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in text if not letter.isspace() and letter not in _DOTS).casefold()


def acr_of(provider: Provider, acr: object) -> str:
    """Our class for the provider's; whatever is not mapped counts as one factor."""
    return provider.mapping.acrs.get(acr, ONE_FACTOR) if isinstance(acr, str) else ONE_FACTOR


def acrs_to_ask(provider: Provider, ours: Sequence[str]) -> tuple[str, ...]:
    """The provider's classes that would do for any of ours, those that it always must meet first."""
    mapped = [theirs for wanted in ours for theirs, meaning in provider.mapping.acrs.items() if meaning == wanted]
    return tuple(dict.fromkeys([*provider.required_acrs, *mapped]))


def amr_of(amr: object) -> tuple[str, ...]:
    """The methods among `amr` that have a registered meaning (RFC 8176 §2)."""
    found = amr if isinstance(amr, list) else []
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and one in AMR_VALUES))
