"""`yizheng person …` on an instance of its own: find, freeze and propose; never a whole number, and no decision."""

from __future__ import annotations

import json

import pytest

from api.demo import city
from api.journey.instance import Instance

pytestmark = pytest.mark.slow


def found(instance: Instance, person: city.Person) -> dict[str, object]:
    words = ("person", "find", "--note", "called 12345", "--json")
    printed = instance.command(*words, stdin=f"{person.id_number}\n")
    assert person.id_number not in printed
    (row,) = json.loads(printed)
    return dict(row)


def test_an_account_is_found_frozen_and_in_use_again(instance: Instance) -> None:
    lin = found(instance, city.LIN)
    assert (lin["name"], lin["status"], lin["level"]) == ("林**", "active", 3)
    account = str(lin["account"])
    instance.command("person", "freeze", account, "--note", "called 12345")
    assert found(instance, city.LIN)["status"] == "frozen"
    with pytest.raises(RuntimeError, match="frozen"):
        instance.command("person", "freeze", account, "--note", "called 12345")
    instance.command("person", "unfreeze", account, "--note", "seen at a window")
    instance.command("person", "freeze", account, "--reason", "order", "--note", "file 12")
    with pytest.raises(RuntimeError, match="role"):
        instance.command("person", "unfreeze", account, "--note", "file 13")


def test_a_merge_is_proposed_and_waits(instance: Instance) -> None:
    stays, goes = (str(found(instance, one)["account"]) for one in (city.ZHAO, city.LIN))
    instance.command("person", "propose-merge", stays, goes, "--note", "the same person")
    (row,) = json.loads(instance.command("person", "proposals", "--json"))
    assert (row["kind"], row["account"], row["proposed_by"]) == ("merge", stays, "system")
    assert found(instance, city.ZHAO)["status"] == "active"
