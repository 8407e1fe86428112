"""Service items of an organisation with their materials."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.model import ServiceItem
from certstore.repository import Repository

_PAGE = 100
MOST = 5000  # an organisation with more items than this reads the catalogue by pages


class OwnItems:
    """The use case; the catalogue is public."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def __call__(self, organisation: str) -> Sequence[ServiceItem]:
        """The items whose department it is, in order of code."""
        found: list[ServiceItem] = []
        after = ""
        async with self._repository.database.read() as tx:
            while len(found) < MOST:
                page = await self._repository.catalogue.items(tx, after=after, limit=_PAGE, department=organisation)
                found += page
                if len(page) < _PAGE:
                    break
                after = page[-1].code
        return found
