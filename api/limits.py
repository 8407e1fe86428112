"""How often one source may ask for what costs much and needs no log-in (attacks S-57, L-20)."""

from __future__ import annotations

import hashlib

from starlette.requests import Request

from api.deps import container, source_of
from core.errors import LimitExceeded
from core.text import Text

WINDOW_SECONDS = 60
_MOST_SOURCES = 100_000
_VERIFICATIONS = (
    "too-many-verifications",
    Text(
        "这个网络地址一分钟内验得太多了，文件没有看。请一分钟后再试。",
        "Too many verifications from this address in a minute; the file was not looked at. Try again later.",
    ),
)
_CONVERSIONS = (
    "too-many-conversions",
    Text(
        "这个网络地址一分钟内转换得太多了，文件没有转换。请一分钟后再试。",
        "Too many conversions from this address in a minute; the file was not converted. Try again later.",
    ),
)
_TEXT_SEARCHES = (
    "too-many-text-searches",
    Text(
        "这个网络地址一分钟内找得太多了，文件没有看。请一分钟后再试。",
        "Too many searches from this address in a minute; the file was not looked at. Try again later.",
    ),
)
_REPORTS = (
    "too-many-reports",
    Text(
        "这个网络地址一分钟内要的验真报告太多，没有出。请一分钟后再试。",
        "Too many reports asked for from this address in a minute; none was made. Try again later.",
    ),
)
_HOUR = 3600
_LARGE_FILES = (
    "too-many-large-files",
    Text(
        "您一小时内送来的大文件太多，这个没有收。请过一小时再送。",
        "You sent too many large files within an hour; this one was not taken. Try again in an hour.",
    ),
)
_TIMESTAMPS = (
    "too-many-timestamps",
    Text(
        "这个网络地址一分钟内请求的时间戳太多，没有签发。请一分钟后再试。",
        "Too many time-stamps from this address in a minute; none was issued. Try again later.",
    ),
)


_OCSP = (
    "too-many-status-requests",
    Text(
        "这个网络地址一分钟内查询证书状态太多。请一分钟后再试。",
        "Too many questions about certificates from this address in a minute. Try again later.",
    ),
)


async def limited_verification(request: Request) -> None:
    """Count one verification for the source.

    Raises:
        LimitExceeded: `too-many-verifications`.
    """
    most = container(request).ground.settings.verifications_per_minute
    await _count(request, "verify", most, _VERIFICATIONS)


async def limited_conversion(request: Request) -> None:
    """Count one conversion for the source; as many are allowed as verifications.

    Raises:
        LimitExceeded: `too-many-conversions`.
    """
    most = container(request).ground.settings.verifications_per_minute
    await _count(request, "convert", most, _CONVERSIONS)


async def limited_text_search(request: Request) -> None:
    """Count one search in a file for the source; as many are allowed as verifications.

    Raises:
        LimitExceeded: `too-many-text-searches`.
    """
    most = container(request).ground.settings.verifications_per_minute
    await _count(request, "find", most, _TEXT_SEARCHES)


async def limited_report(request: Request) -> None:
    """Count one report of a verification for the source: it costs a use of a seal.

    Raises:
        LimitExceeded: `too-many-reports`.
    """
    await _count(request, "report", container(request).ground.settings.reports_per_minute, _REPORTS)


async def limited_large_file(request: Request, caller: str) -> None:
    """Count one large file for whoever sends it.

    Raises:
        LimitExceeded: `too-many-large-files`.
    """
    settings = container(request).ground.settings
    who = hashlib.sha256(caller.encode()).hexdigest()[:32]
    if await container(request).ground.kv.incr(f"large-file/{who}", _HOUR) > settings.large_files_per_hour:
        code, text = _LARGE_FILES
        raise LimitExceeded(code, text, retry_after=_HOUR)


async def limited_timestamp(request: Request) -> None:
    """Count one time-stamp request for the source.

    Raises:
        LimitExceeded: `too-many-timestamps`.
    """
    most = container(request).ground.settings.timestamps_per_minute
    await _count(request, "timestamp", most, _TIMESTAMPS)


def limited_ocsp(request: Request) -> None:
    """Count one OCSP answer that has to be signed for the source. It costs this worker's time alone, and less than a
    look into a store, so each worker counts for itself.

    Raises:
        LimitExceeded: `too-many-status-requests`.
    """
    settings, clock = container(request).ground.settings, container(request).ground.clock
    windows: SourceWindows = request.app.state.ocsp_windows
    if windows.count(source_of(request), clock.now().timestamp()) > settings.ocsp_per_minute:
        code, text = _OCSP
        raise LimitExceeded(code, text, retry_after=WINDOW_SECONDS)


class SourceWindows:
    """How often each source came in the present minute; forgets everybody when the next one begins."""

    def __init__(self) -> None:
        self._window = 0
        self._counts: dict[str, int] = {}

    def count(self, source: str, now: float) -> int:
        """Count one more; how often the source came in this minute."""
        window = int(now // WINDOW_SECONDS)
        if window != self._window or len(self._counts) >= _MOST_SOURCES:
            self._window, self._counts = window, {}
        seen = self._counts[source] = self._counts.get(source, 0) + 1
        return seen


async def _count(request: Request, what: str, most: int, refusal: tuple[str, Text]) -> None:
    """The counter is one atomic increment in the short-lived store."""
    # the address itself is nobody's business in a store
    source = hashlib.sha256(source_of(request).encode()).hexdigest()[:32]
    if await container(request).ground.kv.incr(f"{what}/{source}", WINDOW_SECONDS) > most:
        code, text = refusal
        raise LimitExceeded(code, text, retry_after=WINDOW_SECONDS)
