"""The register of protected resources on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores_backends import BACKENDS
from tests.conformance.resource_stores import ResourceStoresBasic, ResourceStoresContention


@parametrised(BACKENDS)
class TestResourceStoresBasic(ResourceStoresBasic):
    pass


@parametrised(BACKENDS)
class TestResourceStoresContention(ResourceStoresContention):
    pass
