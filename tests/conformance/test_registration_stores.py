"""The stores of `idp.clients.ports` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores_backends import BACKENDS
from tests.conformance.registration_stores import (
    RegistrationStoresBasic,
    RegistrationStoresContention,
    RegistrationStoresTransaction,
)


@parametrised(BACKENDS)
class TestRegistrationStoresBasic(RegistrationStoresBasic):
    pass


@parametrised(BACKENDS)
class TestRegistrationStoresTransaction(RegistrationStoresTransaction):
    pass


@parametrised(BACKENDS)
class TestRegistrationStoresContention(RegistrationStoresContention):
    pass
