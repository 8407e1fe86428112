"""`certstore.ports` stores over SQLite and PostgreSQL: the contract at three strengths."""

from __future__ import annotations

from tests.conformance.certstore_stores import (
    CatalogueBasic,
    ConsentBasic,
    LicenceBasic,
    StoresContention,
    StoresTransaction,
)
from tests.conformance.certstore_stores_backends import BACKENDS
from tests.conformance.harness import parametrised


@parametrised(BACKENDS)
class TestCatalogueBasic(CatalogueBasic):
    pass


@parametrised(BACKENDS)
class TestLicenceBasic(LicenceBasic):
    pass


@parametrised(BACKENDS)
class TestConsentBasic(ConsentBasic):
    pass


@parametrised(BACKENDS)
class TestStoresTransaction(StoresTransaction):
    pass


@parametrised(BACKENDS)
class TestStoresContention(StoresContention):
    pass
