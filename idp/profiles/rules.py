"""The rules of each security profile, as a table (FAPI 2.0 Security Profile §5.3, FAPI 2.0 Message Signing §5.3, §5.4).

A portal chooses a profile by one setting; every endpoint asks the row of its client. What a client registered beyond
its profile (`require_pushed_authorization_requests` and the like) makes it stricter, never laxer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp.client_metadata import SecurityProfile
from idp.model import Client, ClientAuthMethod, GrantType
from keys.spec import ALGORITHMS, SignatureAlgorithm

LONGEST_REQUEST = 60 * 60
"""Seconds: how long a signed request may count, and how old its beginning may be (Message Signing §5.3.1)."""


class AssertionAudience(StrEnum):
    """What `aud` of a client assertion may be (RFC 7523 §3; FAPI 2.0 §5.3.2.1)."""

    OURS = "ours"  # the issuer, or the address of the endpoint that is called; also in a list
    ISSUER_STRING = "issuer-string"  # the issuer, as a string that is not in a list


@dataclass(frozen=True, slots=True)
class RequestObjectRules:
    """What a signed request must be.

    Attributes:
        required: claims that must be there.
        alone: parameters beside the object never count (RFC 9101 §6.3); otherwise OIDC Core §6.1 decides.
        longest_life: seconds between `nbf` and `exp` at most.
        oldest_start: seconds for which `nbf` may lie back at most.
    """

    required: frozenset[str]
    alone: bool
    longest_life: int | None = None
    oldest_start: int | None = None


@dataclass(frozen=True, slots=True)
class ProfileRules:
    """One row of the table. None means that the profile leaves it to the client's registration.

    Attributes:
        client_auth: how a client may prove who it is.
        grants: which grants it may use.
        algorithms: with what it may sign (assertions, requests, proofs), and we for it.
        on_request: what else, where its registration names just that algorithm for just that kind of signature.
        assertion_audience: what its assertions are addressed to.
        pushed: authorization requests come by PAR only (RFC 9126).
        signed_requests: and as signed request objects (RFC 9101).
        response_types, response_modes: how the answer may come back.
        pkce: a code challenge is demanded whatever the client registered (RFC 7636).
        sender_constrained: access tokens are bound to a key (RFC 9449, RFC 8705).
        request_object: what signed requests must be.
    """

    client_auth: frozenset[ClientAuthMethod] | None
    grants: frozenset[GrantType] | None
    algorithms: frozenset[SignatureAlgorithm]
    on_request: frozenset[SignatureAlgorithm]
    assertion_audience: AssertionAudience
    pushed: bool
    signed_requests: bool
    response_types: frozenset[str] | None
    response_modes: frozenset[str] | None
    pkce: bool
    sender_constrained: bool
    request_object: RequestObjectRules

    def accepted(self, registered: str | None) -> frozenset[SignatureAlgorithm]:
        """By what a client may sign that registered this algorithm for the purpose; None: it registered none."""
        if registered is None:
            return self.algorithms
        return frozenset(one for one in self.algorithms | self.on_request if str(one) == registered)


NATIONAL = frozenset({SignatureAlgorithm.SM2_SM3})
"""Never by default: who names none of these is not spoken to by them, nor heard (GM/T 0125.1)."""

_FAPI_ALGORITHMS = frozenset(  # FAPI 2.0 §5.4.1
    {SignatureAlgorithm.PS256, SignatureAlgorithm.ES256, SignatureAlgorithm.EDDSA}
)
_FAPI_AUTHENTICATION = frozenset(  # FAPI 2.0 §5.3.2.1: mutual TLS or private_key_jwt
    {
        ClientAuthMethod.PRIVATE_KEY_JWT,
        ClientAuthMethod.TLS,
        ClientAuthMethod.SELF_SIGNED_TLS,
    }
)
_JARM = frozenset({"jwt", "query.jwt", "fragment.jwt", "form_post.jwt"})
_SIGNED_REQUEST = RequestObjectRules(  # Message Signing §5.3.1
    required=frozenset({"iss", "aud", "exp", "nbf", "client_id", "redirect_uri"}),
    alone=True,
    longest_life=LONGEST_REQUEST,
    oldest_start=LONGEST_REQUEST,
)

_STANDARD = ProfileRules(
    client_auth=None,
    grants=None,
    algorithms=frozenset(row.algorithm for row in ALGORITHMS.values() if row.tokens) - NATIONAL,
    on_request=NATIONAL,
    assertion_audience=AssertionAudience.OURS,
    pushed=False,
    signed_requests=False,
    response_types=None,
    response_modes=None,
    pkce=False,
    sender_constrained=False,
    request_object=RequestObjectRules(required=frozenset(), alone=False),
)
_FAPI2 = ProfileRules(
    client_auth=_FAPI_AUTHENTICATION,
    grants=frozenset(GrantType) - {GrantType.IMPLICIT},
    algorithms=_FAPI_ALGORITHMS,
    on_request=frozenset(),  # §5.4.1 names them all
    assertion_audience=AssertionAudience.ISSUER_STRING,
    pushed=True,
    signed_requests=False,
    response_types=frozenset({"code"}),  # FAPI 2.0 §5.3.2.2
    response_modes=None,
    pkce=True,
    sender_constrained=True,
    request_object=_SIGNED_REQUEST,
)
_FAPI2_MESSAGE_SIGNING = ProfileRules(
    client_auth=_FAPI2.client_auth,
    grants=_FAPI2.grants,
    algorithms=_FAPI2.algorithms,
    on_request=_FAPI2.on_request,
    assertion_audience=_FAPI2.assertion_audience,
    pushed=True,
    signed_requests=True,
    response_types=_FAPI2.response_types,
    response_modes=_JARM,  # Message Signing §5.4.1
    pkce=True,
    sender_constrained=True,
    request_object=_SIGNED_REQUEST,
)

RULES: Mapping[SecurityProfile, ProfileRules] = {
    SecurityProfile.STANDARD: _STANDARD,
    SecurityProfile.FAPI2: _FAPI2,
    SecurityProfile.FAPI2_MESSAGE_SIGNING: _FAPI2_MESSAGE_SIGNING,
}


def rules_of(client: Client) -> ProfileRules:
    """The row of the client's profile."""
    return RULES[client.metadata.profile]


def must_push(client: Client) -> bool:
    """Whether its authorization requests come by PAR only (RFC 9126 §6)."""
    return client.metadata.require_pushed_authorization_requests or rules_of(client).pushed


def must_sign_requests(client: Client) -> bool:
    """Whether its authorization requests come as signed request objects only (RFC 9101 §10.5)."""
    return client.metadata.require_signed_request_object or rules_of(client).signed_requests


def must_use_pkce(client: Client) -> bool:
    """Whether a code challenge is demanded of it (RFC 9700 §2.1.1)."""
    return client.metadata.require_pkce or rules_of(client).pkce


def must_bind_tokens(client: Client) -> bool:
    """Whether its access tokens are bound to a key (RFC 9449 §5.2, RFC 8705 §3.4)."""
    metadata = client.metadata
    return (
        metadata.dpop_bound_access_tokens
        or metadata.tls_client_certificate_bound_access_tokens
        or rules_of(client).sender_constrained
    )
