"""`keys.tsa.ports.SerialStore` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.tsa_serials import SerialStoreBasic, SerialStoreContention
from tests.conformance.tsa_serials_backends import BACKENDS


@parametrised(BACKENDS)
class TestSerialStoreBasic(SerialStoreBasic):
    pass


@parametrised(BACKENDS)
class TestSerialStoreContention(SerialStoreContention):
    pass
