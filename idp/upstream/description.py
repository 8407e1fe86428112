"""What an administrator writes about a provider, and the rules that it must keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.errors import InvalidInput
from core.text import Text
from idp.levels import LEVELS
from idp.upstream.model import (
    HIGHEST_LEVEL,
    LEAST_LEVEL,
    ClaimMapping,
    TrustClass,
    UpstreamAuthMethod,
)
from keys.spec import ALGORITHMS, SignatureAlgorithm

PROVIDER_ID = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
TAKEN_IDS = frozenset({"jwks"})  # names of our own below /upstream/
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}", re.ASCII)  # RFC 6749 §3.3
_VISIBLE = re.compile(r"[\x20-\x7e]{1,255}", re.ASCII)
_CLAIM = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_MOST = 50


@dataclass(frozen=True, slots=True)
class ProviderDescription:
    """A provider as described; `client_secret` None keeps the one that is there."""

    id: str
    name: Text
    issuer: str
    client_id: str
    auth_method: UpstreamAuthMethod
    trust: TrustClass
    client_secret: str | None = field(default=None, repr=False)
    scopes: Sequence[str] = ("openid",)
    mapping: ClaimMapping = field(default_factory=ClaimMapping)
    algorithms: Sequence[SignatureAlgorithm] = (SignatureAlgorithm.ES256, SignatureAlgorithm.RS256)
    userinfo: bool = False
    required_acrs: Sequence[str] = ()
    hinting_clients: Sequence[str] = ()


def check_description(described: ProviderDescription, *, secure: bool) -> None:
    """
    Args:
        secure: True where only https counts.

    Raises:
        InvalidInput: `upstream-invalid`; `field` says which part.
    """
    for name, holds, rule in _rules(described, secure=secure):
        if not holds():
            text = Text(
                "登录方式的 {field} 不合规则，请对照说明改一改。", "The provider's {field} is not as required: {rule}."
            )
            raise InvalidInput("upstream-invalid", text.format(field=name, rule=rule), field=name, private=rule)


def _rules(one: ProviderDescription, *, secure: bool) -> Sequence[tuple[str, Callable[[], bool], str]]:
    mapping, realname = one.mapping, one.trust is TrustClass.REALNAME
    claims = [claim for claim in (mapping.id_number, mapping.name, mapping.level) if claim is not None]
    levels = [*mapping.levels.values(), *([] if mapping.stated_level is None else [mapping.stated_level])]
    names_person = mapping.id_number is not None and mapping.name is not None
    says_level = (mapping.level is not None) is bool(mapping.levels) and bool(levels)
    words = [*mapping.levels, *mapping.acrs, *mapping.acrs.values(), *one.required_acrs, *one.hinting_clients]
    return (
        (
            "id",
            lambda: bool(PROVIDER_ID.fullmatch(one.id)) and one.id not in TAKEN_IDS,
            "lower-case letters, digits, -",
        ),
        ("issuer", lambda: _is_issuer(one.issuer, secure=secure), "an https address without query and fragment"),
        ("client_id", lambda: bool(_VISIBLE.fullmatch(one.client_id)), "1 to 255 printable ASCII characters"),
        (
            "client_secret",
            lambda: (
                one.client_secret is None
                or (one.auth_method is UpstreamAuthMethod.BASIC and bool(_VISIBLE.fullmatch(one.client_secret)))
            ),
            "printable ASCII, and only with client_secret_basic",
        ),
        ("scope", lambda: "openid" in one.scopes and all(map(_SCOPE.fullmatch, one.scopes)), "openid and other scopes"),
        (
            "algorithms",
            lambda: bool(one.algorithms) and all(ALGORITHMS[name].tokens for name in one.algorithms),
            "one signature algorithm for tokens at least",
        ),
        ("mapping", lambda: all(_CLAIM.fullmatch(claim) for claim in claims), "names of claims"),
        ("mapping", lambda: all(1 <= level <= HIGHEST_LEVEL for level in levels), f"levels from 1 to {HIGHEST_LEVEL}"),
        (
            "mapping",
            lambda: not realname or (names_person and says_level),
            "a provider trusted for real names has claims for id_number, name and level (or a stated level)",
        ),
        (
            "mapping",
            lambda: not realname or max(levels, default=0) >= LEAST_LEVEL,
            f"a level from {LEAST_LEVEL} on, or nobody could log in",
        ),
        (
            "mapping",
            lambda: realname or not (claims or levels),
            "of a provider that is not trusted for real names no personal claim is read",
        ),
        ("mapping", lambda: set(mapping.acrs.values()) <= set(LEVELS), f"classes of ours: {', '.join(LEVELS)}"),
        ("mapping", lambda: all(map(_VISIBLE.fullmatch, words)) and len(words) <= _MOST, "short values"),
    )


def _is_issuer(issuer: str, *, secure: bool) -> bool:
    """OpenID Connect Discovery §3: scheme, host, perhaps port and path, nothing else."""
    if not 0 < len(issuer) <= 512 or not issuer.isascii() or any(c <= " " or c in "\\\"'<>;,\x7f" for c in issuer):
        return False
    try:
        parts = urlsplit(issuer)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    scheme = parts.scheme == "https" or (not secure and parts.scheme == "http")
    return scheme and bool(host) and "@" not in parts.netloc and "?" not in issuer and "#" not in issuer
