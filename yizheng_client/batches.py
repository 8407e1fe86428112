"""Many files sealed alike: handed in, started, waited for, fetched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from yizheng_client.errors import Refused
from yizheng_client.files import file_part

_PATH = "/v1/signature-batches"
_MOST_FILES, _MOST_OCTETS = 50, 32_000_000  # of one request
_GOES_ON = frozenset({"running"})
_MOVED = "batch-state"
Ask = Callable[..., httpx.Response]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is.

    Attributes:
        state: `collecting`, `asked` (a second person decides), `running`, `halted`, `done`, `cancelled`, `refused`,
            `lapsed`.
        reason: why it was halted, in English; empty otherwise.
    """

    state: str
    waiting: int
    sealed: int
    refused: int
    cancelled: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """One file and what came of it.

    Attributes:
        state: `waiting`, `sealed`, `refused`, `cancelled`.
        code, text: why it was not sealed, and the remedy in English; empty otherwise.
    """

    id: str
    name: str = field(repr=False)
    state: str
    signature_id: str | None
    code: str
    text: str


class Batch:
    """A batch of this client's at the service. `Client.begin_batch` and `Client.batch` give it."""

    def __init__(self, ask: Ask, id: str) -> None:
        self._ask = ask
        self.id = id

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Hand files in, each under a name of its own; sent again, the same file is there once.

        Raises:
            Refused: e.g. `batch-file-name-taken`, `batch-full`, `batch-state`; what came before stays.
            Unreachable: the same call finds out.
        """
        for part in _parts(files):
            named = [("pdf", file_part(content, name)) for name, content in part]
            self._ask("POST", f"{_PATH}/{self.id}/files", files=named)

    def start(self) -> Progress:
        """Have the files sealed; once started, a second call changes nothing.

        Raises:
            Refused: e.g. `batch-empty`, `seal-not-active`.
            Unreachable
        """
        try:
            self._ask("POST", f"{_PATH}/{self.id}/start")
        except Refused as refusal:
            if refusal.code != _MOVED:
                raise
        return self.progress()

    def cancel(self) -> Progress:
        """What is sealed stays sealed; nothing more is."""
        self._ask("POST", f"{_PATH}/{self.id}/cancel")
        return self.progress()

    def progress(self) -> Progress:
        """How far it is now."""
        told = self._ask("GET", f"{_PATH}/{self.id}").json()
        counts, halted = told["counts"], told["halted"]
        return Progress(told["state"], **counts, reason=halted["text"]["en"] if halted else "")

    def wait(self, *, every: float = 1.0, told: Callable[[Progress], None] = lambda _: None) -> Progress:
        """Until nothing more happens by itself: it is done, halted, or waits for somebody.

        Args:
            every: seconds between two looks.
            told: hears of each look.
        """
        while True:
            progress = self.progress()
            told(progress)
            if progress.state not in _GOES_ON:
                return progress
            time.sleep(every)

    def files(self) -> Iterator[BatchFile]:
        """All of them, in their order."""
        cursor: str | None = None
        while True:
            query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
            page = self._ask("GET", f"{_PATH}/{self.id}/files", params=query).json()
            yield from map(_file, page["items"])
            if (cursor := page["next_cursor"]) is None:
                return

    def sealed(self, file: BatchFile) -> bytes:
        """A file that was sealed."""
        return self._ask("GET", f"{_PATH}/{self.id}/files/{file.id}/file").content


def begin(ask: Ask, fields: dict[str, Any], key: str) -> Batch:
    body = {name: value for name, value in fields.items() if value is not None}
    answer = ask("POST", _PATH, json=body, headers={"Idempotency-Key": key})
    return Batch(ask, str(answer.json()["id"]))


def _file(told: dict[str, Any]) -> BatchFile:
    fault = told["fault"]
    why = (fault["code"], fault["text"]["en"]) if fault else ("", "")
    return BatchFile(told["id"], told["name"], told["state"], told["signature"], *why)


def _parts(files: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    part: list[tuple[str, bytes]] = []
    octets = 0
    for name, content in files:
        if part and (len(part) == _MOST_FILES or octets + len(content) > _MOST_OCTETS):
            yield part
            part, octets = [], 0
        part.append((name, content))
        octets += len(content)
    if part:
        yield part
