"""GB/T 36903-2018 metadata as XML: the obligatory elements, the annotation elements, and strangers' documents."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from certstore.codes import CITIZEN_ID, CODE_TYPES, HolderCode, parse_holder_code
from certstore.metadata import (
    NAMESPACE,
    Annotation,
    Extension,
    HolderMetadata,
    LicenceMetadata,
    read_names,
    to_xml,
)
from core.errors import InvalidInput

IDENTIFIER = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
METADATA = LicenceMetadata(
    identifier=IDENTIFIER,
    type_name="居住证",
    type_code="11100000000013338W011",
    title="居住证",
    number='豫 <0001> & "一"',
    version="001",
    issuer_name="示例市公安局",
    issuer_code="11430000006122244L",
    authority="11100000000013338W",
    issued_on=dt.date(2026, 11, 23),
    holders=[
        HolderMetadata(CITIZEN_ID, "林知远", HolderCode(CITIZEN_ID, "410199198802291031")),
        HolderMetadata(CITIZEN_ID, None, None),
    ],
    valid_from=dt.date(2026, 11, 23),
    valid_until=None,
    extensions=[Extension("KZ_JZDZ", "居住地址", "𠮷㐂龘䶮路"), Extension("KZ_X", "其他", None)],
)
NOTE = Annotation(
    "cop_1",
    dt.datetime(2026, 11, 23, 1, 42, tzinfo=dt.UTC),
    "示例市住房保障局",
    "公租房（GZF-1）",
    dt.date(2026, 12, 23),
)
MANDATORY = ["ZZBS", "ZZLXMC", "ZZLXDM", "ZZMC", "ZZBH", "ZZBBH", "ZZBFJG", "ZZBFJGDM", "ZZBFRQ"]


def elements(content: bytes) -> dict[str, str]:
    root = ElementTree.fromstring(content)
    return {child.tag.removeprefix(f"{{{NAMESPACE}}}"): child.text or "" for child in root}


def test_the_obligatory_elements_are_there_in_the_standards_forms() -> None:
    found = elements(to_xml(METADATA))
    assert set(MANDATORY) <= set(found)
    assert (found["ZZBS"], found["ZZBFRQ"], found["ZZYXQJZRQ"]) == (IDENTIFIER, "20261123", "长期")
    assert found["ZZBH"] == '豫 <0001> & "一"'


def test_each_holder_is_a_group_and_what_is_withheld_says_so() -> None:
    root = ElementTree.fromstring(to_xml(METADATA))
    groups = root.findall(f"{{{NAMESPACE}}}CZ")
    rows = [[child.text for child in group] for group in groups]
    assert rows == [
        ["林知远", "410199198802291031", "公民身份号码", "111"],
        ["不提供", "不提供", "公民身份号码", "111"],
    ]
    assert [node.text for node in root.findall(f"{{{NAMESPACE}}}KZ")] == ["𠮷㐂龘䶮路", "不提供"]


def test_annotation_elements_stand_in_copies_and_never_in_an_original() -> None:
    assert not [name for name in elements(to_xml(METADATA)) if name.startswith("JZJ")]
    found = elements(to_xml(replace(METADATA, annotation=NOTE)))
    assert found["JZJZZSJ"] == "2026-11-23T09:42:00+08:00"
    assert (found["JZJZZZ"], found["JZJZZSY"]) == ("示例市住房保障局", "公租房（GZF-1）")
    assert found["JZJYXQJZSJ"] == "2026-12-23T23:59:59+08:00"


def test_names_are_read_back() -> None:
    names = read_names(to_xml(replace(METADATA, annotation=NOTE)))
    assert names is not None
    assert (names.identifier, names.copy_id) == (IDENTIFIER, "cop_1")


BOMB = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
XXE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
OURS = f'<Licence xmlns="{NAMESPACE}"><ZZBS>'.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<Licence><ZZBS>1</ZZBS></Licence>",
        BOMB + OURS + b"&b;</ZZBS></Licence>",
        XXE + OURS + b"&x;</ZZBS></Licence>",
        OURS + b"1.2",
        OURS + b"</ZZBS></Licence>",
        b"<a>" * 10_000,
        OURS + b"1" * 300_000 + b"</ZZBS></Licence>",
        (XXE.replace(b"?>", b' encoding="utf-16"?>') + OURS + b"&x;</ZZBS></Licence>").decode().encode("utf-16"),
    ],
)
def test_a_strangers_document_is_not_read(content: bytes) -> None:
    assert read_names(content) is None


def test_annex_a_codes_are_111_and_001() -> None:
    assert CODE_TYPES["111"].name.zh == "公民身份号码"
    assert CODE_TYPES["001"].name.zh == "统一社会信用代码"
    today = dt.date(2026, 11, 23)
    assert parse_holder_code("111", "４１０１９９ 19880229 1031", today=today).number == "410199198802291031"
    for kind, number in (
        ("111", "410199198802291032"),
        ("001", "11430000006122244M"),
        ("414", "E@1"),
        ("990", "E7654321"),
    ):
        with pytest.raises(InvalidInput) as raised:
            parse_holder_code(kind, number, today=today)
        assert number not in str(raised.value)
