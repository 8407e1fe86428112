"""Token exchange only narrows, whatever is asked (RFC 8693; attacks O-16, O-43); codes are read as they are typed."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from idp.client_metadata import ClientMetadata
from idp.device.user_code import ALPHABET, read_user_code, shown
from idp.errors import OAuthError
from idp.exchange import policy
from idp.exchange.parties import Actor, Subject
from idp.model import Standing
from idp.protocol.params import Parameters
from idp.protocol.scopes import ALL_SCOPES, OIDC_SCOPES, OPENID
from tests.conformance.idp_stores import client

SCOPES = st.frozensets(st.sampled_from(sorted(ALL_SCOPES)))
NAMES = st.sampled_from(["gateway", "service", "portal", "https://licences.example.test/"])
ASKED = st.one_of(st.none(), st.lists(st.sampled_from(sorted(ALL_SCOPES)), min_size=1).map(" ".join))
ACTING = st.recursive(
    st.none(), lambda inner: st.builds(lambda act: {"sub": "s"} | ({"act": act} if act else {}), inner), max_leaves=6
)


def subject(scopes: frozenset[str], *, issued_to: str = "portal", **changes: Any) -> Subject:
    standing = cast(Standing, None)  # the rules do not look at it
    made = Subject(standing, issued_to, ("gateway",), scopes, 0, None, None, None)
    return dataclasses.replace(made, **changes)


@given(SCOPES, SCOPES, ASKED, st.one_of(st.none(), SCOPES), st.sampled_from(["portal", "gateway"]))
def test_rights_are_never_wider_than_all_that_bounds_them(
    has: frozenset[str], may: frozenset[str], asked: str | None, there: frozenset[str] | None, issued_to: str
) -> None:
    exchanging = client("gateway", scopes=may)
    try:
        given_on = set(policy.rights(asked, subject(has, issued_to=issued_to), exchanging, there))
    except OAuthError:
        return
    assert given_on
    assert given_on <= has & may
    assert there is None or given_on <= there
    assert not any(scope.startswith("admin:") for scope in given_on)
    assert "offline_access" not in given_on
    assert issued_to == "gateway" or not given_on & (OIDC_SCOPES - {OPENID})
    assert asked is None or given_on == set(asked.split())


@given(st.lists(NAMES, max_size=3), st.lists(NAMES, unique=True), st.one_of(st.none(), NAMES))
def test_targets_are_among_those_of_the_policy(resources: list[str], allowed: list[str], audience: str | None) -> None:
    exchanging = client("gateway", metadata=ClientMetadata(exchange_audiences=tuple(allowed)))
    parameters = Parameters({} if audience is None else {"audience": audience}, resources)
    try:
        found = policy.targets(parameters, subject(frozenset({OPENID})), exchanging)
    except OAuthError:
        return
    assert found
    assert set(found) <= set(allowed)
    assert {*resources, *([audience] if audience else [])} <= set(found)


@given(ACTING, st.booleans(), st.booleans(), st.sampled_from(["portal", "gateway"]))
def test_a_chain_grows_by_one_to_a_limit_and_never_loses_an_actor(
    before: dict[str, Any] | None, acts: object, impersonates: object, issued_to: str
) -> None:
    metadata = ClientMetadata(exchange_impersonation=bool(impersonates))
    actor = Actor("a", "gateway", None, 0, None) if acts else None
    of = subject(frozenset({OPENID}), issued_to=issued_to, acting=before)
    try:
        chain = policy.acting(of, actor, client("gateway", metadata=metadata))
    except OAuthError:
        assert policy.depth(before) >= policy.DEEPEST if acts else issued_to == "portal" and not impersonates
        return
    assert policy.depth(chain) == policy.depth(before) + (1 if acts else 0)
    assert (chain or {}).get("act") == before if acts else chain == before


@given(st.text(ALPHABET, min_size=8, max_size=8), st.sampled_from(["", " ", "-", "–", "\u3000", " - "]))
def test_a_user_code_is_read_however_it_is_broken_up(code: str, between: str) -> None:
    wide = code.translate({ord(letter): ord(letter) + 0xFEE0 for letter in ALPHABET})
    for typed in (shown(code), code.lower(), between.join(code), f" {wide} "):
        assert read_user_code(typed) == code


@given(st.text(max_size=200))
def test_nothing_else_is_taken_for_a_code(typed: str) -> None:
    code = read_user_code(typed)
    assert code is None or (len(code) == 8 and set(code) <= set(ALPHABET))
