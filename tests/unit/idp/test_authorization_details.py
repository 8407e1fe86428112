"""Authorization details: read strictly, narrowed and never widened (RFC 9396 §2, §5, §6)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from idp.errors import InvalidAuthorizationDetails
from idp.protocol.authorization_details import MOST_DETAILS, details_at, narrowed_details, parse_details
from idp.protocol.detail_types import DETAIL_TYPES

TITLE_DEED = "11100000MB0342408G001"
MARRIAGE = "11100000000013127D002"
COPY: dict[str, Any] = {
    "type": "licence_copy",
    "licence_types": [TITLE_DEED, MARRIAGE],
    "service_item": "0105-001",
    "purpose": "申请公租房",
    "valid_days": 10,
}
SEAL: dict[str, Any] = {"type": "seal_sign", "seal": "4101990000001", "document_title": "购房合同", "signatures": 3}
ALL = frozenset(DETAIL_TYPES)


def parsed(*details: object, allowed: frozenset[str] = ALL) -> tuple[Any, ...]:
    return tuple(parse_details(json.dumps(list(details)), allowed))


@pytest.mark.parametrize("name", sorted(DETAIL_TYPES))
def test_every_type_is_a_schema_with_words_for_each_of_its_members(name: str) -> None:
    one = DETAIL_TYPES[name]
    Draft202012Validator.check_schema(one.schema)
    assert {member.name for member in one.members} == set(one.schema["properties"]) - {"type"}
    assert all(text.zh and text.en for text in (one.title, one.consequence, *(each.label for each in one.members)))


def test_details_of_registered_types_are_read_as_they_are() -> None:
    assert parsed(COPY, SEAL) == (COPY, SEAL)
    assert parse_details(None, ALL) == ()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "not json",
        "{}",
        "[]",
        "[1]",
        '["licence_copy"]',
        "[{}]",
        '[{"type": 7}]',
        '[{"type": ["licence_copy"]}]',
        '[{"type": "unknown"}]',
        json.dumps([COPY] * (MOST_DETAILS + 1)),
        json.dumps([COPY])[:-2] + ', "type": "seal_sign"}]',  # a member twice
        "[" * 10_000,
        '[{"type": "licence_copy", "valid_days": 1e999}]',
    ],
)
def test_whatever_is_not_a_list_of_such_objects_is_refused(value: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        parse_details(value, ALL)


@pytest.mark.parametrize(
    "changes",
    [
        {"licence_types": []},
        {"licence_types": [TITLE_DEED, TITLE_DEED]},
        {"licence_types": TITLE_DEED},
        {"licence_types": ["x"]},
        {"licence_types": [TITLE_DEED + "\n"]},
        {"purpose": ""},
        {"purpose": "line\nbreak"},
        {"purpose": "ends with one\n"},
        {"purpose": "\u202eturned"},
        {"purpose": "half \ud800 a character"},
        {"purpose": "a \x00 in it"},
        {"purpose": "x" * 201},
        {"service_item": None},
        {"valid_days": 0},
        {"valid_days": 31},
        {"valid_days": True},
        {"valid_days": 1.5},
        {"locations": ["no uri"]},
        {"unknown": 1},
    ],
)
def test_what_the_schema_does_not_allow_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidAuthorizationDetails) as refused:
        parsed(COPY | changes)
    assert "turned" not in str(refused.value), "values belong in no message"
    assert refused.value.description.isascii()


@pytest.mark.parametrize("missing", ["licence_types", "service_item", "purpose"])
def test_a_missing_member_is_refused(missing: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        parsed({name: value for name, value in COPY.items() if name != missing})


def test_a_type_that_the_client_is_not_registered_for_is_refused() -> None:
    assert parsed(COPY, allowed=frozenset({"licence_copy"})) == (COPY,)
    with pytest.raises(InvalidAuthorizationDetails):
        parsed(COPY, SEAL, allowed=frozenset({"licence_copy"}))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"licence_types": [MARRIAGE]},
        {"licence_types": [MARRIAGE, TITLE_DEED]},
        {"valid_days": 1},
        {"case_number": "A-1"},  # a limit more
        {"locations": ["https://copies.example.test"]},
    ],
)
def test_fewer_shorter_and_further_limits_are_narrower(changes: dict[str, object]) -> None:
    assert narrowed_details([COPY | changes], [SEAL, COPY]) == (COPY | changes,)


@pytest.mark.parametrize(
    ("granted", "asked"),
    [
        (COPY, COPY | {"licence_types": [TITLE_DEED, "11100000MB0342408G003"]}),
        (COPY, COPY | {"valid_days": 11}),
        (COPY, {name: value for name, value in COPY.items() if name != "valid_days"}),  # a limit less
        (COPY, COPY | {"purpose": "别的用途"}),
        (COPY, COPY | {"service_item": "0105-002"}),
        (COPY | {"locations": ["https://a.example.test"]}, COPY | {"locations": ["https://b.example.test"]}),
        (COPY | {"locations": ["https://a.example.test"]}, COPY),
        (COPY, SEAL),
        (SEAL, SEAL | {"seal": "4101990000002"}),
    ],
)
def test_o_16_whatever_is_wider_is_refused(granted: dict[str, Any], asked: dict[str, Any]) -> None:
    assert narrowed_details([granted], [granted]) == (granted,)  # the legitimate twin
    with pytest.raises(InvalidAuthorizationDetails):
        narrowed_details([asked], [granted])


def test_nothing_asked_is_everything_granted_and_nothing_granted_gives_nothing() -> None:
    assert narrowed_details([], [COPY, SEAL]) == (COPY, SEAL)
    assert narrowed_details([], []) == ()
    with pytest.raises(InvalidAuthorizationDetails):
        narrowed_details([COPY], [])


def test_a_detail_with_locations_counts_there_only() -> None:
    here, anywhere = COPY | {"locations": ["https://a.example.test"]}, SEAL
    assert details_at({"https://a.example.test"}, [here, anywhere]) == (here, anywhere)
    assert details_at({"https://b.example.test"}, [here, anywhere]) == (anywhere,)
