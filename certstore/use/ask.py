"""One question to the holder for everything that a case needs their consent for."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.consents import ConsentBundle, ConsentRequest, Consents
from certstore.model import Consent, ConsentState
from certstore.repository import Repository
from certstore.use.checks import CaseChecks
from certstore.use.model import CaseCheck
from certstore.use.ports import CheckStore
from core.errors import Conflict
from core.principal import Principal
from core.text import Text

Asked = Sequence[tuple[Consent, ConsentState]]
_OVER = (ConsentState.REFUSED, ConsentState.WITHDRAWN, ConsentState.EXPIRED)


class AskForCase:
    """Asks, and tells what became of it."""

    def __init__(self, repository: Repository, checks: CaseChecks, store: CheckStore, consents: Consents) -> None:
        self._repository = repository
        self._checks = checks
        self._store = store
        self._consents = consents

    async def __call__(
        self, check_id: str, actor: Principal, *, days: int = 30, uses: int | None = None
    ) -> ConsentBundle:
        """Put the question; while one is open, or was answered with a yes, that one is the answer.

        Raises:
            NotFound: `check-not-found`.
            Conflict: `nothing-to-ask`, or `question-moved` when a colleague asked at the same moment.
            InvalidInput, NotPermitted: as `certstore.consents.Consents.request` does.
        """
        check = await self._checks.find(check_id, actor)
        if not check.to_ask:
            raise Conflict(
                "nothing-to-ask",
                Text(
                    "核对时没有须征得同意的材料。情况有变的，请重新核对。",
                    "No material needed consent when it was checked. If that has changed, check again.",
                ),
            )
        earlier = await self.states(check)
        if any(state not in _OVER for _, state in earlier):
            return ConsentBundle(check.bundle or "", [consent for consent, _ in earlier])
        asked = self._request(check, days, uses)
        bundle = await self._consents.request_all(asked, check.to_ask, actor)
        async with self._repository.database.write() as tx:
            if not await self._store.put_question(tx, check.id, bundle.id, before=check.bundle):
                raise Conflict(
                    "question-moved",
                    Text(
                        "刚有同事问过申请人，请重新打开。", "A colleague has just asked the applicant. Open it again."
                    ),
                )
            await tx.commit()
        return bundle

    async def states(self, check: CaseCheck) -> Asked:
        """What the holder has decided so far; nothing where nothing was asked."""
        if check.bundle is None:
            return []
        async with self._repository.database.read() as tx:
            found = await self._repository.consents.of_bundle(tx, check.bundle)
        now, today = self._repository.now(), self._repository.today()
        return [(one, one.state_at(now, today)) for one in found]

    @staticmethod
    def _request(check: CaseCheck, days: int, uses: int | None) -> ConsentRequest:
        purpose = check.purpose
        return ConsentRequest(
            type_code="",
            service_item=purpose.service_item or "",
            case_number=purpose.case_number or "",
            basis=purpose.basis or "",
            code_type=check.holder.kind,
            code=check.holder.number,
            days=days,
            uses=uses,
        )
