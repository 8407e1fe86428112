"""Whatever a request says, its answer has a mode, and no token is ever in a query in the clear (attacks O-13)."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from idp.errors import InvalidRequest
from idp.protocol.claims_parameter import ClaimsRequest, parse_claims
from idp.protocol.response_types import (
    RESPONSE_TYPES,
    Carrier,
    ResponseMode,
    answer_mode,
    asked_mode,
    canonical,
    shows_tokens,
)
from idp.protocol.scopes import CLAIMS_ABOUT_PEOPLE, SCOPE_CLAIMS
from idp.requests.asked_claims import asked_claims

WORDS = st.lists(st.sampled_from(["code", "id_token", "token", "none", "", "CODE", "x"]), max_size=5).map(" ".join)
MODES = st.one_of(st.sampled_from([*ResponseMode, "jwt", "web_message", ""]), st.text(max_size=12))
URIS = st.sampled_from(["https://a.test/cb", "http://127.0.0.1/cb", "cn.example.app:/cb", ""])
REQUESTS = st.fixed_dictionaries({}, optional={"response_type": WORDS, "response_mode": MODES, "redirect_uri": URIS})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from([*CLAIMS_ABOUT_PEOPLE, "sub", "acr", "auth_time", "nickname", "name#zh-CN"])
WISHES = st.dictionaries(NAMES, JSON, max_size=5)


@given(REQUESTS, st.booleans())
def test_every_request_is_answered_in_some_mode(request: dict[str, str], encrypted: bool) -> None:
    mode = answer_mode(request, encrypted=encrypted)
    asked = asked_mode(request, encrypted=encrypted)
    assert asked in (None, mode)
    if shows_tokens(request.get("response_type", "")) and mode.carrier is Carrier.QUERY:
        assert mode.signed
        assert encrypted
    if mode.carrier is Carrier.FORM_POST:
        assert request["redirect_uri"].startswith("http")


@given(WORDS)
def test_a_response_type_is_one_of_ours_or_none(words: str) -> None:
    found = canonical(words)
    if found is None:
        assert words not in RESPONSE_TYPES
    else:
        assert found in RESPONSE_TYPES
        assert sorted(found.split()) == sorted(words.split(" "))


@given(st.one_of(st.text(max_size=200), JSON.map(json.dumps)))
def test_anything_is_read_as_claims_or_refused(text: str) -> None:
    try:
        assert parse_claims(text).names <= set(CLAIMS_ABOUT_PEOPLE)
    except InvalidRequest:
        return


@given(
    st.fixed_dictionaries({}, optional={"userinfo": WISHES, "id_token": WISHES}),
    st.lists(st.sampled_from([*SCOPE_CLAIMS, "openid"]), unique=True).map(tuple),
    st.frozensets(st.sampled_from([*SCOPE_CLAIMS])),
    st.booleans(),
)
def test_single_claims_never_give_more_than_the_client_may_have(
    request: dict[str, object], named: tuple[str, ...], allowed: frozenset[str], alone: bool
) -> None:
    named = tuple(scope for scope in named if scope == "openid" or scope in allowed)  # checked before
    try:
        wished = parse_claims(json.dumps(request))
    except InvalidRequest:
        wished = ClaimsRequest()
    asked = asked_claims(wished, named, allowed, alone=alone)
    assert set(asked.scopes) <= {*named, *allowed}
    assert asked.scopes[: len(named)] == named
    may_have = {claim for scope in allowed for claim in SCOPE_CLAIMS[scope]}
    assert set(asked.userinfo) <= {"sub", *may_have}
    assert set(asked.id_token) <= may_have
    behind = {claim for scope in asked.scopes for claim in SCOPE_CLAIMS.get(scope, ())}
    assert {*asked.userinfo, *asked.id_token} <= {"sub", *behind}  # nothing without a scope to consent to
