"""`yizheng resource …` as an administrator uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from api.journey.instance import Instance

pytestmark = pytest.mark.slow

TAX = {
    "identifier": "https://tax.example.test/api",
    "name_zh": "税务接口",
    "name_en": "Tax API",
    "scopes": [{"name": "tax:read", "words_zh": "看您的纳税记录", "words_en": "See your tax records"}],
}
LAND = TAX | {
    "identifier": "https://land.example.test/api",
    "scopes": [{"name": "land:read", "words_zh": "看您的不动产", "words_en": "See your property"}],
    "access_token_format": "opaque",
}


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    made = Instance({"demo": "false"})
    try:
        made.command("migrate")
        yield made
    finally:
        made.stop()


def refused(instance: Instance, *words: str, stdin: str | None = None) -> str:
    with pytest.raises(RuntimeError) as caught:
        instance.command(*words, stdin=stdin)
    return str(caught.value)


def test_resources_are_added_listed_disabled_and_enabled(instance: Instance) -> None:
    printed = instance.command("resource", "add", "-", stdin=json.dumps([TAX, LAND], ensure_ascii=False))
    assert len(printed.splitlines()) == 2
    listed = instance.command("resource", "list").splitlines()
    assert [line.split() for line in listed] == [
        ["active", "opaque", LAND["identifier"], "land:read"],
        ["active", "jwt", TAX["identifier"], "tax:read"],
    ]
    assert instance.command("resource", "disable", str(TAX["identifier"])).startswith("disabled")
    assert instance.command("resource", "list").splitlines()[1].startswith("disabled")
    assert instance.command("resource", "enable", str(TAX["identifier"])).startswith("active")
    assert "whole" in instance.command("audit", "verify")


@pytest.mark.parametrize(
    "content", ["", "not json", "[1]", json.dumps(TAX | {"more": 1}), json.dumps(TAX | {"identifier": "/api"})]
)
def test_what_does_not_describe_a_resource_is_refused_in_one_line(instance: Instance, content: str) -> None:
    assert "yizheng:" in refused(instance, "resource", "add", "-", stdin=content)


def test_what_is_not_there_is_said(instance: Instance) -> None:
    assert "no such" in refused(instance, "resource", "disable", "urn:nothing").lower()
    assert "cannot read" in refused(instance, "resource", "add", "/nowhere/resources.json")
