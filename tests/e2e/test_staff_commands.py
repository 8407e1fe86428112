"""`yizheng staff …` and `yizheng department …` as whoever runs the service uses them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from api.demo import city as cast
from api.journey.instance import Instance

pytestmark = pytest.mark.slow
SECTION, HOUSING, POLICE = cast.COUNTER_SECTION.code, cast.HOUSING.code, cast.POLICE.code


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance()
    try:
        made.command("migrate", "--demo")
        yield made
    finally:
        made.stop()


def refused(instance: Instance, *words: str) -> str:
    with pytest.raises(RuntimeError) as caught:
        instance.command(*words)
    return str(caught.value)


def test_roles_are_given_limited_taken_and_ended_by_a_leave(instance: Instance) -> None:
    rows = json.loads(instance.command("staff", "list", "--json"))
    clerk = next(row["account"] for row in rows if row["role"] == "clerk")
    shen = next(row["account"] for row in rows if row["role"] == "security-administrator")
    words = ("--licence-type", "T1", "--function", "licence:read", "--until", "2099-12-31")
    instance.command("staff", "assign", clerk, SECTION, "issuer", *words)
    below = json.loads(instance.command("staff", "list", "--department", HOUSING, "--json"))
    mine = next(row for row in below if row["department"] == SECTION)
    assert (mine["licence_types"], mine["functions"], mine["until"]) == ("T1", "licence:read", "2099-12-31")
    assert "three administrators" in refused(instance, "staff", "assign", shen, POLICE, "audit-administrator")
    assert "--until" in refused(instance, "staff", "assign", clerk, SECTION, "clerk", "--until", "tomorrow")
    assert "no such role" in refused(instance, "staff", "assign", clerk, SECTION, "king").lower()
    instance.command("staff", "remove", clerk, SECTION, "issuer")
    assert "does not have the role" in refused(instance, "staff", "remove", clerk, SECTION, "issuer")
    held = sum(row["account"] == clerk for row in rows)
    assert f"roles ended: {held};" in instance.command("staff", "leave", clerk)
    assert clerk not in instance.command("staff", "list")
    assert "whole" in instance.command("audit", "verify")


def test_departments_are_listed_added_and_moved(instance: Instance) -> None:
    lines = instance.command("department", "list").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(SECTION))
    assert lines[at].startswith(f"{SECTION}    ")
    assert lines[at - 1].startswith(HOUSING), "right after the one above it"
    assert "is registered already" in refused(instance, "department", "add", SECTION, "科", "Section")
    instance.command("department", "move", SECTION, "--parent", POLICE)
    assert "below itself" in refused(instance, "department", "move", POLICE, "--parent", SECTION)
    assert instance.command("department", "move", SECTION).strip().endswith("at the top now")
