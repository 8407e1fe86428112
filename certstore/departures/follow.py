"""Follows reports of deaths: what the dead allowed ends, and their issuers see which licences to cancel.

行政许可法 §70: a licence given to a person is cancelled (注销) when the person has died. Whether it is, is for the
issuing authority to decide: a house does not cease to be registered, and heirs may need the certificate under the law.
What the person allowed ends with them, shares and consents, and so do entrustments, those that they held too (民法典
Art. 173(4)). A report that was a mistake takes the licences off the list; consents are given anew.
"""

from __future__ import annotations

from certstore.departures.ports import DepartureStore, Report, ReportSource
from certstore.entrust.model import EndReason
from certstore.entrust.ports import EntrustmentStore
from certstore.model import ConsentState
from certstore.ports import HolderDirectory, HolderIdentity
from certstore.repository import Repository
from certstore.shares.ports import ShareStore
from certstore.statistics.ports import StatisticStore
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.principal import SYSTEM

POSITION = "deaths"
_PART = 1000
_PAGE = 100
_RUNS = (Status.VALID, Status.NOT_YET_VALID, Status.SUSPENDED)


class FollowDeaths:
    """The job; what a part leads to and the position stand or fall together, so that each report is followed once."""

    def __init__(
        self,
        repository: Repository,
        source: ReportSource,
        store: DepartureStore,
        positions: StatisticStore,
        shares: ShareStore,
        holders: HolderDirectory,
        entrustments: EntrustmentStore,
    ) -> None:
        self._repository = repository
        self._source = source
        self._store = store
        self._positions = positions
        self._shares = shares
        self._holders = holders
        self._entrustments = entrustments

    async def __call__(self) -> int:
        """How many reports were followed."""
        count = 0
        while (followed := await self._step()) is not None:
            count += followed
        return count

    async def _step(self) -> int | None:
        repository, now = self._repository, self._repository.now()
        async with repository.database.read() as tx:
            position = await self._positions.position(tx, POSITION)
            reports, last = await self._source.part(tx, int(position or 0), limit=_PART)
        if last <= int(position or 0):
            return None
        # before the unit: the directory looks in transactions of its own
        people = [(one, await self._holders.of_account(one.account_id)) for one in reports]
        async with repository.database.write() as tx:
            if not await self._positions.move(tx, POSITION, position, str(last), now):
                return None  # another worker is at it
            for report, identity in people:
                await self._follow(tx, report, identity)
            await tx.commit()
        return len(reports)

    async def _follow(self, tx: WriteTx, report: Report, identity: HolderIdentity | None) -> None:
        if report.died_on is None:
            taken = await self._store.take_back(tx, report.account_id)
            tx.audit(AuditEvent("departure.take-back", "done", SYSTEM, report.account_id, detail={"licences": taken}))
            return
        if identity is None:
            return
        listed = 0
        for code in identity.codes:
            for licence in await self._repository.licences.by_holder(tx, code):
                if status_today(licence, self._repository.today()) in _RUNS:
                    now = self._repository.now()
                    await self._store.add(tx, licence, account_id=report.account_id, died_on=report.died_on, now=now)
                    listed += 1
        detail: Detail = {"licences": listed, "ended": await self._end_what_was_allowed(tx, identity)}
        tx.audit(AuditEvent("departure.follow", "done", SYSTEM, report.account_id, detail=detail))

    async def _end_what_was_allowed(self, tx: WriteTx, identity: HolderIdentity) -> int:
        ended, now = 0, self._repository.now()
        for code in identity.codes:
            # before consents: the order in which an agent's deeds are locked
            ended += await self._entrustments.end_all(tx, code, reason=EndReason.DEATH, now=now)
            before = None
            while consents := await self._repository.consents.of_holder(tx, code, before=before, limit=_PAGE):
                for consent in consents:
                    if consent.state is ConsentState.GRANTED:
                        ended += await self._repository.consents.withdraw(tx, consent.id, now=now)
                before = consents[-1].id
            before = None
            while shares := await self._shares.of_holder(tx, code, before=before, limit=_PAGE):
                for share in shares:
                    ended += await self._shares.withdraw(tx, share.id)
                before = shares[-1].id
        return ended
