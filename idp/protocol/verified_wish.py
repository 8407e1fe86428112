"""What a portal wishes of `verified_claims` (OpenID Connect for Identity Assurance 1.0 §5, §6).

A wish travels among the single claims of a request as one entry, `verified_claims:` and itself in JSON, so that it is
kept, consented to and answered wherever they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from idp.errors import InvalidRequest

VERIFIED_CLAIMS: Final = "verified_claims"
_MARK: Final = f"{VERIFIED_CLAIMS}:"
_MOST = 5  # sets of one request


@dataclass(frozen=True, slots=True)
class VerifiedWish:
    """One set.

    Attributes:
        verification: filter and template of what is told about how the claims were verified.
        claims: by name, with what each must be; None for whatever it is.
        several: the portal asked for a list of sets, and is answered with one.
    """

    verification: Mapping[str, Any]
    claims: Mapping[str, Mapping[str, Any] | None]
    several: bool = False


def entries_of(asked: Any) -> tuple[str, ...]:
    """The wishes of one member of the `claims` parameter, as entries; those that ask for nothing are left out.

    Raises:
        InvalidRequest: neither an object nor a list of objects.
    """
    several = isinstance(asked, list)
    sets = asked if isinstance(asked, list) else [asked]
    if not all(one is None or isinstance(one, dict) for one in sets) or len(sets) > _MOST:
        raise InvalidRequest("verified_claims is malformed")
    wishes = [_wish(one, several=several) for one in sets if one]
    return tuple(_MARK + msgspec.json.encode(wish).decode() for wish in wishes if wish.claims)


def is_wish(entry: str) -> bool:
    return entry.startswith(_MARK)


def wishes_in(entries: Iterable[str]) -> tuple[VerifiedWish, ...]:
    """The wishes among single claims."""
    return tuple(
        msgspec.json.decode(entry.removeprefix(_MARK), type=VerifiedWish) for entry in entries if is_wish(entry)
    )


def names_in(entries: Iterable[str]) -> frozenset[str]:
    """The single claims that would be told, those within wishes too."""
    kept = tuple(entries)
    within = (name for wish in wishes_in(kept) for name in wish.claims)
    return frozenset((*(entry for entry in kept if not is_wish(entry)), *within))


def _wish(asked: Mapping[str, Any], *, several: bool) -> VerifiedWish:
    verification, claims = asked.get("verification") or {}, asked.get("claims") or {}
    if not isinstance(verification, dict) or not isinstance(claims, dict):
        raise InvalidRequest("verified_claims is malformed")
    if not all(wish is None or isinstance(wish, dict) for wish in claims.values()):
        raise InvalidRequest("a claim of verified_claims is malformed")
    return VerifiedWish(verification, claims, several)
