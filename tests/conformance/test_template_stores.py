"""The store of face templates on SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.harness import parametrised
from tests.conformance.template_stores import BACKENDS, TemplateStoreBasic, TemplateStoreContention


@parametrised(BACKENDS)
class TestTemplateStoreBasic(TemplateStoreBasic):
    pass


@parametrised(BACKENDS)
class TestTemplateStoreContention(TemplateStoreContention):
    pass
