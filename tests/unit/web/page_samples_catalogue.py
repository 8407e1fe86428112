"""Samples of the catalogue's pages: types, one type, service items, face templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from api.web.views.catalogue import (
    FieldRow,
    GrantRow,
    ItemCard,
    ItemsView,
    MaterialRow,
    TemplateEditorView,
    TemplateRow,
    TemplatesView,
    TypeRow,
    TypesView,
    TypeView,
    VersionRow,
)
from api.web.views.common import Mark
from core.text import Text

DEED = Text("不动产权证书", "Real estate certificate")
IN_USE = Mark("good", "check", Text("在用", "in use"))
CODE = "11410199DEMA00001W001"
VALUES = {
    "name_zh": DEED.zh,
    "name_en": DEED.en,
    "issuers": "11410199DEMA00025B",
    "validity": "years",
    "amount": "3",
    "sharing": "consent",
    "template": "certificate",
    "numbering": "示〔{year}〕{serial:6}号",
    "months": "12",
    "window": "60",
    "several_holders": "1",
    "schema": "{}",
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
    (("certificate", "certificate"), ("own@1", "own@1")),
    (("years", "若干年"),),
    (("consent", "本人同意"),),
    VALUES,
)
ITEM = ItemCard(
    "410199-ZF-0207",
    Text("公共租赁住房资格申请", "Application for public rental housing"),
    "示例市住房保障局",
    (
        MaterialRow(1, DEED, (DEED,), (Text("area 不低于 50", "area must be at least 50"),)),
        MaterialRow(2, Text("单位收入证明", "Statement of income"), (), ()),
    ),
    (
        GrantRow(
            "示例市住房保障局",
            DEED,
            Text("3 项", "3"),
            Text("长期", "open"),
            Text("每小时 30 次，每天 200 次", "30 an hour, 200 a day"),
        ),
    ),
    1,
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
SAMPLES: Mapping[str, tuple[str, object, str | None]] = {
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
    "items": ("catalogue_items.html", ItemsView((ITEM, replace(ITEM, code="2", grants=()))), "administrator"),
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
