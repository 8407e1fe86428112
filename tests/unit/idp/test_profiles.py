"""Security profiles: one setting, and everything that follows from it (FAPI 2.0 §5.3, Message Signing §5.3, §5.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile
from idp.model import Client, ClientAuthMethod, ClientStatus, GrantType
from idp.profiles.rules import (
    RULES,
    AssertionAudience,
    must_bind_tokens,
    must_push,
    must_sign_requests,
    must_use_pkce,
    rules_of,
)
from keys.spec import SignatureAlgorithm

STRICT = (SecurityProfile.FAPI2, SecurityProfile.FAPI2_MESSAGE_SIGNING)


def client(profile: SecurityProfile = SecurityProfile.STANDARD, **metadata: Any) -> Client:
    """As it would be registered for the profile."""
    strict = profile is not SecurityProfile.STANDARD
    return Client(
        id="portal",
        name=Text("门户", "Portal"),
        redirect_uris=("https://a.example.test/callback",),
        post_logout_redirect_uris=(),
        backchannel_logout_uri=None,
        auth_method=ClientAuthMethod.PRIVATE_KEY_JWT if strict else ClientAuthMethod.BASIC,
        secret_digest=None,
        scopes=frozenset({"openid"}),
        grants=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
        id_token_alg=SignatureAlgorithm.ES256 if strict else SignatureAlgorithm.RS256,
        organisation=None,
        realname_approved=False,
        sector="a.example.test",
        status=ClientStatus.ACTIVE,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        metadata=ClientMetadata(profile=profile, **metadata),
    )


def test_every_profile_has_its_row() -> None:
    assert set(RULES) == set(SecurityProfile)


@pytest.mark.parametrize("profile", STRICT)
def test_the_strict_profiles_demand_what_fapi_2_demands(profile: SecurityProfile) -> None:
    one = client(profile, require_pkce=False)
    assert must_push(one)
    assert must_use_pkce(one)
    assert must_bind_tokens(one)
    rules = rules_of(one)
    assert rules.client_auth == {
        ClientAuthMethod.PRIVATE_KEY_JWT,
        ClientAuthMethod.TLS,
        ClientAuthMethod.SELF_SIGNED_TLS,
    }
    assert rules.algorithms == {SignatureAlgorithm.PS256, SignatureAlgorithm.ES256, SignatureAlgorithm.EDDSA}
    assert rules.assertion_audience is AssertionAudience.ISSUER_STRING
    assert rules.response_types == {"code"}
    assert must_sign_requests(one) is (profile is SecurityProfile.FAPI2_MESSAGE_SIGNING)


def test_a_standard_client_has_what_it_registered() -> None:
    plain = client(require_pkce=False)
    assert not any(rule(plain) for rule in (must_push, must_sign_requests, must_use_pkce, must_bind_tokens))
    strict = client(
        require_pushed_authorization_requests=True, require_signed_request_object=True, dpop_bound_access_tokens=True
    )
    assert must_push(strict)
    assert must_sign_requests(strict)
    assert must_use_pkce(strict)  # the default
    assert must_bind_tokens(strict)
    assert must_bind_tokens(client(tls_client_certificate_bound_access_tokens=True))
