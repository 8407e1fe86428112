"""The stores of `idp.upstream.ports` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores_backends import BACKENDS
from tests.conformance.upstream_stores import UpstreamStoresBasic, UpstreamStoresContention, UpstreamStoresTransaction


@parametrised(BACKENDS)
class TestUpstreamStoresBasic(UpstreamStoresBasic):
    pass


@parametrised(BACKENDS)
class TestUpstreamStoresTransaction(UpstreamStoresTransaction):
    pass


@parametrised(BACKENDS)
class TestUpstreamStoresContention(UpstreamStoresContention):
    pass
