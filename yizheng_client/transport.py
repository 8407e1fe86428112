"""Sends requests, and sends them again where that can do no harm and may help."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import httpx

from yizheng_client.errors import Unreachable, refused

_LATER = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 30.0


class Transport:
    """
    Args:
        http: whose base address is the service's.
        tries: how often one request is sent at most.
        wait: seconds pass.
    """

    def __init__(self, http: httpx.Client, *, tries: int, wait: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._tries = tries
        self._wait = wait

    def send(self, build: Callable[[], httpx.Request], *, again: bool = True) -> httpx.Response:
        """A successful answer.

        Args:
            build: makes the request afresh for each try.
            again: whether the request may be sent twice: it changes nothing, or carries an `Idempotency-Key`.

        Raises:
            Refused: the service says no.
            Unreachable: it did not answer, or only that it cannot now.
        """
        tries = self._tries if again else 1
        for number in range(1, tries + 1):
            try:
                answer = self._http.send(build())
            except httpx.TransportError as error:
                if number == tries:
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
                self._wait(_pause(number))
                continue
            if answer.is_success:
                return answer
            if answer.status_code not in _LATER:
                raise refused(answer)
            if number == tries:
                raise Unreachable(str(refused(answer))) from None
            self._wait(_told(answer) or _pause(number))
        raise AssertionError("at least one try")

    def request(self, method: str, path: str, **options: object) -> httpx.Request:
        return self._http.build_request(method, path, **options)  # type: ignore[arg-type]  # httpx's own names


def _pause(number: int) -> float:
    """Longer each time, and never the same for two who failed together."""
    return min(_LONGEST_WAIT, 0.25 * (1 << number)) * (500 + secrets.randbelow(501)) / 1000


def _told(answer: httpx.Response) -> float | None:
    """RFC 9110 §10.2.3, in its form of seconds."""
    value = answer.headers.get("retry-after", "")
    return min(float(value), _LONGEST_WAIT) if value.isdecimal() else None
