"""The stores of `idp.ports` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.idp_stores import IdpStoresBasic, IdpStoresContention, IdpStoresTransaction
from tests.conformance.idp_stores_backends import BACKENDS


@parametrised(BACKENDS)
class TestIdpStoresBasic(IdpStoresBasic):
    pass


@parametrised(BACKENDS)
class TestIdpStoresTransaction(IdpStoresTransaction):
    pass


@parametrised(BACKENDS)
class TestIdpStoresContention(IdpStoresContention):
    pass
