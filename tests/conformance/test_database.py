"""Units of work, the audit log and idempotency keys over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.audit import AuditBasic, AuditContention, AuditTransaction
from tests.conformance.audit_change import AuditChangeBasic, AuditChangeContention, AuditChangeTransaction
from tests.conformance.database import DatabaseBasic, DatabaseContention, DatabaseTransaction
from tests.conformance.database_backends import BACKENDS
from tests.conformance.database_quick import QuickBasic, QuickContention, QuickTransaction
from tests.conformance.harness import parametrised
from tests.conformance.idempotency import IdempotencyBasic, IdempotencyContention, IdempotencyTransaction


@parametrised(BACKENDS)
class TestDatabaseBasic(DatabaseBasic):
    pass


@parametrised(BACKENDS)
class TestDatabaseTransaction(DatabaseTransaction):
    pass


@parametrised(BACKENDS)
class TestDatabaseContention(DatabaseContention):
    pass


@parametrised(BACKENDS)
class TestAuditBasic(AuditBasic):
    pass


@parametrised(BACKENDS)
class TestAuditTransaction(AuditTransaction):
    pass


@parametrised(BACKENDS)
class TestAuditContention(AuditContention):
    pass


@parametrised(BACKENDS)
class TestAuditChangeBasic(AuditChangeBasic):
    pass


@parametrised(BACKENDS)
class TestAuditChangeTransaction(AuditChangeTransaction):
    pass


@parametrised(BACKENDS)
class TestAuditChangeContention(AuditChangeContention):
    pass


@parametrised(BACKENDS)
class TestIdempotencyBasic(IdempotencyBasic):
    pass


@parametrised(BACKENDS)
class TestIdempotencyTransaction(IdempotencyTransaction):
    pass


@parametrised(BACKENDS)
class TestIdempotencyContention(IdempotencyContention):
    pass


@parametrised(BACKENDS)
class TestQuickBasic(QuickBasic):
    pass


@parametrised(BACKENDS)
class TestQuickTransaction(QuickTransaction):
    pass


@parametrised(BACKENDS)
class TestQuickContention(QuickContention):
    pass
