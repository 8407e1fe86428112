"""`keys.x509.ports.CertificateStore` and `ListStore` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.certificates import (
    CertificateStoreBasic,
    CertificateStoreContention,
    CertificateStoreTransaction,
    ListStoreContract,
)
from tests.conformance.certificates_backends import BACKENDS
from tests.conformance.harness import parametrised


@parametrised(BACKENDS)
class TestCertificateStoreBasic(CertificateStoreBasic):
    pass


@parametrised(BACKENDS)
class TestCertificateStoreTransaction(CertificateStoreTransaction):
    pass


@parametrised(BACKENDS)
class TestCertificateStoreContention(CertificateStoreContention):
    pass


@parametrised(BACKENDS)
class TestListStore(ListStoreContract):
    pass
