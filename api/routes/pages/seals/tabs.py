"""Which pages about seals somebody has."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request

from api.deps import container
from api.web.seal_words import Names
from api.web.views.seals import SealTabs
from api.web.visitor import SEAL_APPROVER, SEAL_MANAGER, SEALER, Visitor, permitted
from signing.model import RequestState

SEALS = "/office/seals"
REQUESTS = "/office/seal-requests"
LEDGER = f"{SEALS}/ledger"


async def somebody_with_seals(request: Request) -> Visitor:
    """Whoever uses seals, looks after them, or reviews what is done with them."""
    return await permitted(request, SEALER, SEAL_MANAGER, SEAL_APPROVER)


async def somebody_in_charge(request: Request) -> Visitor:
    """Whoever looks after seals, or reviews what is done with them."""
    return await permitted(request, SEAL_MANAGER, SEAL_APPROVER)


def in_charge(who: Visitor) -> bool:
    return who.principal.may(SEAL_MANAGER) or who.principal.may(SEAL_APPROVER)


async def tabs_of(request: Request, who: Visitor, here: str) -> SealTabs:
    """With how many requests wait for this very person."""
    waiting = 0
    if who.principal.may(SEAL_APPROVER):
        found = await container(request).signing.uses.requests.page(actor=who.principal, state=RequestState.OPEN)
        own = (who.principal.kind.value, who.principal.id)
        waiting = sum((one.requester_kind, one.requester) != own for one in found.items)
    return SealTabs(here, in_charge(who), who.principal.may(SEALER) or who.principal.may(SEAL_APPROVER), waiting)


async def colleagues(request: Request, who: Visitor, accounts: Iterable[str]) -> Names:
    """Names of those among `accounts` who work for the visitor's own office."""
    return await container(request).idp.directory.colleagues(who.principal.organisation or "", accounts)
