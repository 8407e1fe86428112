"""Identifiers of ours have one form; what stands in an address instead may be anything, and is not kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import NotPermitted
from core.identifiers.uscc import is_uscc
from core.ids import is_id, new_id
from core.principal import Principal, PrincipalKind
from tests.support.clock import FakeClock
from tests.support.idp_world import embedded_world, organisation_code

NOT_OURS = ("", "acc_", "金丝雀甲乙", "410199197606187718", "acc_" + "l" * 26)


def test_what_has_the_form_of_an_identifier() -> None:
    made = new_id(FakeClock(), "acc")
    assert is_id(made)
    for other in (*NOT_OURS, made + "\n", made.upper()):
        assert not is_id(other)
    assert is_uscc(organisation_code(1))
    for other in (*NOT_OURS, organisation_code(1).lower(), organisation_code(1) + " "):
        assert not is_uscc(other)


async def test_l_13_a_refusal_keeps_nothing_of_an_address_but_identifiers(tmp_path: Path, clock: FakeClock) -> None:
    async with embedded_world(tmp_path, clock) as world:
        nobody = Principal(PrincipalKind.PERSON, world.lin.account_id)
        for subject in (*NOT_OURS, world.zhao.account_id):
            with pytest.raises(NotPermitted):
                await world.idp.persons.close(subject, "2026-91", nobody)
        kept = [row.content.get("subject") for row in await world.audit()][-len(NOT_OURS) - 1 :]
        assert kept == [None] * len(NOT_OURS) + [world.zhao.account_id]
