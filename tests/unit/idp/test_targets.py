"""The audience of an access token and the scopes that go with it (RFC 8707 §2)."""

from __future__ import annotations

import datetime as dt

import pytest

from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.errors import InvalidTarget
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from idp.resources.targets import Target, is_resource_identifier, narrowed_resources, target_of

OURS = "https://id.example.test"
TAX, LAND = "https://tax.example.test/api", "https://land.example.test"


def resource(identifier: str, *scopes: str, opaque: bool = False) -> ProtectedResource:
    return ProtectedResource(
        identifier=identifier,
        name=Text("某系统", "A system"),
        scopes=tuple(ResourceScope(name, Text("做某事", "Do something")) for name in scopes),
        access_token_format=AccessTokenFormat.OPAQUE if opaque else AccessTokenFormat.JWT,
        client_id=None,
        status=ResourceStatus.ACTIVE,
        created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


@pytest.mark.parametrize("value", [TAX, "https://a.example.test?tenant=1", "urn:city:tax", "https://a:8443/x"])
def test_absolute_uris_name_resources(value: str) -> None:
    assert is_resource_identifier(value)


@pytest.mark.parametrize(
    "value", ["", "/api", "tax", f"{TAX}#x", f"{TAX}#", "https://[", "https://税.example", f"{TAX} ", "x:" + "y" * 1024]
)
def test_everything_else_does_not(value: str) -> None:
    assert not is_resource_identifier(value)


def test_without_a_resource_a_token_is_for_our_own_api() -> None:
    assert narrowed_resources([], [], ours=OURS) == (OURS,)
    target = target_of([OURS], [], ["openid", "licence:read", "tax:read"], ours=OURS)
    assert target == Target((OURS,), ("openid", "licence:read"))


def test_one_of_the_granted_resources_may_be_asked_for_and_our_own_api_always() -> None:
    assert narrowed_resources([], [TAX, LAND], ours=OURS) == (TAX, LAND)
    assert narrowed_resources([LAND], [TAX, LAND], ours=OURS) == (LAND,)
    assert narrowed_resources([OURS], [TAX], ours=OURS) == (OURS,)


@pytest.mark.parametrize("granted", [[], [TAX]])
def test_o_16_a_resource_beyond_the_grant_is_refused(granted: list[str]) -> None:
    with pytest.raises(InvalidTarget):
        narrowed_resources([LAND], granted, ours=OURS)


def test_a_token_carries_the_scopes_of_its_resource_only() -> None:
    target = target_of([TAX], [resource(TAX, "tax:read")], ["openid", "tax:read", "land:read"], ours=OURS)
    assert target == Target((TAX,), ("tax:read",), AccessTokenFormat.JWT)


def test_two_resources_of_one_kind_may_share_a_token() -> None:
    both = [resource(TAX, "tax:read", opaque=True), resource(LAND, "land:read", opaque=True)]
    target = target_of([TAX, LAND], both, ["land:read", "tax:read"], ours=OURS)
    assert target == Target((TAX, LAND), ("land:read", "tax:read"), AccessTokenFormat.OPAQUE)


def test_two_kinds_of_tokens_or_our_own_api_share_none() -> None:
    with pytest.raises(InvalidTarget):
        target_of([TAX, LAND], [resource(TAX), resource(LAND, opaque=True)], [], ours=OURS)
    with pytest.raises(InvalidTarget):
        target_of([TAX, OURS], [resource(TAX)], [], ours=OURS)
