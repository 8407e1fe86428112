"""Scopes and single claims of one request taken together (OpenID Connect Core §5.4, §5.5)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from idp.protocol.claims_parameter import ClaimsRequest
from idp.protocol.scopes import SCOPE_CLAIMS, scope_behind


@dataclass(frozen=True, slots=True)
class AskedClaims:
    """What is asked about the person.

    Attributes:
        wished: the `claims` parameter as it came.
        named_scopes: the scopes that the request names.
        allowed: the scopes that the client may have; claims behind others are left out (§5.5: not an error).
    """

    wished: ClaimsRequest
    named_scopes: tuple[str, ...]
    allowed: frozenset[str]

    @property
    def request(self) -> ClaimsRequest:
        """The `claims` parameter without what the client may not have."""
        return dataclasses.replace(
            self.wished, userinfo=self._kept(self.wished.userinfo), id_token=self._kept(self.wished.id_token)
        )

    @property
    def scopes(self) -> tuple[str, ...]:
        """What the person is asked for: a single claim needs the same approval and consent as its scope."""
        behind = (scope_behind(claim, self.allowed) for claim in self.request.userinfo + self.request.id_token)
        return tuple(dict.fromkeys((*self.named_scopes, *(scope for scope in behind if scope is not None))))

    @property
    def userinfo(self) -> tuple[str, ...]:
        """All that userinfo tells, if single claims narrow it; a scope that was not named gives no more than those."""
        if not self.request.names:
            return ()
        return tuple(dict.fromkeys(("sub", *self._of_named_scopes(), *self.request.userinfo)))

    def id_token(self, *, alone: bool) -> tuple[str, ...]:
        """What the ID token tells.

        Args:
            alone: no access token is ever issued, so that the scopes' claims come in the ID token (§5.4).
        """
        if not alone:
            return self.request.id_token
        return tuple(dict.fromkeys((*self._of_named_scopes(), *self.request.id_token)))

    def _kept(self, claims: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(claim for claim in claims if scope_behind(claim, self.allowed) is not None)

    def _of_named_scopes(self) -> tuple[str, ...]:
        return tuple(claim for scope in self.named_scopes for claim in SCOPE_CLAIMS.get(scope, ()))
