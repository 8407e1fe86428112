"""What the parts of the service ask of the outside world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. `media_type` is lower case and without parameters; empty when none was named."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


class Fetcher(Protocol):
    """Fetches one address from outside, within bounds."""

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        media_types: frozenset[str] | None = None,
    ) -> Fetched:
        """The answer with whatever status; a redirect is an answer like others and is not followed.

        Args:
            media_types: media types of which a 200 answer must be; None for any.

        Raises:
            core.egress.errors.AddressRefused: we do not go there; nothing was sent.
            core.egress.errors.FetchFailed: `timeout`, `unreachable`, `too-large`, `encoded`, `media-type`.
        """
