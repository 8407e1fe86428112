"""Sets reports with Typst as PDF/A-3b (ISO 19005-3), the report for machines attached.

What stands in strangers' files reaches Typst as JSON values in `sys.inputs`, never as source text. Characters that no
font here draws, and those that turn the direction of writing, are replaced: a name must not look like another.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import unicodedata
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst
from fontTools.ttLib import TTFont

from core.errors import Unavailable
from core.text import Text
from signing.reports.ports import ReportSetter

_TEMPLATES = Path(__file__).parent / "templates"
_UNKNOWN = "□"
_SPACES = {"\n": "\n", "\t": " ", "\r": ""}


class TypstReportSetter:
    """Implements `signing.reports.ports.ReportSetter`; one report at a time, fonts and compiler kept warm."""

    def __init__(self) -> None:
        self._turn = threading.Lock()

    def set(self, told: Mapping[str, Any], etsi: bytes, *, sealed: bool, made_at: dt.datetime) -> bytes:
        with self._turn:
            data = self._printable({**told, "sealed": sealed})
            try:
                made = self._compiler.compile(
                    input=_TEMPLATES / "report.typ",
                    format="pdf",
                    sys_inputs={"report": json.dumps(data, ensure_ascii=False), "etsi": etsi.decode()},
                    pdf_standards="a-3b",
                    timestamp=made_at.astimezone(dt.UTC).replace(microsecond=0),
                )
            except typst.TypstError as error:
                # its message may quote the file
                raise Unavailable(
                    "report-failed",
                    Text("报告没有排出来，请把请求编号报给管理员。", "The report could not be set; tell the operator."),
                    private=f"report: {len(error.trace)} frames",
                ) from None
        assert isinstance(made, bytes)
        return made

    @cached_property
    def _compiler(self) -> typst.Compiler:
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(Path(pylopdf_fonts_zh_cn.__path__[0]))],
        )
        return typst.Compiler(root=str(_TEMPLATES), font_paths=fonts)

    @cached_property
    def _drawn(self) -> frozenset[int]:
        """Code points that both typefaces have."""
        faces = (pylopdf_fonts_zh_cn.serif_path(), pylopdf_fonts_zh_cn.sans_path())
        known = []
        for path in faces:
            with TTFont(path, lazy=True) as font:
                known.append(frozenset(font.getBestCmap()))
        return known[0] & known[1]

    def _printable(self, value: Any) -> Any:
        if isinstance(value, str):
            return "".join(self._character(one) for one in value)
        if isinstance(value, Mapping):
            return {key: one if key == "svg" else self._printable(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._printable(one) for one in value]
        return value

    def _character(self, character: str) -> str:
        if character in _SPACES:
            return _SPACES[character]
        if unicodedata.category(character) in ("Cf", "Cc"):
            return ""
        return character if ord(character) in self._drawn else _UNKNOWN


_: type[ReportSetter] = TypstReportSetter
