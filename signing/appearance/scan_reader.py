"""Scanned impressions of seals: cleaned in a process with limits on time and memory, refused in clear words."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import LimitExceeded
from core.text import Text
from signing.appearance.trace import InkMap
from signing.errors import SealInvalid, busy

MOST_BYTES = 16 * 1024 * 1024
_PROGRAM = Path(__file__).with_name("scan_program.py")
_TIMEOUT = 25.0
_WAITING = 16
_MOST_SIDE = 640  # as the program makes it
_INCH = 25.4


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in a scan.

    Attributes:
        measured_mm: how wide the impression is on its paper; None where the picture does not say how fine it is.
        before: a small JPEG of what was cropped, made anew: nothing else of the file is left in it.
    """

    ink: InkMap = field(repr=False)
    measured_mm: float | None
    before: bytes = field(repr=False)


class ReadScan:
    """Finds the red impression in a picture and frees it from its paper."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(2)  # it takes a core; the rest of the service wants one as well
        self._waiting = 0

    async def __call__(self, content: bytes, *, is_round: bool = True) -> Scan:
        """
        Args:
            content: PNG, JPEG or WebP as it was uploaded.
            is_round: the impression is a circle: it must be whole, and what lies outside is cut off.

        Raises:
            SealInvalid: `seal-scan-…`: the picture cannot be read, or is too poor for a seal.
            core.errors.LimitExceeded: `too-large`, `busy`.
        """
        if len(content) > MOST_BYTES:
            size = MOST_BYTES // 1024 // 1024
            text = Text("扫描件超过 {n} MB，没有处理。", "The scan is larger than {n} MB and was not looked at.")
            raise LimitExceeded("too-large", text.format(n=size))
        if self._waiting >= _WAITING:
            raise busy()
        self._waiting += 1
        try:
            async with self._turns:
                answer = await _run(json.dumps({"round": is_round}).encode() + b"\n" + content)
        finally:
            self._waiting -= 1
        return _scan(answer)


async def _run(asked: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(_PROGRAM),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(asked), _TIMEOUT)
    except TimeoutError:
        out = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out


def _scan(answer: bytes) -> Scan:
    line, _, rest = answer.partition(b"\n")
    facts: Mapping[str, Any] = json.loads(line) if line else {"refused": "unreadable"}
    if "refused" in facts:
        raise scan_refused(str(facts["refused"]))
    width, height, shown = int(facts["width"]), int(facts["height"]), int(facts["shown"])
    if not (0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE and len(rest) == width * height + shown):
        raise scan_refused("unreadable")
    dots = float(facts["dots"])
    measured = round(float(facts["across"]) / dots * _INCH, 1) if dots else None
    return Scan(InkMap(width, height, rest[: width * height]), measured, rest[width * height :])


def scan_refused(why: str) -> SealInvalid:
    """
    Args:
        why: as `signing.appearance.scan_program` says it.
    """
    return SealInvalid(f"seal-scan-{why}", _WHY[why], field="scan")


_WHY: Mapping[str, Text] = {
    "unreadable": Text(
        "这个文件打不开。请选一张 PNG、JPEG 或 WebP 图片，四千万像素以内。",
        "The file cannot be opened. Choose one PNG, JPEG or WebP picture of at most 40 million pixels.",
    ),
    "no-red": Text(
        "没有找到红色的印迹。请用彩色方式扫描红色印章，纸要白。",
        "No red impression was found. Scan a red impression on white paper, in colour.",
    ),
    "faint": Text(
        "印迹太淡，用不了。请蘸足印泥重新盖一枚再扫描。",
        "The impression is too faint. Make a fresh one with enough ink and scan it again.",
    ),
    "small": Text(
        "印迹的像素太少，放大会模糊。请用每英寸 300 点以上重新扫描。",
        "The impression has too few pixels. Scan it again with 300 dots to the inch or more.",
    ),
    "cut": Text(
        "印迹碰到了图片的边，可能不完整。请把整枚印章扫进去，四周留白。",
        "The impression touches the edge of the picture. Scan the whole of it with some paper around it.",
    ),
    "not-round": Text(
        "印迹不是圆的，可能拍歪了。请平放扫描；方章或椭圆章请不要选“圆章”。",
        "The impression is not round; it may be slanted. Scan it flat, or say that the seal is not a round one.",
    ),
    "broken": Text(
        "印章的外圈断得太多。请盖一枚完整清楚的再扫描。",
        "Too much of the outer ring is missing. Make a whole, clear impression and scan it again.",
    ),
}
