"""A protected resource: what may be named by `resource`, and what its tokens are like (RFC 8707 §2, RFC 9728 §2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core.text import Text
from idp.client_metadata import AccessTokenFormat


class ResourceStatus(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"  # no new tokens; those that are out end by themselves within minutes


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """A scope that exists at one resource only; `words` are shown to the person who consents."""

    name: str
    words: Text


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """A service of a department, or of anybody else, that takes our access tokens.

    Attributes:
        identifier: absolute URI; what `resource` names and `aud` says.
        scopes: the scopes that a token for it may carry.
        client_id: the client by which the resource itself comes to introspect; None when it reads JWTs alone.
    """

    identifier: str
    name: Text
    scopes: tuple[ResourceScope, ...]
    access_token_format: AccessTokenFormat
    client_id: str | None
    status: ResourceStatus
    created_at: dt.datetime

    @property
    def scope_names(self) -> frozenset[str]:
        return frozenset(scope.name for scope in self.scopes)
