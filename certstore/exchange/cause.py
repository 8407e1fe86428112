"""Why data are asked for, where a caller's interface knows only 申请事由 (useCause): the service item is found.

Attacks L-06: a use is for a service item and a case. Where an organisation's grants leave only one item for the type,
that one is meant; otherwise it must be named. The case must always be named.
"""

from __future__ import annotations

from dataclasses import dataclass

from certstore.authorise import acting_organisation
from certstore.errors import UseNotGranted
from certstore.exchange.ports import GrantedItems
from certstore.repository import Repository
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text


@dataclass(frozen=True, slots=True)
class Cause:
    """What a caller says.

    Attributes:
        item: code of the service item; None to take the only one that there is a grant for.
        text: 申请事由.
    """

    item: str | None
    case_number: str
    text: str


@dataclass(frozen=True, slots=True)
class KnownCause:
    """The same with its item."""

    item: str
    case_number: str
    text: str


class FindItem:
    """Completes what a caller says."""

    def __init__(self, repository: Repository, items: GrantedItems) -> None:
        self._repository = repository
        self._items = items

    async def __call__(self, cause: Cause, type_code: str, actor: Principal, *, granted: bool = True) -> KnownCause:
        """
        Args:
            granted: what is asked needs a grant.

        Raises:
            InvalidInput: `service-item-needed`, where the grants do not tell.
            NotPermitted: `use-not-granted`, where there is none.
        """
        if cause.item:
            return KnownCause(cause.item, cause.case_number, cause.text)
        organisation = acting_organisation(actor)
        async with self._repository.database.read() as tx:
            found = await self._items.of_type(tx, organisation, type_code, self._repository.today())
        if not found and granted:
            raise UseNotGranted
        if len(found) != 1:
            raise InvalidInput(
                "service-item-needed",
                Text(
                    "从使用授权看不出是哪个事项，请写明事项编码。",
                    "The grants of use do not tell which service item this is for. Name it.",
                ),
                field="item",
            )
        return KnownCause(found[0], cause.case_number, cause.text)
