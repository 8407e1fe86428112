"""The stores of people's keys on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores_backends import BACKENDS
from tests.conformance.key_stores import KeyStoresBasic, KeyStoresContention


@parametrised(BACKENDS)
class TestKeyStoresBasic(KeyStoresBasic):
    pass


@parametrised(BACKENDS)
class TestKeyStoresContention(KeyStoresContention):
    pass
