"""Samples of the catalogue's pages: types, one type, service items, face templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from api.web.life_diagram import diagram
from api.web.schema_table import rows_of, values_of_schema
from api.web.views.catalogue import (
    EventBox,
    FieldRow,
    TemplateEditorView,
    TemplateRow,
    TemplatesView,
    TypeRow,
    TypesView,
    TypeView,
    VersionRow,
)
from api.web.views.catalogue_bundle import BundleView, ChangeRow, Compared, DifferenceRow
from api.web.views.catalogue_items import (
    Box,
    ConditionRow,
    GrantFormView,
    GrantRow,
    ItemCard,
    ItemFormView,
    ItemsView,
    MaterialFormView,
    MaterialRow,
)
from api.web.views.common import Mark
from certstore.lifecycle import Event
from core.text import Text

DEED = Text("不动产权证书", "Real estate certificate")
IN_USE = Mark("good", "check", Text("在用", "in use"))
CODE = "11410199DEMA00001W001"
SCHEMA = {
    "type": "object",
    "properties": {
        "location": {
            "type": "string",
            "maxLength": 200,
            "x-face": {"zh": "坐落", "en": "Location", "mask": "address", "code": "KZ_ZL"},
        },
        "ownership": {
            "type": "string",
            "enum": ["单独所有", "共同共有"],
            "x-face": {"zh": "共有情况", "en": "Ownership", "code": "KZ_GYQK"},
        },
    },
    "required": ["location"],
    "additionalProperties": False,
}
VALUES = {
    "name_zh": DEED.zh,
    "name_en": DEED.en,
    "issuers": "11410199DEMA00025B",
    "validity": "years",
    "amount": "3",
    "sharing": "consent",
    "file_forms": "pdf",
    "template": "certificate",
    "numbering": "示〔{year}〕{serial:6}号",
    "months": "12",
    "window": "60",
    "several_holders": "1",
    "schema": "{}",
    "holder_kind": "person",
    "colour": "pine",
    **values_of_schema(SCHEMA),
}
VERSIONS = (VersionRow(2, "2026-11-26", "certificate", True), VersionRow(1, "2026-01-31", "permit", False))
TYPE = TypeView(
    f"/office/types/{CODE}",
    CODE,
    DEED,
    2,
    IN_USE,
    (FieldRow(Text("坐落", "Location"), "KZ_ZL", Text("文字", "text"), Text("遮地址", "as an address"), True),),
    VERSIONS,
    {
        "template": (("certificate", "certificate"), ("own@1", "own@1")),
        "validity": (("years", "若干年"),),
        "sharing": (("consent", "本人同意"),),
        "file_forms": (("pdf", "PDF"), ("ofd", "OFD"), ("both", "PDF 和 OFD")),
        "holder_kind": (("person", "自然人"), ("thing", "物")),
        "colour": (("pine", "松绿"), ("plum", "梅紫")),
        "kind": (("text", "文字"), ("date", "日期"), ("choice", "从几项里选")),
        "mask": (("none", "不遮"), ("address", "遮地址")),
    },
    (
        EventBox("issue", Text("颁发", "issue"), True, False, False),
        EventBox("revoke", Text("吊销", "revoke"), True, True, True),
    ),
    diagram(None, frozenset({Event.ISSUE, Event.REVOKE})),
    VALUES,
    rows_of(VALUES),
)
ITEM = ItemCard(
    "/office/items/410199-ZF-0207",
    "410199-ZF-0207",
    Text("公共租赁住房资格申请", "Application for public rental housing"),
    "示例市住房保障局",
    (
        MaterialRow(1, DEED, (DEED,), (Text("面积 不低于 50 m²", "Floor area must be at least 50 m²"),)),
        MaterialRow(2, Text("单位收入证明", "Statement of income"), (), ()),
    ),
    (
        GrantRow(
            "/office/items/1/grants/O/T",
            "示例市住房保障局",
            DEED,
            Text("3 项", "3"),
            Text("长期", "open"),
            Text("每小时 30 次，每天 200 次", "30 an hour, 200 a day"),
        ),
    ),
    1,
    "/office/items?item=410199-ZF-0207&cursor=c",
)
EDITOR = TemplateEditorView(
    "/office/templates/own",
    "own",
    False,
    2,
    18_000,
    (("", "示例证照"), (CODE, DEED.zh)),
    {"title_zh": "自编", "title_en": "Own", "source": "#face.title", "x_mm": "152", "y_mm": "233", "page": "1"},
    None,
    "/office/templates/own/sample",
    VERSIONS,
)
WRONG = Text("不对。", "Wrong.")
RENTAL = Text("公共租赁住房资格申请", "Application for public rental housing")
THE_ITEM = ItemFormView(
    action="/office/items/1",
    item=RENTAL,
    values={"name_zh": RENTAL.zh, "name_en": RENTAL.en, "department": "11410199DEMA00025B"},
    error=None,
    error_field="",
    code="410199-ZF-0207",
    seen="",
    materials=tuple((f"/office/items/1/materials/{one.number}", one) for one in ITEM.materials),
    note=Text("已登记。", "Registered."),
)
MATERIAL = MaterialFormView(
    action="/office/items/1/materials/1",
    item=RENTAL,
    values={"number": "1", "name_zh": DEED.zh},
    error=None,
    error_field="",
    back="/office/items/1",
    name=DEED,
    seen="",
    types=(Box(f"t.{CODE}", DEED, CODE, True),),
    rows=(ConditionRow(0, "area", "at-least", "50", ""), ConditionRow(1, "", "", "", "")),
    fields=(("area", "面积"),),
    comparisons=(("is", "等于"), ("at-least", "不低于")),
    of_types=(("", "每一种"), (CODE, DEED.zh)),
)
GRANT = GrantFormView(
    action="/office/items/1/grants/O/T",
    item=RENTAL,
    values={"basis": "示例办法第九条", "valid_from": "2026-11-26", "hourly": "30"},
    error=None,
    error_field="",
    type_name=DEED,
    types=(),
    organisation="示例市住房保障局",
    seen="0",
    fields=(Box("f.area", Text("面积", "Area"), "area", True),),
)
COMPARED = Compared(
    "/office/catalogue/t",
    "https://yizheng.example.gov.cn",
    "a" * 64,
    (
        DifferenceRow(
            Text("证照类型", "Licence type"),
            CODE,
            DEED,
            Mark("warn", "refresh", Text("有改动", "changes")),
            1,
            (ChangeRow(Text("编号规则", "numbering"), "旧{serial:6}", "新{serial:6}"), ChangeRow(WRONG, "1", None)),
            True,
        ),
    ),
    1,
    False,
)
SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
    "types-of-somebody-with-many-duties": (
        "catalogue_types.html",
        TypesView((TypeRow(f"/office/types/{CODE}", DEED, CODE, "pine", 2, 3, 5, IN_USE),)),
        "many duties",
    ),
    "types": (
        "catalogue_types.html",
        TypesView((TypeRow(f"/office/types/{CODE}", DEED, CODE, "pine", 2, 3, 5, IN_USE),)),
        "administrator",
    ),
    "types-none": ("catalogue_types.html", TypesView(()), "administrator"),
    "type": ("catalogue_type.html", TYPE, "administrator"),
    "type-refused": (
        "catalogue_type.html",
        replace(TYPE, error=Text("编号规则不对。", "The pattern is wrong."), error_field="numbering"),
        "administrator",
    ),
    "type-new": ("catalogue_type.html", replace(TYPE, version=0, versions=(), fields=(), code=""), "administrator"),
    "item": ("catalogue_item.html", THE_ITEM, "administrator"),
    "item-new": (
        "catalogue_item.html",
        replace(THE_ITEM, item=None, code="", materials=(), note=None, error=WRONG, error_field="department"),
        "administrator",
    ),
    "material": ("catalogue_material.html", MATERIAL, "administrator"),
    "material-new": (
        "catalogue_material.html",
        replace(MATERIAL, name=None, error=WRONG, error_field="number"),
        "administrator",
    ),
    "grant": ("catalogue_grant.html", GRANT, "administrator"),
    "grant-new": (
        "catalogue_grant.html",
        replace(GRANT, organisation=None, error=WRONG, error_field="fields"),
        "administrator",
    ),
    "grant-type": (
        "catalogue_grant.html",
        replace(GRANT, type_name=None, types=(("/office/items/1/grants/new?type_code=T", DEED.zh, CODE),)),
        "administrator",
    ),
    "bundle": ("catalogue_bundle.html", BundleView(None, 8, error=WRONG, error_field="keys"), "administrator"),
    "bundle-compared": ("catalogue_bundle.html", BundleView(COMPARED, 8), "administrator"),
    "bundle-done": ("catalogue_bundle.html", BundleView(replace(COMPARED, done=True), 8), "administrator"),
    "items": ("catalogue_items.html", ItemsView((ITEM, replace(ITEM, code="2", grants=()))), "administrator"),
    "items-alone": (
        "catalogue_items.html",
        ItemsView((ITEM,), may_grant=True, first_href="/office/items?item=1", alone=True),
        "administrator",
    ),
    "items-none": ("catalogue_items.html", ItemsView(()), "administrator"),
    "face-templates": (
        "face_templates.html",
        TemplatesView(
            (TemplateRow("/office/templates/own", "own", Text("自编", "Own"), 2, "2026-11-26"),),
            (("/office/templates/new?from=permit", "permit"),),
            Text("已发布。", "Published."),
        ),
        "administrator",
    ),
    "face-templates-none": ("face_templates.html", TemplatesView((), ()), "administrator"),
    "face-template": ("face_template.html", EDITOR, "administrator"),
    "face-template-new": (
        "face_template.html",
        replace(EDITOR, new=True, before=0, versions=(), error=Text("第 3 行：错", "Line 3: wrong")),
        "administrator",
    ),
}
