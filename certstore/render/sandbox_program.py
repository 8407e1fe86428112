"""Sets faces by templates that administrators wrote; a program of its own, so that a template harms nothing but itself.

Reads requests from standard input and writes answers to standard output, each a record with its length (4 bytes, big
endian) first: a request is JSON with `source`, `inputs`, `format` and `made_at`; an answer is one byte, `+` or `-`,
and the file, or JSON with `line` and `message`. Run by `certstore.render.sandbox`; imports nothing of ours on purpose.

Once the fonts are loaded the program gives up the right to open anything: no file and no connection can be had from
inside a template, whatever it says (packages are connections). Memory is limited by the kernel, time by the caller.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import struct
import sys
import tempfile
from typing import Any

import typst

_MEMORY = 1536 * 1024 * 1024
_MOST = 4 * 1024 * 1024  # of one file
_PPI = 80
_WARM_UP = (
    '#text(font: "Noto Serif SC")[一A]#text(font: "Noto Sans SC")[一A]#text(font: "Noto Serif CJK SC")[一]'
    '#text(font: "Noto Sans SC", weight: 700)[一A]#text(font: "Noto Serif SC", weight: 700)[一A]'
)
_PLACE = re.compile(r"__typst_py_bytes__\.typ:(\d+):")


def main(fonts: list[str]) -> None:
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=fonts)
    with tempfile.TemporaryDirectory() as nothing:
        compiler = typst.Compiler(root=nothing, font_paths=found)
        compiler.compile(input=_WARM_UP.encode(), format="pdf")
        compiler.compile(input=_WARM_UP.encode(), format="png")
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.stdout.buffer.write(struct.pack(">I", 0))  # ready: what comes before is not the template's time
    sys.stdout.buffer.flush()
    while (head := sys.stdin.buffer.read(4)) and len(head) == 4:
        (length,) = struct.unpack(">I", head)
        answer = _answer(compiler, json.loads(sys.stdin.buffer.read(length)))
        sys.stdout.buffer.write(struct.pack(">I", len(answer)) + answer)
        sys.stdout.buffer.flush()


def _answer(compiler: typst.Compiler, request: dict[str, Any]) -> bytes:
    picture = request["format"] == "png"
    try:
        made: Any = compiler.compile(
            input=request["source"].encode(),
            format="png" if picture else "pdf",
            sys_inputs=request["inputs"],
            timestamp=dt.datetime.fromisoformat(request["made_at"]),
            **({"ppi": _PPI} if picture else {"pdf_standards": "a-3b"}),
        )
    except typst.TypstError as error:
        place = _PLACE.search(error.diagnostic or "")
        return _refusal(int(place.group(1)) if place else 0, str(error))
    content = made[0] if isinstance(made, list) else made
    return b"+" + content if len(content) <= _MOST else _refusal(0, "too large")


def _refusal(line: int, message: str) -> bytes:
    return b"-" + json.dumps({"line": line, "message": message[:300]}).encode()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1:])
