"""Registration documents: each rule refuses, and its twin without the one fault passes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile, SubjectType
from idp.clients.description import ClientDescription, changes, described, sensitive
from idp.clients.document import registration_document
from idp.clients.fields import CORE, METADATA
from idp.clients.policy import ADMINISTRATOR, OPEN_FOR_TESTS, RegistrationPolicy
from idp.clients.rules.flows import GRANTS_OF_RESPONSE_TYPES
from idp.clients.rules.keys import OURS, STRONG, THEIRS, WITH_SECRET
from idp.clients.validation import read_description, validated
from idp.clients.writing import made_client, sector_of
from idp.endpoints.discovery import metadata
from idp.endpoints.discovery_proofs import authentication
from idp.errors import InvalidClientMetadata, InvalidRedirectUri, RegistrationError
from idp.model import ClientAuthMethod, GrantType
from idp.settings import IdpSettings
from keys.jose.jwk import public_jwk
from keys.ports import VerificationKey
from keys.spec import KeyState, SignatureAlgorithm
from tests.support.clock import FakeClock

CB = "https://a.example.cn/cb"
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # RFC 7515 appendix A.3.1
SIGNS = {"keys": [EC | {"kid": "1", "use": "sig"}]}
BOTH = {"keys": [EC | {"kid": "1"}]}
WEB: dict[str, Any] = {"redirect_uris": [CB]}
EVERYTHING = RegistrationPolicy(grants=frozenset(GrantType), public_subjects=True)
KEYED = WEB | {"token_endpoint_auth_method": "private_key_jwt", "jwks": SIGNS}
STRICT = {"redirect_uris": [CB], "profile": "fapi2", "jwks": SIGNS}
DEVICE = {"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}
CIBA = KEYED | {
    "grant_types": ["authorization_code", "urn:openid:params:grant-type:ciba"],
    "backchannel_token_delivery_mode": "ping",
    "backchannel_client_notification_endpoint": "https://a.example.cn/told",
}

# (what makes it wrong, over what; which member is blamed)
REFUSED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("redirect_uris", {}, {"redirect_uris": None}),
    ("redirect_uris", WEB, {"redirect_uris": [CB + "#"]}),
    ("redirect_uris", WEB, {"redirect_uris": CB}),
    ("redirect_uris", WEB, {"redirect_uris": [f"https://a.example.cn/{n}" for n in range(21)]}),
    ("redirect_uris", WEB, {"redirect_uris": ["http://localhost/cb"]}),
    ("redirect_uris", WEB, {"redirect_uris": ["cn.example.app:/cb"]}),
    ("redirect_uris", WEB, {"redirect_uris": ["HTTPS://a.example.cn/cb"]}),
    ("redirect_uris", WEB, {"redirect_uris": ["https://A.example.cn/cb"]}),
    ("redirect_uris", WEB | {"application_type": "native"}, {"redirect_uris": ["http://a.example.cn/cb"]}),
    ("redirect_uris", WEB | {"application_type": "native"}, {"redirect_uris": ["javascript:/cb"]}),
    ("application_type", WEB, {"application_type": "service"}),
    (
        "authorization_details_types",
        WEB | {"authorization_details_types": ["seal_sign"]},
        {"authorization_details_types": ["seal_sign", "unknown"]},
    ),
    ("client_name", WEB, {"client_name": "A\u202eB"}),
    ("client_name", WEB, {"client_name": "x" * 101}),
    ("client_name#zh-CN", WEB, {"client_name#zh-CN": 7}),
    ("grant_types", WEB, {"grant_types": []}),
    ("grant_types", WEB, {"grant_types": ["password"]}),
    ("grant_types", WEB, {"grant_types": ["refresh_token"]}),
    ("response_types", WEB, {"response_types": ["id_token"], "grant_types": ["authorization_code"]}),
    ("response_types", WEB, {"response_types": ["token"]}),
    ("response_types", WEB, {"response_types": ["code code"]}),
    ("response_types", WEB, {"response_types": []}),
    ("grant_types", DEVICE | {"token_endpoint_auth_method": "none"}, {"grant_types": ["client_credentials"]}),
    ("scope", WEB, {"scope": "email"}),
    ("scope", WEB, {"scope": 'open"id'}),
    ("token_endpoint_auth_method", WEB, {"token_endpoint_auth_method": "private_key_jwt"}),
    ("token_endpoint_auth_method", WEB, {"token_endpoint_auth_method": "self_signed_tls_client_auth"}),
    ("token_endpoint_auth_method", WEB, {"token_endpoint_auth_method": "tls_client_auth"}),
    (
        "token_endpoint_auth_method",
        WEB | {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.cn"},
        {"tls_client_auth_subject_dn": "CN=a"},
    ),
    ("tls_client_auth_san_dns", WEB, {"tls_client_auth_san_dns": "a.cn"}),
    (
        "tls_client_auth_subject_dn",
        WEB | {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=a,O=b"},
        {"tls_client_auth_subject_dn": "/CN=a/O=b"},
    ),
    ("jwks", KEYED, {"token_endpoint_auth_method": "self_signed_tls_client_auth"}),
    ("token_endpoint_auth_signing_alg", WEB, {"token_endpoint_auth_signing_alg": "ES256"}),
    ("token_endpoint_auth_signing_alg", KEYED, {"token_endpoint_auth_signing_alg": "HS256"}),
    ("token_endpoint_auth_signing_alg", KEYED, {"token_endpoint_auth_signing_alg": "none"}),
    ("token_endpoint_auth_method", KEYED, {"token_endpoint_auth_signing_alg": "PS256"}),
    ("jwks", KEYED, {"jwks_uri": "https://a.example.cn/jwks"}),
    ("jwks", KEYED, {"jwks": {"keys": [EC | {"d": "AA"}]}}),
    ("jwks", KEYED, {"jwks": {"keys": [EC | {"kid": "1"}, EC | {"kid": "1"}]}}),
    ("jwks", KEYED, {"jwks": {"keys": "none"}}),
    ("jwks", KEYED, {"jwks": []}),
    ("jwks_uri", WEB, {"jwks_uri": "http://a.example.cn/jwks"}),
    ("id_token_signed_response_alg", WEB, {"id_token_signed_response_alg": "none"}),
    ("userinfo_signed_response_alg", WEB, {"userinfo_signed_response_alg": "HS256"}),
    ("id_token_encrypted_response_alg", WEB, {"id_token_encrypted_response_alg": "ECDH-ES"}),
    ("id_token_encrypted_response_alg", WEB | {"jwks": BOTH}, {"id_token_encrypted_response_alg": "RSA1_5"}),
    ("id_token_encrypted_response_alg", WEB | {"jwks": BOTH}, {"id_token_encrypted_response_alg": "RSA-OAEP-256"}),
    ("id_token_encrypted_response_alg", WEB | {"jwks": SIGNS}, {"id_token_encrypted_response_alg": "ECDH-ES"}),
    ("id_token_encrypted_response_enc", WEB, {"id_token_encrypted_response_enc": "A256GCM"}),
    (
        "userinfo_encrypted_response_enc",
        WEB | {"jwks": BOTH, "userinfo_encrypted_response_alg": "ECDH-ES"},
        {"userinfo_encrypted_response_enc": "A192GCM"},
    ),
    (
        "authorization_encrypted_response_alg",
        WEB | {"jwks": BOTH},
        {"authorization_encrypted_response_alg": "ECDH-ES"},
    ),
    ("request_object_signing_alg", WEB | {"jwks": SIGNS}, {"request_object_signing_alg": "none"}),
    ("request_object_signing_alg", WEB | {"jwks": SIGNS}, {"request_object_signing_alg": "RS256"}),
    ("require_signed_request_object", WEB, {"require_signed_request_object": True}),
    ("request_uris", WEB, {"request_uris": ["http://a.example.cn/r"]}),
    ("request_uris", WEB, {"request_uris": ["https://a.example.cn/" + "r" * 512]}),
    (
        "sector_identifier_uri",
        {"redirect_uris": [CB, "https://b.example.cn/cb"], "sector_identifier_uri": "https://a.example.cn/s"},
        {"sector_identifier_uri": None},
    ),
    ("sector_identifier_uri", WEB, {"sector_identifier_uri": "http://a.example.cn/s"}),
    ("subject_type", WEB, {"subject_type": "both"}),
    ("initiate_login_uri", WEB, {"initiate_login_uri": "http://a.example.cn/go"}),
    ("logo_uri", WEB, {"logo_uri": "javascript:alert(1)"}),
    ("client_uri", WEB, {"client_uri": "data:text/html,x"}),
    ("policy_uri", WEB, {"policy_uri": "https://user@a.example.cn/"}),
    ("tos_uri", WEB, {"tos_uri": "/tos"}),
    ("post_logout_redirect_uris", WEB, {"post_logout_redirect_uris": ["javascript:alert(1)"]}),
    ("backchannel_logout_uri", WEB, {"backchannel_logout_uri": "https://a.example.cn/#x"}),
    ("frontchannel_logout_uri", WEB, {"frontchannel_logout_uri": "https://b.example.cn/out"}),
    ("request_object_encryption_alg", WEB, {"request_object_encryption_alg": "RSA-OAEP-256"}),
    ("authorization_details_types", WEB, {"authorization_details_types": ["unheard_of"]}),
    ("grant_types", STRICT | {"response_types": ["code"]}, {"grant_types": ["authorization_code", "implicit"]}),
    (
        "backchannel_token_delivery_mode",
        CIBA | {"profile": "fapi2"},
        {"backchannel_token_delivery_mode": "push"},
    ),
    ("default_max_age", WEB, {"default_max_age": -1}),
    ("default_max_age", WEB, {"default_max_age": True}),
    ("default_acr_values", WEB, {"default_acr_values": "high"}),
    ("require_auth_time", WEB, {"require_auth_time": "true"}),
    ("contacts", WEB, {"contacts": ["x"] * 51}),
    ("backchannel_token_delivery_mode", CIBA, {"backchannel_token_delivery_mode": None}),
    ("backchannel_client_notification_endpoint", CIBA, {"backchannel_client_notification_endpoint": None}),
    ("backchannel_client_notification_endpoint", CIBA, {"backchannel_token_delivery_mode": "poll"}),
    ("backchannel_token_delivery_mode", CIBA, {"grant_types": ["authorization_code"]}),
    (
        "backchannel_authentication_request_signing_alg",
        CIBA,
        {"backchannel_authentication_request_signing_alg": "HS256"},
    ),
    ("grant_types", CIBA, {"token_endpoint_auth_method": "none"}),
    ("token_endpoint_auth_method", STRICT, {"token_endpoint_auth_method": "client_secret_basic"}),
    ("response_types", STRICT, {"response_types": ["code id_token"]}),
    ("require_pushed_authorization_requests", STRICT, {"require_pushed_authorization_requests": False}),
    ("dpop_bound_access_tokens", STRICT, {"dpop_bound_access_tokens": False}),
    ("id_token_signed_response_alg", STRICT, {"id_token_signed_response_alg": "RS256"}),
    ("authorization_signed_response_alg", STRICT, {"authorization_signed_response_alg": "RS256"}),
    (
        "require_signed_request_object",
        STRICT | {"profile": "fapi2-message-signing"},
        {"require_signed_request_object": False},
    ),
]


def read(document: dict[str, Any], policy: RegistrationPolicy = EVERYTHING) -> ClientDescription:
    return read_description(json.loads(json.dumps(document)), policy)


@pytest.mark.parametrize(
    ("field", "right", "wrong"), REFUSED, ids=[f"{n:02d}-{field}" for n, (field, _, _) in enumerate(REFUSED)]
)
def test_what_cannot_work_is_refused_and_its_twin_is_not(
    field: str, right: dict[str, Any], wrong: dict[str, Any]
) -> None:
    if right:
        read(right)
    with pytest.raises(RegistrationError) as caught:
        read(right | wrong)
    assert caught.value.field == field
    assert caught.value.description.isascii()
    redirects = field == "redirect_uris"
    assert isinstance(caught.value, InvalidRedirectUri if redirects else InvalidClientMetadata)


def test_the_profile_is_one_setting() -> None:
    strict = read(STRICT)
    assert strict.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT
    assert strict.id_token_alg is SignatureAlgorithm.ES256
    assert strict.metadata.require_pushed_authorization_requests
    assert strict.metadata.dpop_bound_access_tokens
    signed = read(STRICT | {"profile": "fapi2-message-signing"})
    assert signed.metadata.require_signed_request_object
    assert signed.metadata.authorization_signed_response_alg == "ES256"
    by_certificate = read(
        WEB | {"profile": "fapi2", "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a.cn"}
    )
    assert by_certificate.metadata.tls_client_certificate_bound_access_tokens
    assert not by_certificate.metadata.dpop_bound_access_tokens


def test_grants_and_response_types_follow_from_each_other() -> None:
    assert read(WEB).metadata.response_types == {"code"}
    hybrid = read(WEB | {"response_types": ["token id_token code"]})
    assert hybrid.metadata.response_types == {"code id_token token"}
    assert GrantType.IMPLICIT in hybrid.grants
    assert read(DEVICE).metadata.response_types == frozenset()
    implicit = read(WEB | {"grant_types": ["implicit"]})
    assert implicit.metadata.response_types == {"id_token"}


def test_a_name_in_one_language_stands_for_both() -> None:
    assert read(WEB | {"client_name": "Tax"}).name == Text("Tax", "Tax")
    assert read(WEB | {"client_name": "Tax", "client_name#zh-CN": "税务"}).name == Text("税务", "Tax")
    assert read(WEB | {"client_name#zh-CN": "税务"}).name == Text("税务", "税务")
    assert read(WEB).name.zh


def test_null_is_silence() -> None:
    assert read(WEB | {"client_uri": None, "jwks": None}) == read(WEB)


OVERREACHING = {
    "trusted": True,
    "skip_consent": True,
    "tenant": "other",
    "status": "active",
    "client_id": "chosen",
    "realname_approved": True,
    "organisation": "11410199DEMA000011",
    "sector": "portal-a.example.cn",
    "resources": ["https://rs.example.cn"],
    "require_pkce": False,
    "subject_type": "public",
    "scope": "openid realname admin:security licence:read offline_access",
}


def test_o_44_nobody_gives_oneself_rights() -> None:
    modest = RegistrationPolicy()
    taken = read(WEB | OVERREACHING, modest)
    assert taken == read(WEB, modest)
    assert taken.scopes == {"openid", "offline_access"}
    assert not taken.realname_approved
    # the twin: people with that duty may
    given = read_description(WEB | OVERREACHING, ADMINISTRATOR)
    assert given.realname_approved
    assert given.sector == "portal-a.example.cn"
    assert given.metadata.resources == ("https://rs.example.cn",)
    assert given.metadata.subject_type is SubjectType.PUBLIC
    assert not given.metadata.require_pkce


def test_o_44_a_policy_raises_the_profile_and_bounds_hosts_and_grants() -> None:
    strict = RegistrationPolicy(profile=SecurityProfile.FAPI2)
    assert read(WEB | {"profile": "standard", "jwks": SIGNS}, strict).metadata.profile is SecurityProfile.FAPI2
    bound = RegistrationPolicy(redirect_hosts=(".example.cn", "b.test"))
    for good in (CB, "https://b.test/cb"):
        read({"redirect_uris": [good]}, bound)
    for bad in ("https://example.cn.evil.test/cb", "https://evilexample.cn/cb", "https://x.b.test/cb"):
        with pytest.raises(InvalidRedirectUri):
            read({"redirect_uris": [bad]}, bound)
    with pytest.raises(InvalidClientMetadata):
        read(WEB | {"grant_types": ["client_credentials"]}, RegistrationPolicy())


def test_pkce_is_left_out_only_by_confidential_clients_of_an_open_instance() -> None:
    assert read(WEB).metadata.require_pkce
    assert not read(WEB, OPEN_FOR_TESTS).metadata.require_pkce
    assert read(WEB | {"token_endpoint_auth_method": "none"}, OPEN_FOR_TESTS).metadata.require_pkce
    assert read(STRICT, OPEN_FOR_TESTS).metadata.require_pkce
    with pytest.raises(InvalidClientMetadata):
        read(WEB | {"token_endpoint_auth_method": "none", "require_pkce": False}, OPEN_FOR_TESTS)


def test_native_clients_come_back_to_the_device() -> None:
    native = {"application_type": "native", "token_endpoint_auth_method": "none"}
    for uri in ("http://127.0.0.1/cb", "http://[::1]:9000/cb", "cn.example.app:/cb", "cn.example.app://cb", CB):
        read(native | {"redirect_uris": [uri]})
    for uri in ("http://192.0.2.1/cb", "app:/cb", "data:text/html,x", "file:///cb", "http://127.0.0.1.evil.cn/cb"):
        with pytest.raises(InvalidRedirectUri):
            read(native | {"redirect_uris": [uri]})


def test_the_sector_is_a_host_or_the_client_itself() -> None:
    assert sector_of(read(WEB), "c") == "a.example.cn"
    named = {"redirect_uris": [CB, "https://b.example.cn/cb"], "sector_identifier_uri": "https://s.example.cn/s.json"}
    assert sector_of(read(named), "c") == "s.example.cn"
    assert sector_of(read(DEVICE), "c") == "c"
    two = named | {"sector_identifier_uri": None, "subject_type": "public"}
    assert sector_of(read(two), "c") == "c"


def test_what_is_stored_is_what_the_document_says() -> None:
    full = CIBA | {
        "client_name": "Tax",
        "client_name#zh-CN": "税务",
        "contacts": ["dev@a.example.cn"],
        "default_max_age": 0,
        "require_auth_time": True,
        "profile": "fapi2",
        "id_token_encrypted_response_alg": "ECDH-ES",
        "jwks": BOTH,
    }
    description = read(full)
    client = made_client(description, "cli", None, FakeClock())
    document = registration_document(client)
    for name, value in full.items():
        if name != "client_name":
            assert document[name] == value, name
    again = read({name: value for name, value in document.items() if name in {*CORE, *METADATA} or "name" in name})
    assert changes(again, description) == ()
    assert changes(described(client), description) == ("client_id", "sector")


def test_every_member_that_a_client_has_can_be_registered_and_is_judged_when_it_changes() -> None:
    from dataclasses import fields

    assert {field.name for field in fields(ClientMetadata)} == set(METADATA)
    assert sensitive(["contacts", "jwks", "redirect_uris", "tos_uri", "profile", "unheard_of"]) == (
        "jwks",
        "redirect_uris",
        "profile",
        "unheard_of",
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [*CORE, *METADATA, "client_name", "client_name#zh-CN", "unknown"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), JSON_VALUES, max_size=6))
def test_whatever_comes_is_read_or_refused(document: dict[str, Any]) -> None:
    for policy in (EVERYTHING, ADMINISTRATOR):
        try:
            description = read_description(WEB | document, policy)
        except RegistrationError as error:
            assert error.description.isascii()  # noqa: PT017
            continue
        assert validated(description, policy, given=set(NAMES)) == description


def test_policies_come_back_as_they_were_stored() -> None:
    for policy in (EVERYTHING, ADMINISTRATOR, OPEN_FOR_TESTS, RegistrationPolicy(redirect_hosts=("a.cn",))):
        assert RegistrationPolicy.from_stored(json.loads(json.dumps(policy.to_stored()))) == policy


def test_a_key_of_ours_is_a_key_like_others() -> None:
    der = bytes.fromhex(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
        "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
        "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
    )
    made = public_jwk(VerificationKey("k", SignatureAlgorithm.ES256, KeyState.ACTIVE, der))
    read(KEYED | {"jwks": {"keys": [made]}})


def test_r_1_what_the_metadata_offer_can_be_registered_and_nothing_else() -> None:
    offered = metadata("https://id.example.test") | authentication(
        IdpSettings(issuer="https://id.example.test", client_certificates=True)
    )
    assert set(offered["response_types_supported"]) == set(GRANTS_OF_RESPONSE_TYPES)  # type: ignore[call-overload]
    assert set(offered["grant_types_supported"]) == set(GrantType)  # type: ignore[call-overload]
    assert set(offered["token_endpoint_auth_methods_supported"]) == set(ClientAuthMethod)  # type: ignore[call-overload]
    ways = {
        "token_endpoint_auth_signing_alg_values_supported": THEIRS | WITH_SECRET,
        "request_object_signing_alg_values_supported": THEIRS,
        "backchannel_authentication_request_signing_alg_values_supported": STRONG,
        "id_token_signing_alg_values_supported": OURS,
        "userinfo_signing_alg_values_supported": OURS,
    }
    for name, accepted in ways.items():
        assert set(offered[name]) == accepted, name  # type: ignore[call-overload]
    for algorithm in offered["request_object_encryption_alg_values_supported"]:  # type: ignore[attr-defined]
        read(WEB | {"request_object_encryption_alg": algorithm})
