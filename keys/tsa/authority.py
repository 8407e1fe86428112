"""The time-stamping authority: a request in, an answer out, whatever the request is (RFC 3161 §2)."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter

from core.clock import Clock
from core.errors import AppError, Unavailable
from core.text import Text
from keys.der import oid
from keys.ports import Signer
from keys.spec import ALGORITHMS
from keys.tsa.errors import AuthorityBusy, Failure, RequestRefused, TimeNotAvailable
from keys.tsa.ports import ClockCheck, Issued, IssueLog
from keys.tsa.request import TimestampRequest, read_request
from keys.tsa.response import write_granted, write_rejection
from keys.tsa.serials import Serials
from keys.tsa.units import TimestampUnit, TimestampUnits

_log = logging.getLogger(__name__)

_POLICY = Text("不支持所要求的时间戳策略。", "The policy that was asked for is not supported.")
_NO_KEY = Text("时间戳密钥暂不可用，没有签发时间戳。", "The time-stamp key is not available; no time-stamp was issued.")
_BROKEN = Text("我们这边出了错，没有签发时间戳。", "Something broke on our side; no time-stamp was issued.")


class TimestampAuthority:
    """Answers requests with tokens of its units.

    Args:
        policy: dotted object identifier of the one policy under which it issues.
        accuracy: how far the clock may be off; also how far it may step back before nothing is issued any more.
        waiting: how many requests may wait for slow keys at the same time.
    """

    def __init__(
        self,
        units: TimestampUnits,
        serials: Serials,
        clock: Clock,
        *,
        policy: str,
        accuracy: dt.timedelta,
        clock_check: ClockCheck,
        log: IssueLog,
        waiting: int = 64,
    ) -> None:
        self._units = units
        self._serials = serials
        self._clock = clock
        self._policy = oid(policy)
        self._accuracy = accuracy
        self._clock_check = clock_check
        self._issue_log = log
        self._places = waiting
        self._latest = dt.datetime.min.replace(tzinfo=dt.UTC)
        self.answered: Counter[str] = Counter()
        """How many answers this worker has given, by `granted` or the name of the failure."""

    async def answer(self, request: bytes) -> bytes:
        """The TimeStampResp to a TimeStampReq; a rejection for whatever cannot be granted. Never raises."""
        try:
            response = write_granted(await self._token(read_request(request)))
        except RequestRefused as refused:
            return self._rejection(refused.failure, refused.text)
        except TimeNotAvailable as fault:
            _log.error("no time-stamp is issued: %s", fault.private)
            return self._rejection(Failure.TIME_NOT_AVAILABLE, fault.text)
        except AppError as error:
            _log.error("no time-stamp is issued: %s", error.private or error.code)
            return self._rejection(Failure.SYSTEM_FAILURE, error.text)
        except Exception as error:  # whatever broke, the requester is told in the protocol; its text may quote values
            _log.error("no time-stamp is issued: %s", type(error).__name__)
            return self._rejection(Failure.SYSTEM_FAILURE, _BROKEN)
        self.answered["granted"] += 1
        return response

    def _rejection(self, failure: Failure, text: Text) -> bytes:
        self.answered[failure.name.lower().replace("_", "-")] += 1
        return write_rejection(failure, text)

    async def _token(self, request: TimestampRequest) -> bytes:
        if request.policy not in (None, self._policy):
            raise RequestRefused(Failure.UNACCEPTED_POLICY, _POLICY)
        failed: Unavailable | None = None
        for unit in await self._units.usable():
            serial = await self._serials.take()
            try:
                token = await self._sign(unit, request, serial)
            except TimeNotAvailable:
                raise
            except Unavailable as error:  # its device is gone: another unit may be well, and the number is lost
                _log.warning("the time-stamp key %s does not answer: %s", unit.purpose, error.private)
                failed = error
                continue
            self._issue_log.issued(Issued(serial, unit.purpose, request.imprint))
            return token
        raise failed or Unavailable("timestamp-key-missing", _NO_KEY, private="no time-stamp unit may sign")

    async def _sign(self, unit: TimestampUnit, request: TimestampRequest, serial: int) -> bytes:
        """The time is taken right before the key is used."""
        if not _slow(unit.writer.signer):
            return unit.writer.token(request, serial=serial, moment=self._time())
        if self._places == 0:
            raise AuthorityBusy
        self._places -= 1
        try:
            return await asyncio.to_thread(unit.writer.token, request, serial=serial, moment=self._time())
        finally:
            self._places += 1

    def _time(self) -> dt.datetime:
        """
        Raises:
            TimeNotAvailable: the clock does not follow UTC, or has stepped back further than the accuracy.
        """
        if (fault := self._clock_check.fault()) is not None:
            raise TimeNotAvailable(fault)
        now = self._clock.now()
        if now + self._accuracy < self._latest:
            raise TimeNotAvailable("the clock has stepped back behind the last time that was certified")
        self._latest = max(self._latest, now)
        return now


def _slow(signer: Signer) -> bool:
    """Whether a signature would hold up the event loop: a device, or RSA with its milliseconds."""
    return signer.blocking or ALGORITHMS[signer.algorithm].key_type == "RSA"
