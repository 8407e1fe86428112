"""The contract of the register of protected resources (`idp.resources.ports`)."""

from __future__ import annotations

import dataclasses
from typing import Any

from core.text import Text
from idp.client_metadata import AccessTokenFormat
from idp.resources.model import ProtectedResource, ResourceScope, ResourceStatus
from tests.conformance.harness import at_once
from tests.conformance.idp_stores import client, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

TAX, LAND = "https://tax.example.test/api", "https://land.example.test/api"


def resource(identifier: str = TAX, *scopes: str, **changes: Any) -> ProtectedResource:
    made = ProtectedResource(
        identifier=identifier,
        name=Text("税务接口", "Tax API"),
        scopes=tuple(ResourceScope(name, Text(f"做 {name}", f"Do {name}")) for name in scopes or ("tax:read",)),
        access_token_format=AccessTokenFormat.JWT,
        client_id=None,
        status=ResourceStatus.ACTIVE,
        created_at=START,
    )
    return dataclasses.replace(made, **changes)


async def add(harness: IdpStoresHarness, one: ProtectedResource) -> bool:
    """As the use case does: committed only where the store agrees."""
    async with harness.database.write() as tx:
        done = await harness.stores.resources.add(tx, one)
        if done:
            await tx.commit()
    return done


class ResourceStoresBasic:
    """One caller at a time."""

    async def test_a_resource_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        await written(harness, lambda tx: harness.stores.clients.add(tx, client()))
        one = resource(TAX, "tax:read", "tax:write", access_token_format=AccessTokenFormat.OPAQUE, client_id="portal")
        assert await add(harness, one)
        async with harness.database.read() as tx:
            assert await harness.stores.resources.get(tx, TAX) == one
            assert await harness.stores.resources.get(tx, LAND) is None
            assert await harness.stores.resources.of_client(tx, "portal") == [one]
            assert await harness.stores.resources.of_client(tx, "other") == []

    async def test_identifiers_and_scopes_belong_to_one(self, harness: IdpStoresHarness) -> None:
        assert await add(harness, resource())
        assert not await add(harness, resource(TAX, "another:scope"))
        assert not await add(harness, resource(LAND, "land:read", "tax:read"))
        async with harness.database.read() as tx:
            assert await harness.stores.resources.get(tx, LAND) is None
            assert await harness.stores.resources.get(tx, TAX) == resource()

    async def test_pages_are_in_order(self, harness: IdpStoresHarness) -> None:
        for name in ("c", "a", "b"):
            assert await add(harness, resource(f"urn:{name}", f"{name}:read"))
        async with harness.database.read() as tx:
            first = await harness.stores.resources.page(tx, after="", limit=2)
            second = await harness.stores.resources.page(tx, after="urn:b", limit=2)
        assert [one.identifier for one in first] == ["urn:a", "urn:b"]
        assert [one.identifier for one in second] == ["urn:c"]
        assert [[scope.name for scope in one.scopes] for one in first] == [["a:read"], ["b:read"]]

    async def test_several_are_found_at_once(self, harness: IdpStoresHarness) -> None:
        for name in ("c", "a", "b"):
            assert await add(harness, resource(f"urn:{name}", f"{name}:read", f"{name}:write"))
        async with harness.database.read() as tx:
            found = await harness.stores.resources.named(tx, ["urn:c", "urn:x", "urn:a"])
        assert [(one.identifier, len(one.scopes)) for one in found] == [("urn:a", 2), ("urn:c", 2)]

    async def test_terms_are_replaced_and_what_names_it_stays(self, harness: IdpStoresHarness) -> None:
        resources = harness.stores.resources
        await add(harness, resource(TAX, "tax:read", "tax:write"))
        await written(harness, lambda tx: resources.change_status(tx, TAX, ResourceStatus.DISABLED))
        changed = resource(TAX, "tax:file", "tax:read", access_token_format=AccessTokenFormat.OPAQUE)
        assert await written(harness, lambda tx: resources.replace(tx, changed))
        assert not await written(harness, lambda tx: resources.replace(tx, resource(LAND)))
        async with harness.database.read() as tx:
            found = await resources.get(tx, TAX)
        assert found == dataclasses.replace(changed, status=ResourceStatus.DISABLED)
        assert await add(harness, resource(LAND, "tax:write")), "a scope that was given up is free"

    async def test_status_changes(self, harness: IdpStoresHarness) -> None:
        resources = harness.stores.resources
        await add(harness, resource())
        assert await written(harness, lambda tx: resources.change_status(tx, TAX, ResourceStatus.DISABLED))
        assert not await written(harness, lambda tx: resources.change_status(tx, LAND, ResourceStatus.DISABLED))
        async with harness.database.read() as tx:
            found = await resources.get(tx, TAX)
        assert found is not None
        assert found.status is ResourceStatus.DISABLED

    async def test_words_are_found_by_scope(self, harness: IdpStoresHarness) -> None:
        await add(harness, resource(TAX, "tax:read", "tax:write"))
        async with harness.database.read() as tx:
            found = await harness.stores.resources.scope_words(tx, ["tax:read", "openid"])
        assert found == {"tax:read": Text("做 tax:read", "Do tax:read")}


class ResourceStoresContention:
    """Many at once."""

    async def test_of_many_who_add_it_one_does(self, harness: IdpStoresHarness) -> None:
        done = await at_once(*(add(harness, resource(TAX, f"s{number}:read")) for number in range(10)))
        assert done.count(True) == 1

    async def test_of_many_who_claim_a_scope_one_gets_it(self, harness: IdpStoresHarness) -> None:
        done = await at_once(*(add(harness, resource(f"urn:{number}", "shared")) for number in range(10)))
        assert done.count(True) == 1
