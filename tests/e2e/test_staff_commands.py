"""`yizheng staff …` and `yizheng department …` as whoever runs the service uses them."""

from __future__ import annotations

import json

import pytest

from api.demo import city as cast
from api.journey.instance import Instance

pytestmark = pytest.mark.slow
SECTION, HOUSING, POLICE = cast.COUNTER_SECTION.code, cast.HOUSING.code, cast.POLICE.code


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


def test_rules_of_log_ins_are_set_replaced_and_taken_away(instance: Instance) -> None:
    demand = ("login-rule", "set", "client:portal-zwfw", "--acr", "urn:yizheng:loa:2")
    assert instance.command(*demand).strip() == "client:portal-zwfw: revision 1"
    assert instance.command(*demand).strip() == "client:portal-zwfw: revision 2"
    instance.command("login-rule", "set", "staff", "--refuse", "sms", "--refuse", "email")
    rules = {row["subject"]: row for row in json.loads(instance.command("login-rule", "list", "--json"))}
    assert (rules["client:portal-zwfw"]["demands"], rules["staff"]["refuses"]) == ("urn:yizheng:loa:2", "email sms")
    assert "no such method" in refused(instance, "login-rule", "set", "staff", "--refuse", "smoke")
    assert "removed" in instance.command("login-rule", "remove", "staff")
    assert "no such rule" in refused(instance, "login-rule", "remove", "staff")
    instance.command("login-rule", "remove", "client:portal-zwfw")


def test_an_organisation_is_shown_and_ended(instance: Instance) -> None:
    shown = instance.command("organisation", "show", SECTION)
    assert "acting for it: nobody" in shown
    assert "--on takes a day" in refused(
        instance, "organisation", "dissolve", SECTION, "--reference", "x", "--on", "tomorrow"
    )
    ended = instance.command("organisation", "dissolve", SECTION, "--reference", "2026-91", "--on", "2026-11-20")
    assert "dissolved" in ended
    assert "0 authorisations ended" in ended
    assert "no such organisation" in refused(instance, "organisation", "show", "91410199DEMA000442")
