"""Where the parameters of an authorization request come from; whatever it is, the same checks follow.

RFC 6749 §4.1.1; RFC 9101 §5; RFC 9126 §4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from idp.model import Client
from idp.protocol.params import Parameters


class Source(StrEnum):
    """How a request came here."""

    PLAIN = "plain"  # in the query or form, unsigned
    OBJECT = "object"  # in a request object (RFC 9101)
    PUSHED = "pushed"  # by the client itself, before (RFC 9126)
    PUSHED_OBJECT = "pushed-object"  # both


@dataclass(frozen=True, slots=True)
class Resolved:
    """The parameters that count.

    Attributes:
        dpop_jkt: the key that was proved when the request was pushed, or named by `dpop_jkt` (RFC 9449 §10).
    """

    parameters: Parameters
    source: Source = Source.PLAIN
    dpop_jkt: str | None = None


class RequestSources:
    """Finds the parameters that count."""

    async def resolve(self, parameters: Parameters, client: Client) -> Resolved:
        """The parameters of the request itself, from wherever they are kept."""
        del client
        return Resolved(parameters)
