"""How long keys of a purpose live in each state. Data: the planner reads it, nothing else decides times.

A token key must be published before it signs for as long as anybody may hold the former JWK Set, and accepted after
it signed for as long as its longest token lives; both are computed from the deployment's own settings. Keys with a
certificate change with the certificate, seals and authorities by people's decision, never by this schedule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from keys.secrets.purposes import SERVICE_SECRETS
from keys.spec import FIXED_PURPOSES, certified

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """Times of one kind of key.

    Attributes:
        active_for: how long a key is used before the next one takes over.
        publish_for: how long before that the next one is made and published.
        verify_for: how long the former key is accepted after that; then it is retired. A secret that stored values
            need stays until nothing needs it.
        destroy_after: how long after its retirement the private part is destroyed.
    """

    active_for: dt.timedelta
    publish_for: dt.timedelta
    verify_for: dt.timedelta
    destroy_after: dt.timedelta

    def __post_init__(self) -> None:
        if not dt.timedelta(0) <= self.publish_for < self.active_for:
            raise ValueError("the next key is published while the one before is active")
        if self.verify_for < dt.timedelta(0) or self.destroy_after < dt.timedelta(0):
            raise ValueError("times are not negative")


@dataclass(frozen=True, slots=True)
class RotationPolicies:
    """The policy of each purpose: that of the longest prefix. A purpose without one is never changed on time."""

    by_prefix: Sequence[tuple[str, RotationPolicy]]

    def of(self, purpose: str) -> RotationPolicy | None:
        if purpose in FIXED_PURPOSES or certified(purpose):
            return None
        fitting = [(prefix, policy) for prefix, policy in self.by_prefix if purpose.startswith(prefix)]
        return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def service_policies(
    *, longest_token: dt.timedelta, jwks_cache: dt.timedelta, token_days: int = 90, secret_days: int = 365
) -> RotationPolicies:
    """The policies of this service.

    Args:
        longest_token: life of the longest-lived signed token, leeway for clocks included.
        jwks_cache: how long a key may be missing from somebody's copy of the JWK Set, the workers' own included.
        token_days: how long a token key is active.
        secret_days: how long a secret that protects stored values is active.
    """
    token = RotationPolicy(
        active_for=token_days * _DAY,
        publish_for=max(7 * _DAY, jwks_cache),  # a week, so that people see a portal that does not follow
        verify_for=longest_token + jwks_cache,
        destroy_after=30 * _DAY,
    )
    secret = RotationPolicy(
        active_for=secret_days * _DAY,
        publish_for=_DAY,  # every worker must know it before a value under it can come by
        verify_for=_DAY,  # from then on it is kept for as long as a stored value needs it
        destroy_after=90 * _DAY,  # backups of the database from before the last value was encrypted anew
    )
    # what the repository declares lives for an hour at most, less than a log-in token: their times serve for both
    return RotationPolicies(
        (("oidc.", token), ("licence.", token), *((purpose, secret) for purpose in SERVICE_SECRETS))
    )
