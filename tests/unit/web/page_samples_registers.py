"""Samples of the page of a register: tried dry, with rows at fault and names that others know otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Mark
from api.web.views.imports import Bar, Choice, FaultLine, ImportView
from certstore.bulk.difference_words import DIFFERENCES, told_difference
from certstore.bulk.fault_words import named
from certstore.bulk.model import DifferenceKind
from core.text import Text
from tests.unit.web.page_samples import HOUSING, POLICE

_OWN, _OFFICE, _IDENTITY = DifferenceKind.OWN, DifferenceKind.OFFICE, DifferenceKind.IDENTITY
TRIED = ImportView(
    looked_at="2026-11-26T02:00:00+00:00",
    id="imp_1",
    name="不动产登记簿 2019.csv",
    type_name=Text("不动产权证书", "Real estate certificate"),
    mark=Mark("good", "check", Text("试导入已完成", "dry run done")),
    dry=True,
    rows=1_204_318,
    seen=1_204_318,
    kept=1_180_232,
    faulty=24_086,
    unchanged=0,
    done_width="100%",
    faulty_width="2.00%",
    header=("姓名", "身份证号"),
    choices=[Choice("holder_name", Text("持证主体", "Holder"), True, "姓名")],
    steps=["start"],
    again=None,
    faults=[FaultLine(51, [named("citizen-id-check")])],
    coverage=[Bar(Text("持证主体", "Holder"), 1_201_000, "99.72%")],
    kinds=[Bar(named("citizen-id-check"), 24_086, "2.00%")],
    identifiers=[],
    notes=[Bar(Text("已过有效期", "past the last day of validity"), 120, "0.01%")],
    differences=[
        Bar(DIFFERENCES[_OWN], 311, "0.03%"),
        Bar(DIFFERENCES[_OFFICE], 1_872, "0.16%"),
        Bar(DIFFERENCES[_IDENTITY], 940, "0.08%"),
    ],
    differing=[
        FaultLine(9, [told_difference(_OFFICE, POLICE)]),
        FaultLine(1_050, [told_difference(_IDENTITY, Text("", "")), told_difference(_OFFICE, HOUSING)]),
        FaultLine(1_204_001, [told_difference(_OWN, HOUSING)]),
    ],
    years=[Bar(Text("2019", "2019"), 1_204_318, "100%")],
)
SAMPLES: Mapping[str, tuple[str, object, str | None]] = {"register": ("import.html", TRIED, "office")}
