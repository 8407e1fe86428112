"""Schemas, validity, status by date, masking, version hashes, faces: the parts without a database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from certstore.catalogue import validity_of
from certstore.face import breakable, plain
from certstore.history import GENESIS, VersionFacts, version_hash
from certstore.lifecycle import Event, State
from certstore.masking import mask
from certstore.model import LicenceChange, LicenceVersion, Masking, Validity, ValidityRule
from certstore.render.guilloche import rosette
from certstore.schema import check_data, face_fields
from certstore.status import Status, status_on
from core.errors import InvalidInput
from core.principal import PrincipalKind
from tests.support.certstore_world import HOUSE, PROPERTY_TYPE, face, schema

GOOD = schema({"a": face("甲", "A", "KZ_A")})


def test_a_schema_within_the_profile_gives_its_fields_in_order() -> None:
    names = [one.name for one in face_fields(PROPERTY_TYPE.schema)]
    assert names == ["location", "area", "registered_on", "ownership", "mortgage"]


@pytest.mark.parametrize(
    "wrong",
    [
        GOOD | {"$ref": "http://169.254.169.254/"},
        GOOD | {"additionalProperties": True},
        GOOD | {"type": "array"},
        GOOD | {"allOf": [{}]},
        GOOD | {"required": ["b"]},
        GOOD | {"x-holder": "权利人"},
        schema({}),
        schema({"a": face("甲", "A", "KZ_A", pattern="(a+)+$")}),
        schema({"a": {"$ref": "http://169.254.169.254/"}}),
        schema({"a": {"type": "object", "x-face": face("甲", "A", "KZ_A")["x-face"]}}),
        schema({"a": {"type": "string"}}),
        schema({"a": face("甲", "A", "ZZBS")}),
        schema({"a": face("甲", "A", "KZ_A"), "b": face("乙", "B", "KZ_A")}),
        schema({"a": face("甲", "A", "KZ_A", mask="none-such")}),
        schema({"a": face("甲", "A", "KZ_A", minLength="x")}),
        schema({"holder_name": face("甲", "A", "KZ_A")}),
        schema({"名": face("甲", "A", "KZ_A")}),
        schema({f"f{n}": face("甲", "A", f"KZ_{n}") for n in range(61)}),
    ],
)
def test_a_schema_outside_the_profile_is_refused(wrong: dict[str, Any]) -> None:
    face_fields(GOOD)
    with pytest.raises(InvalidInput) as raised:
        face_fields(wrong)
    assert raised.value.code == "schema-invalid"


def test_the_fields_of_a_schema_are_its_own_however_often_they_are_asked_for() -> None:
    rule = {"type": "integer", "x-face": {"zh": "甲", "en": "A", "code": "KZ_A"}}
    other = {"type": "integer", "x-face": {"zh": "乙", "en": "B", "code": "KZ_B"}}
    one = GOOD | {"properties": {"a": rule, "b": other}, "required": []}
    turned = GOOD | {"properties": {"b": other, "a": rule}, "required": []}
    large = GOOD | {"properties": {"a": rule | {"maximum": 2**70}}, "required": []}
    for _ in range(2):
        assert [field.name for field in face_fields(one)] == ["a", "b"]
        assert [field.name for field in face_fields(turned)] == ["b", "a"]
        assert [field.title.zh for field in face_fields(large)] == ["甲"]
        with pytest.raises(InvalidInput):
            face_fields(one | {"required": ["c"]})


def test_data_are_checked_and_the_value_is_never_told() -> None:
    assert check_data(PROPERTY_TYPE.schema, HOUSE) == HOUSE
    for wrong in ({**HOUSE, "location": "x" * 2001}, {**HOUSE, "area": "秘密"}, [], {**HOUSE, "秘密": 1}):
        with pytest.raises(InvalidInput) as raised:
            check_data(PROPERTY_TYPE.schema, wrong)
        assert "秘密" not in str(raised.value) + raised.value.text.zh + (raised.value.field or "")


@pytest.mark.parametrize(
    ("rule", "start", "until"),
    [
        (ValidityRule(Validity.YEARS, 1), dt.date(2026, 11, 23), dt.date(2027, 11, 22)),
        (ValidityRule(Validity.YEARS, 1), dt.date(2028, 2, 29), dt.date(2029, 2, 28)),
        (ValidityRule(Validity.YEARS, 4), dt.date(2028, 2, 29), dt.date(2032, 2, 28)),
        (ValidityRule(Validity.DAYS, 1), dt.date(2026, 12, 31), dt.date(2026, 12, 31)),
        (ValidityRule(Validity.DAYS, 90), dt.date(2026, 11, 23), dt.date(2027, 2, 20)),
        (ValidityRule(Validity.LONG_TERM), dt.date(2026, 11, 23), None),
    ],
)
def test_the_last_day_is_counted_with_the_first(rule: ValidityRule, start: dt.date, until: dt.date | None) -> None:
    assert validity_of(rule, start, None) == until
    with pytest.raises(InvalidInput):
        validity_of(rule, start, dt.date(2050, 1, 1))


def version(number: int, start: dt.date, until: dt.date | None) -> LicenceVersion:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return LicenceVersion("lic_1", number, "", "", 1, "", (), {}, moment, start, until, GENESIS, GENESIS)


def change(sequence: int, event: Event, state: State, at: str, of: int = 1) -> LicenceChange:
    moment = dt.datetime.fromisoformat(at)
    return LicenceChange(sequence, event, state, of, moment, PrincipalKind.CLIENT, "c", None)


def test_was_it_valid_on_a_day() -> None:
    versions = [
        version(1, dt.date(2026, 2, 1), dt.date(2026, 3, 31)),
        version(2, dt.date(2026, 4, 10), dt.date(2026, 12, 31)),
    ]
    history = [
        change(1, Event.ISSUE, State.VALID, "2026-01-15T10:00:00+08:00"),
        change(2, Event.RENEW, State.VALID, "2026-04-10T09:00:00+08:00", 2),
        change(3, Event.SUSPEND, State.SUSPENDED, "2026-06-01T09:00:00+08:00", 2),
        change(4, Event.RESUME, State.VALID, "2026-06-11T09:00:00+08:00", 2),
        change(5, Event.REVOKE, State.REVOKED, "2026-08-01T00:30:00+08:00", 2),
    ]
    told = {
        "2026-01-14": Status.NOT_ISSUED,
        "2026-01-15": Status.NOT_YET_VALID,
        "2026-02-01": Status.VALID,
        "2026-03-31": Status.VALID,
        "2026-04-01": Status.EXPIRED,
        "2026-04-10": Status.VALID,
        "2026-06-05": Status.SUSPENDED,
        "2026-06-11": Status.VALID,
        "2026-07-31": Status.VALID,  # 00:30 on 1 August in Shanghai is still July in UTC
        "2026-08-01": Status.REVOKED,
        "2027-05-01": Status.REVOKED,
    }
    for day, status in told.items():
        assert status_on(history, versions, dt.date.fromisoformat(day)) is status, day


def test_masks_hide_what_they_say() -> None:
    assert mask("林知远", Masking.NAME) == "林**"
    assert mask("E12345678", Masking.CODE) == "E1*****78"
    assert mask("12345", Masking.CODE) == "******"
    assert mask("抵押", Masking.FULL) == "******"
    assert mask("住宅", Masking.NONE) == "住宅"


def test_a_versions_hash_binds_every_fact_and_the_version_before() -> None:
    facts = VersionFacts("lic_1", 1, "id", "type", 1, "2026-01-01", "", "f" * 64)
    hashes = {version_hash(facts, GENESIS), version_hash(facts, bytes([1]) * 32)}
    for name, value in {
        "licence_id": "lic_2",
        "number": 2,
        "identifier": "x",
        "type_code": "x",
        "type_version": 2,
        "valid_from": "2026-01-02",
        "valid_until": "2027-01-01",
        "file": "e" * 64,
    }.items():
        hashes.add(version_hash(replace(facts, **{name: value}), GENESIS))
    assert len(hashes) == 10


def test_values_become_text_without_exponents_and_long_runs_can_break() -> None:
    assert [plain(value) for value in (True, 1e-7, 12345678901234567890, 56.4, "x")] == [
        "是",
        "0.0000001",
        "12345678901234567890",
        "56.4",
        "x",
    ]
    assert breakable("A" * 60).replace("\u200b", "") == "A" * 60
    assert "\u200b" in breakable("A" * 60)
    assert breakable("示例市 18 号") == "示例市 18 号"


def test_the_guilloche_is_the_same_each_time_and_follows_its_colour() -> None:
    assert rosette("#174c3e") == rosette("#174c3e")
    assert rosette("#2c4a70") == rosette("#174c3e").replace("#174c3e", "#2c4a70")
