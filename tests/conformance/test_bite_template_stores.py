"""Stores of face templates broken on purpose: the contract must catch each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from certstore.stores.template_tables import face_template
from certstore.stores.templates import SqlTemplateStore
from certstore.templates.model import StoredTemplate
from core.db.database import ReadTx, WriteTx
from tests.conformance.certstore_stores_backends import sqlite
from tests.conformance.harness import Surroundings, failing
from tests.conformance.template_stores import CONTRACT, opening
from tests.support.clock import FakeClock


class Replaces(SqlTemplateStore):
    async def add(self, tx: WriteTx, template: StoredTemplate) -> bool:
        columns = face_template.c
        same = (columns.name == template.name) & (columns.version == template.version)
        await tx.connection.execute(delete(face_template).where(same))
        return await super().add(tx, template)


class TakesTheFirst(SqlTemplateStore):
    async def template(self, tx: ReadTx, name: str, version: int | None = None) -> StoredTemplate | None:
        return await super().template(tx, name, version or 1)


class SortsAsText(SqlTemplateStore):
    async def versions(self, tx: ReadTx, name: str, *, limit: int = 50) -> Sequence[StoredTemplate]:
        found = await super().versions(tx, name)
        return sorted(found, key=lambda one: str(one.version), reverse=True)[:limit]


class RoundsTheAnchor(SqlTemplateStore):
    async def add(self, tx: WriteTx, template: StoredTemplate) -> bool:
        anchor = replace(template.anchor, x_mm=float(round(template.anchor.x_mm)))
        return await super().add(tx, replace(template, anchor=anchor))


@pytest.mark.parametrize(
    ("broken", "only"),
    [
        (Replaces(), "test_a_version_is_never_replaced_and_the_unit_goes_on"),
        (Replaces(), "test_of_many_who_publish_a_version_one_is_first"),
        (TakesTheFirst(), "test_a_version_is_never_replaced_and_the_unit_goes_on"),
        (SortsAsText(), "test_lists_have_the_newest_of_each_and_all_of_one"),
        (RoundsTheAnchor(), "test_a_version_comes_back_as_it_was_to_another_worker"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, broken: SqlTemplateStore, only: str) -> None:
    opened = opening(sqlite, broken)
    assert await failing(CONTRACT, lambda: opened(Surroundings(tmp_path, clock)), only=only) == {only}
