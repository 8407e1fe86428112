"""What is kept under any of a holder's numbers, as one list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from certstore.codes import HolderCode
from certstore.ports import HolderIdentity

Row = TypeVar("Row")


async def newest_first(
    identity: HolderIdentity, of_number: Callable[[HolderCode], Awaitable[Sequence[Row]]], *, key: Callable[[Row], str]
) -> Sequence[Row]:
    """The rows of all numbers, each once, by falling key.

    Args:
        of_number: the rows of one number, newest first; where it stops at a limit, a caller that turns pages must cut
            the answer at the same limit.
        key: identifiers of ours, which sort by time.
    """
    found: dict[str, Row] = {}
    for code in identity.codes:
        found.update((key(row), row) for row in await of_number(code))
    return [found[name] for name in sorted(found, reverse=True)]
