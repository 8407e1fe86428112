"""`keys.trust.ports.TrustStore` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.trust_store import TrustStoreBasic, TrustStoreContention
from tests.conformance.trust_store_backends import BACKENDS


@parametrised(BACKENDS)
class TestTrustStoreBasic(TrustStoreBasic):
    pass


@parametrised(BACKENDS)
class TestTrustStoreContention(TrustStoreContention):
    pass
