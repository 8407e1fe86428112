"""Licences about things: a vehicle is found by its own number, and its owners keep all that holders have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certstore.codes import CODE_TYPES, ESTATE_UNIT, THING, VIN, Bearer, HolderCode, mask_code, usual_kind
from certstore.exemption import ExemptionQuery
from certstore.find import FindQuery
from certstore.lifecycle import State
from certstore.making import HolderInput
from certstore.model import HolderKind, Licence, Sharing
from certstore.search import SearchQuery
from core.errors import InvalidInput
from core.identifiers.things import parse_estate_unit, parse_vin
from core.principal import SYSTEM
from tests.support.certstore_world import (
    BASIS,
    CASE,
    CLERK,
    HOUSE,
    ITEM,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    PORTAL,
    PROPERTY,
    PROPERTY_TYPE,
    World,
)

VEHICLE = "1M8GDM9AXKP042788"
THE_VEHICLE = HolderInput(VIN, VEHICLE, "示例牌小型轿车", "thing")
THE_OWNER = HolderInput("111", LIN_NUMBER, LIN_NAME, "owner")


async def vehicle(city: World) -> Licence:
    """A vehicle's licence, of a type that is used by function."""
    about_things = replace(PROPERTY_TYPE, holder_kind=HolderKind.THING, sharing=Sharing.FUNCTION)
    await city.services.catalogue.register_type(about_things, SYSTEM)
    return await city.issue(PROPERTY, LAND_SYSTEM, HOUSE, holders=[THE_VEHICLE, THE_OWNER])


async def test_a_thing_is_found_by_its_number_and_by_its_owners(both_cities: World) -> None:
    city = both_cities
    licence = await vehicle(city)
    assert licence.state is State.VALID
    for kind, number in ((VIN, VEHICLE.lower()), ("111", LIN_NUMBER)):
        found = await city.services.find(FindQuery(holder_kind=kind, holder_code=number), LAND_SYSTEM)
        assert [one.id for one in found.items] == [licence.id]
        hits = await city.services.search(SearchQuery(kind, number, ITEM, CASE, BASIS, [PROPERTY]), CLERK)
        assert [one.id for one in hits] == [licence.id]
    mine = await city.services.my_licences(LIN)
    assert [list(one.holder_codes) for one in mine] == [["1M*************88", "410199 ******** 1031"]]
    elsewhere = await city.services.find(FindQuery(holder_kind=THING, holder_code=VEHICLE), LAND_SYSTEM)
    assert not elsewhere.items  # a number is of its kind
    assert VEHICLE not in repr(licence)


async def test_a_licence_about_a_thing_names_it_and_no_other_type_does(city: World) -> None:
    await vehicle(city)
    for holders in ([THE_OWNER], [replace(THE_VEHICLE, code=VEHICLE[:-1] + "9")], [THE_VEHICLE, THE_VEHICLE]):
        with pytest.raises(InvalidInput):
            await city.issue(PROPERTY, LAND_SYSTEM, HOUSE, holders=holders)
    for kind in (HolderKind.PERSON, HolderKind.ORGANISATION, HolderKind.EITHER):
        await city.services.catalogue.register_type(replace(PROPERTY_TYPE, holder_kind=kind), SYSTEM)
        with pytest.raises(InvalidInput, match="holder-kind-wrong"):
            await city.issue(PROPERTY, LAND_SYSTEM, HOUSE, holders=[THE_VEHICLE])


async def test_a_thing_neither_applies_nor_consents(city: World) -> None:
    await vehicle(city)
    with pytest.raises(InvalidInput, match="holder-is-a-thing"):
        await city.ask_consent(PORTAL, VEHICLE, code_type=VIN)
    with pytest.raises(InvalidInput, match="holder-is-a-thing"):
        await city.services.check_exemption(ExemptionQuery(ITEM, CASE, VIN, VEHICLE), CLERK)
    await city.check(CLERK)  # its owner does


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        (VEHICLE, VIN),
        ("410199001001GB00001F00010002", ESTATE_UNIT),
        (LIN_NUMBER, "111"),
        (LIN_NUMBER[:-1] + "0", "111"),  # a slip of the pen stays an identity number, and is told so
        (LIN_NUMBER[:-1], "111"),
        ("11410199DEMA000021", "001"),
        ("TC-2019-000418", THING),
    ],
)
def test_a_number_says_by_its_form_what_it_is_of(typed: str, kind: str) -> None:
    assert usual_kind(typed) == kind


def test_numbers_of_things_are_checked_and_masked() -> None:
    assert parse_vin("1m8gdm9axkp042788 ") == VEHICLE
    assert parse_vin("1" * 17) == "1" * 17
    for wrong in ("1M8GDM9A1KP042788", "1M8GDM9AXKP04278", "IM8GDM9AXKP042788", ""):
        with pytest.raises(InvalidInput, match="vin-invalid"):
            parse_vin(wrong)
    assert parse_estate_unit("410199 001001 gb00001 w00000000") == "410199001001GB00001W00000000"
    for wrong in ("410199001001GB00001X00000000", "410199001001AB00001W00000000", "4101990010"):
        with pytest.raises(InvalidInput, match="estate-unit-invalid"):
            parse_estate_unit(wrong)
    assert mask_code(HolderCode(ESTATE_UNIT, "410199001001GB00001W00000000")).startswith("41***")
    assert {row.bearer for row in CODE_TYPES.values()} == set(Bearer)
