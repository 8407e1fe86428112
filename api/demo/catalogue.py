"""Licence types and service items of the demo city (data only)."""

from __future__ import annotations

from api.demo.city import DATA_BUREAU, HOUSING, HRSS, POLICE
from certstore.conditions import Comparison, Condition
from certstore.definition import TypeDefinition
from certstore.lifecycle import Event
from certstore.model import (
    Colour,
    HolderKind,
    InspectionRule,
    LifeProfile,
    Material,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from core.text import Text


def _field(zh: str, en: str, code: str, *, mask: str = "none", unit: str = "", **rule: object) -> dict[str, object]:
    face = {"zh": zh, "en": en, "mask": mask, "code": code} | ({"unit": unit} if unit else {})
    return {"type": "string", "minLength": 1, "maxLength": 120, **rule, "x-face": face}


def _date(zh: str, en: str, code: str) -> dict[str, object]:
    return {"type": "string", "format": "date", "x-face": {"zh": zh, "en": en, "mask": "none", "code": code}}


def _schema(holder: Text, fields: dict[str, dict[str, object]], *optional: str) -> dict[str, object]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": fields,
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
        "x-holder": {"zh": holder.zh, "en": holder.en},
    }


PROPERTY = TypeDefinition(
    code=DATA_BUREAU.code + "207",
    name=Text("不动产权证书", "Real Estate Certificate"),
    issuers=(HOUSING.code,),
    holder_kind=HolderKind.PERSON,
    colour=Colour.PINE,
    schema=_schema(
        Text("权利人", "Owner"),
        {
            "location": _field("坐落", "Location", "KZ_ZL", mask="address"),
            "area": {
                "type": "number",
                "minimum": 0,
                "maximum": 1_000_000,
                "x-face": {"zh": "面积", "en": "Floor area", "mask": "none", "code": "KZ_MJ", "unit": "m²"},
            },
            "registered_on": _date("登记日期", "Registered on", "KZ_DJRQ"),
            "ownership": _field("共有情况", "Ownership", "KZ_GYQK", enum=["单独所有", "共同共有", "按份共有"]),
            "mortgage": _field("抵押情况", "Mortgage", "KZ_DYQK", mask="full"),
        },
        "mortgage",
    ),
    validity=ValidityRule(Validity.LONG_TERM),
    sharing=Sharing.CONSENT,
    template="certificate",
)
RESIDENCE = TypeDefinition(
    code=DATA_BUREAU.code + "103",
    name=Text("居住证", "Residence Permit"),
    issuers=(POLICE.code,),
    holder_kind=HolderKind.PERSON,
    colour=Colour.BLUE,
    schema=_schema(
        Text("姓名", "Name"),
        {
            "address": _field("居住地址", "Address", "KZ_JZDZ", mask="address"),
            "since": _date("居住登记日期", "Registered since", "KZ_DJRQ"),
            "household": _field("户籍所在地", "Household registration", "KZ_HJD", mask="address"),
        },
    ),
    validity=ValidityRule(Validity.YEARS, 1),
    sharing=Sharing.FUNCTION,
    template="permit",
    one_per_holder=True,
    inspection=InspectionRule(months=12, window_days=60),  # 签注
    profile=LifeProfile(two_people=frozenset({Event.WITHDRAW, Event.REVOKE})),
)
INSURANCE = TypeDefinition(
    code=DATA_BUREAU.code + "311",
    name=Text("社会保险缴费证明", "Social Insurance Payment Statement"),
    issuers=(HRSS.code,),
    holder_kind=HolderKind.PERSON,
    colour=Colour.OCHRE,
    schema=_schema(
        Text("参保人", "Insured person"),
        {
            "kinds": _field("参保险种", "Insurances", "KZ_CBXZ"),
            "months": {
                "type": "integer",
                "minimum": 0,
                "maximum": 720,
                "x-face": {
                    "zh": "连续缴费",
                    "en": "Paid without a gap",
                    "mask": "none",
                    "code": "KZ_LXJFYS",
                    "unit": "个月",
                },
            },
            "until": _date("数据截至", "Figures as of", "KZ_SJJZ"),
        },
    ),
    validity=ValidityRule(Validity.DAYS, 90),
    sharing=Sharing.FUNCTION,
    template="statement",
)
TYPES = (PROPERTY, RESIDENCE, INSURANCE)

RENTAL = ServiceItem(
    code="410199-ZF-0207",
    name=Text("公共租赁住房资格申请", "Application for public rental housing"),
    department=HOUSING.code,
    materials=(
        Material(1, Text("不动产权证书", "Real estate certificate"), (PROPERTY.code,)),
        Material(2, Text("居住证", "Residence permit"), (RESIDENCE.code,)),
        Material(
            3,
            Text("社会保险缴费证明", "Social insurance payment statement"),
            (INSURANCE.code,),
            Text("连续缴费满 12 个月", "paid for 12 months without a gap"),
            (Condition("months", Comparison.AT_LEAST, 12),),
        ),
        Material(
            4,
            Text("单位收入证明", "Statement of income from the employer"),
            (),
            Text("由用人单位开具", "made by the employer"),
        ),
    ),
)
SCHOOL = ServiceItem(
    code="410199-JY-0031",
    name=Text("随迁子女积分入学申请", "School place for children of migrant workers"),
    department=DATA_BUREAU.code,
    materials=(
        Material(1, Text("居住证", "Residence permit"), (RESIDENCE.code,)),
        Material(2, Text("社会保险缴费证明", "Social insurance payment statement"), (INSURANCE.code,)),
        Material(3, Text("户口簿", "Household register"), (), Text("带原件核对", "bring the original")),
    ),
)
ITEMS = (RENTAL, SCHOOL)

RENTAL_BASIS = "《示例市公共租赁住房管理办法》第九条（演示）"
SCHOOL_BASIS = "《示例市积分入学办法》第六条（演示）"
# (organisation, type, service item, fields, legal basis)
USES = (
    (HOUSING.code, PROPERTY.code, RENTAL.code, ("holder_name", "location", "area", "registered_on"), RENTAL_BASIS),
    (HOUSING.code, RESIDENCE.code, RENTAL.code, ("holder_name", "address", "since"), RENTAL_BASIS),
    (HOUSING.code, INSURANCE.code, RENTAL.code, ("holder_name", "months", "until"), RENTAL_BASIS),
    (DATA_BUREAU.code, RESIDENCE.code, SCHOOL.code, ("holder_name", "address", "since"), SCHOOL_BASIS),
    (DATA_BUREAU.code, INSURANCE.code, SCHOOL.code, ("holder_name", "months"), SCHOOL_BASIS),
)
