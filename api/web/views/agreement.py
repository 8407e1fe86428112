"""What a person agrees to on whichever page they are asked for a client that waits elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.asked_details import DetailWords
from api.web.views.entrance import ConsentItem, ScopeWords, SiteWords
from core.text import Text


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who asks, for what, for how long.

    Attributes:
        host: of the client's own page, where it has one.
        gives: the pseudonym, which is told in any case.
        details: what is asked for in detail, each time anew.
        days: the longest that it can be used while the person is away; None when that was not asked for.
    """

    client_name: Text
    office: Text | None
    host: str | None
    gives: ScopeWords
    items: tuple[ConsentItem, ...] = ()
    details: tuple[DetailWords, ...] = ()
    site: SiteWords = field(default_factory=SiteWords)
    contacts: tuple[str, ...] = ()
    days: int | None = None

    @property
    def choices(self) -> bool:
        return any(item.optional for item in self.items)
