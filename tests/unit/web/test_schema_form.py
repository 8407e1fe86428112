"""The form for issuing follows the licence type's schema."""

from __future__ import annotations

import pytest

from api.demo.catalogue import INSURANCE, PROPERTY, RESIDENCE
from api.web.schema_form import face_data, form_fields
from certstore.schema import check_data


def test_one_field_for_each_property_in_the_schemas_order() -> None:
    fields = form_fields(PROPERTY.schema)
    assert [one.key for one in fields] == list(PROPERTY.schema["properties"])  # type: ignore[call-overload]  # a mapping
    by_name = {one.key: one for one in fields}
    assert by_name["area"].inputmode == "decimal"
    assert by_name["area"].hint is not None
    assert by_name["registered_on"].type == "date"
    assert [value for value, _ in by_name["ownership"].options] == ["单独所有", "共同共有", "按份共有"]
    assert (by_name["location"].required, by_name["mortgage"].required) == (True, False)


def test_typed_values_become_what_the_schema_wants() -> None:
    typed = {"data.kinds": "职工养老", "data.months": "31", "data.until": "2026-11-22"}
    data = face_data(INSURANCE.schema, typed)
    assert data == {"kinds": "职工养老", "months": 31, "until": "2026-11-22"}
    assert check_data(INSURANCE.schema, data) == data


def test_an_empty_field_is_left_out() -> None:
    assert face_data(RESIDENCE.schema, {"data.address": "", "data.since": "2021-03-02"}) == {"since": "2021-03-02"}


@pytest.mark.parametrize("typed", ["abc", "1e", "１２x", "--1"])
def test_what_is_not_a_number_is_left_to_the_schema_to_refuse(typed: str) -> None:
    from certstore.errors import DataInvalid

    data = face_data(INSURANCE.schema, {"data.kinds": "x", "data.months": typed, "data.until": "2026-11-22"})
    with pytest.raises(DataInvalid) as caught:
        check_data(INSURANCE.schema, data)
    assert caught.value.field == "months"


def test_nothing_but_the_schemas_fields_is_taken() -> None:
    assert face_data(RESIDENCE.schema, {"data.admin": "1", "holder_name": "x", "csrf": "y"}) == {}


@pytest.mark.parametrize("typed", ["nan", "inf", "-inf", "1e999"])
def test_no_number_that_json_cannot_hold(typed: str) -> None:
    from certstore.errors import DataInvalid

    data = face_data(
        PROPERTY.schema,
        {"data.location": "x", "data.area": typed, "data.registered_on": "2020-01-02", "data.ownership": "单独所有"},
    )
    with pytest.raises(DataInvalid):
        check_data(PROPERTY.schema, data)
