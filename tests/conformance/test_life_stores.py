"""The stores of `certstore.life.ports` on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.life_stores import BACKENDS, LifeStoresBasic, LifeStoresContention


@parametrised(BACKENDS)
class TestLifeStoresBasic(LifeStoresBasic):
    pass


@parametrised(BACKENDS)
class TestLifeStoresContention(LifeStoresContention):
    pass
