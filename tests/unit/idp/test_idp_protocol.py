"""The protocol's grammar: parameters, PKCE, redirect URIs, claims, refresh and pairwise names."""

from __future__ import annotations

import hashlib
import json
import string
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import InvalidGrant, InvalidRequest, InvalidScope
from idp.protocol.claims_parameter import ClaimsRequest, parse_claims
from idp.protocol.params import MAX_FIELDS, parse_parameters
from idp.protocol.pkce import check_challenge, check_verifier
from idp.protocol.redirect_uri import (
    host_of,
    is_registered,
    origin_of,
    with_fragment,
    with_parameters,
)
from idp.protocol.scopes import ALL_SCOPES, ROLE_SCOPES, parse_scope
from idp.tokens.derived import DerivedMac
from idp.tokens.id_token import half_hash
from idp.tokens.pairwise import PairwiseNames
from idp.tokens.refresh import RefreshToken, RefreshTokens
from keys.secrets.purposes import TOKENS
from keys.secrets.token_digest import HmacTokenDigests
from tests.support.secrets import MemorySecrets

FAMILY = "fam_" + "0" * 26


def secrets_of(seed: str = "ours") -> MemorySecrets:
    return MemorySecrets(TOKENS, "oidc.pairwise", seed=seed)


def refresh_tokens(secrets: MemorySecrets | None = None) -> RefreshTokens:
    secrets = secrets or secrets_of()
    return RefreshTokens(HmacTokenDigests(secrets), secrets)


names = st.text(string.ascii_letters, min_size=1, max_size=10).filter(lambda name: name != "resource")  # kept apart
values = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)


@given(st.dictionaries(names, values, max_size=10))
def test_parameters_come_back_as_they_were_sent(sent: dict[str, str]) -> None:
    assert dict(parse_parameters(urlencode(sent).encode())) == sent


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        parse_parameters(raw)
    except InvalidRequest:
        return


def test_a_parameter_without_value_is_absent() -> None:
    assert dict(parse_parameters(b"a=&b=1&c")) == {"b": "1"}


@pytest.mark.parametrize(
    "sources", [(b"a=1&a=2",), (b"a=1&a=1",), (b"a=&a=1",), (b"a=1", b"a=1"), (b"a=%FF",), (b"a=\xff",)]
)
def test_what_cannot_be_told_apart_is_refused(sources: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidRequest):
        parse_parameters(*sources)


def test_only_resource_may_come_several_times_and_is_kept_apart() -> None:
    read = parse_parameters(b"resource=https://a&scope=x&resource=https://b", b"resource=&resource=https://c")
    assert read.resources == ("https://a", "https://b", "https://c")  # RFC 8707 §2
    assert dict(read) == {"scope": "x"}


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_parameters("&".join(f"p{number}=1" for number in range(MAX_FIELDS + 1)).encode())


def test_parameters_do_not_show_their_values() -> None:
    assert "hunter2" not in repr(parse_parameters(b"client_secret=hunter2"))


def test_pkce_example_of_rfc_7636_appendix_b() -> None:
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert check_challenge(challenge, "S256") == challenge
    check_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge)
    with pytest.raises(InvalidGrant):
        check_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", challenge)


def test_pkce_may_be_left_out_only_where_that_was_registered() -> None:
    assert check_challenge(None, None, required=False) is None
    for challenge, method in ((None, "S256"), ("x" * 43, None), ("x" * 43, "plain"), ("x" * 42, "S256")):
        with pytest.raises(InvalidRequest):
            check_challenge(challenge, method, required=False)
    check_verifier(None, None)
    with pytest.raises(InvalidGrant):  # RFC 9700 §4.8.2
        check_verifier("v" * 43, None)


def test_at_hash_example_of_openid_connect_core_a_4() -> None:
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


@given(values)
def test_added_parameters_can_be_read_again(state: str) -> None:
    for uri in ("https://a.test/cb", "https://a.test/cb?kept=1"):
        location = with_parameters(uri, {"code": "c", "state": state, "error": None})
        assert location.isascii()
        assert location.startswith(uri)
        assert dict(parse_qsl(urlsplit(location).query))["state"] == state


def test_hosts_and_origins_as_shown_to_people() -> None:
    assert host_of("https://a.test:8443/cb?x=1") == "a.test:8443"
    assert origin_of("https://a.test:8443/cb?x=1") == "https://a.test:8443"
    assert with_parameters("https://a.test/bye", {"state": None}) == "https://a.test/bye"


LOOPBACK = ("http://127.0.0.1:9000/cb", "http://[::1]/cb?x=1", "http://localhost/cb", "com.example.app:/cb")


@pytest.mark.parametrize(
    "uri",
    [*LOOPBACK, "http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://[::1]:7/cb?x=1"],
)
def test_an_app_may_listen_on_any_port_of_loopback(uri: str) -> None:
    assert is_registered(uri, LOOPBACK, native=True)
    assert is_registered(uri, LOOPBACK) is (uri in LOOPBACK)


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:9000/cb",
        "http://127.0.0.1:9000/",
        "http://127.0.0.1:9000/cb/",
        "http://127.0.0.1:9000/cb?x=1",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:09/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:9@evil.test/cb",
        "http://127.0.0.1:9.evil.test/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://127.0.0.2/cb",
        "http://[::1]/cb",
        "https://127.0.0.1:9000/cb",
        "http://127.0.0.1:9000/cb\n",
        "http://127.0.0.1:\u0661/cb",
        "com.example.app:/cb2",
    ],
)
def test_nothing_but_the_port_is_free(uri: str) -> None:
    assert not is_registered(uri, LOOPBACK, native=True)


def test_apps_with_a_scheme_of_their_own_are_named_by_it() -> None:
    assert origin_of("com.example.app:/cb") == "com.example.app:"
    assert host_of("com.example.app:/cb") == "com.example.app"
    assert origin_of("https://a.test:443/cb") == "https://a.test"


@given(values)
def test_parameters_in_the_fragment_can_be_read_again(state: str) -> None:
    location = with_fragment("https://a.test/cb?kept=1", {"code": "c", "state": state, "error": None})
    assert location.isascii()
    assert location.startswith("https://a.test/cb?kept=1#")
    assert dict(parse_qsl(urlsplit(location).fragment)) == {"code": "c", "state": state}


@pytest.mark.parametrize("scope", ["", " ", "a  b", "a\tb", 'a"b', "a\\b", "作用域"])
def test_malformed_scopes(scope: str) -> None:
    with pytest.raises(InvalidScope):
        parse_scope(scope)


def test_scopes_keep_their_order_and_come_once() -> None:
    assert parse_scope("b openid b a") == ("b", "openid", "a")


def test_roles_give_scopes_that_exist_and_administration_is_split() -> None:
    assert all(scopes <= ALL_SCOPES for scopes in ROLE_SCOPES.values())
    administrators = [name for name in ROLE_SCOPES if name.endswith("-administrator")]
    for first in administrators:
        for second in administrators:
            if first != second:
                assert not ROLE_SCOPES[first] & ROLE_SCOPES[second]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ClaimsRequest()),
        ({}, ClaimsRequest()),
        ({"userinfo": {"name": None, "nickname": None}}, ClaimsRequest(userinfo=("name",))),
        (
            {"id_token": {"id_number": {"essential": True}}},
            ClaimsRequest(id_token=("id_number",), essential=frozenset({"id_number"})),
        ),
        ({"id_token": {"sub": {"value": "x"}}}, ClaimsRequest(subject="x")),
        ({"id_token": {"acr": {"essential": True, "value": "a"}}}, ClaimsRequest(essential_acr=("a",))),
        ({"id_token": {"acr": {"values": ["a", "b"]}}}, ClaimsRequest(acr=("a", "b"))),
        ({"id_token": {"acr": None, "auth_time": {"essential": True}}}, ClaimsRequest()),
        ({"userinfo": {"name#zh-CN": None, "name": None}}, ClaimsRequest(userinfo=("name",))),
        ({"userinfo": {"sub": {"values": ["x"]}}, "id_token": {"sub": {"value": "x"}}}, ClaimsRequest(subject="x")),
        ({"id_token": {"acr": {"essential": True}}}, ClaimsRequest()),
        ({"unknown": 1}, ClaimsRequest()),
    ],
)
def test_claims_parameter(value: object, expected: ClaimsRequest) -> None:
    assert parse_claims(None if value is None else json.dumps(value)) == expected


MALFORMED_CLAIMS = [
    "",
    "x",
    "[]",
    "1",
    '{"userinfo": 1}',
    '{"id_token": {"name": 1}}',
    "[" * 3000,
    '{"userinfo": {}, "userinfo": {"name": null}}',
    '{"id_token": {"acr": {"values": "a"}}}',
    '{"id_token": {"acr": {"values": [1]}}}',
    '{"id_token": {"sub": {"value": 1}}}',
    '{"id_token": {"sub": {"value": "x"}}, "userinfo": {"sub": {"value": "y"}}}',
]


@pytest.mark.parametrize("value", MALFORMED_CLAIMS)
def test_claims_that_are_no_such_object(value: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_claims(value)


def test_refresh_tokens_are_recognised_whatever_their_age() -> None:
    tokens = refresh_tokens()
    family = FAMILY
    made = [tokens.make(family, generation) for generation in range(3)]
    assert len(set(made)) == 3
    assert [tokens.read(token) for token in made] == [RefreshToken(family, generation) for generation in range(3)]
    assert tokens.make(family, 1) == made[1]


@given(st.text(max_size=100))
def test_nothing_made_up_is_a_refresh_token(text: str) -> None:
    assert refresh_tokens().read(text) is None


def test_refresh_tokens_of_another_secret_are_unknown() -> None:
    token = refresh_tokens(secrets_of("theirs")).make(FAMILY, 0)
    assert refresh_tokens().read(token) is None


def test_refresh_tokens_outlive_a_rotation_but_not_the_retirement_of_their_key() -> None:
    secrets = secrets_of()
    tokens, first = refresh_tokens(secrets), secrets.secrets(TOKENS)[0].key_id
    token = tokens.make(FAMILY, 4)
    secrets.rotate(TOKENS)
    assert tokens.read(token) == RefreshToken(FAMILY, 4)
    assert tokens.make(FAMILY, 4) != token
    secrets.retire(first)
    assert tokens.read(token) is None
    assert tokens.read(tokens.make(FAMILY, 4)) == RefreshToken(FAMILY, 4)


def test_refresh_tokens_of_the_release_before_are_still_good() -> None:
    former = f"{FAMILY}.4.{DerivedMac(secrets_of(), 'refresh').over(FAMILY, '4')}"
    assert refresh_tokens().read(former) == RefreshToken(FAMILY, 4)
    assert refresh_tokens(secrets_of("theirs")).read(former) is None
    assert refresh_tokens().read(former.replace(".4.", ".5.")) is None


def test_a_plain_digest_is_no_mac_of_a_refresh_token() -> None:
    """Anybody can compute a SHA-256: the form that stored digests once had must not open a family."""
    name = f"{FAMILY}.4"
    plain = hashlib.sha256(name.encode()).hexdigest()
    key_id = secrets_of().secrets(TOKENS)[0].key_id
    for forged in (
        f"{name}.{plain}",
        f"{name}.{plain[:43]}",
        f"{name}.{plain[:16]}.{plain[16:59]}",
        f"{name}.{key_id}.{plain[:43]}",
    ):
        assert refresh_tokens().read(forged) is None


def test_pairwise_names_differ_by_sector_account_and_use() -> None:
    pairwise = PairwiseNames(secrets_of())
    made = {
        pairwise.subject("a.test", "acc_1"),
        pairwise.subject("b.test", "acc_1"),
        pairwise.subject("a.test", "acc_2"),
        pairwise.subject("a.testacc_", "1"),
        pairwise.sid("acc_1", "a.test"),
        PairwiseNames(secrets_of("theirs")).subject("a.test", "acc_1"),
    }
    assert len(made) == 6
    assert pairwise.subject("a.test", "acc_1") in made
