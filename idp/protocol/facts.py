"""What an endpoint may know of the HTTP request that came to it, without knowing a web framework."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Facts that client authentication and sender constraint are judged by.

    Attributes:
        method: e.g. `POST`.
        url: the endpoint as the client sees it, without query and fragment (RFC 9449 §4.2 `htu`).
        authorization: the Authorization header.
        dpop: every DPoP header, in order; more than one is an error (RFC 9449 §4.3).
        certificate: the client's certificate as DER, from the TLS connection or from the proxy that ended it.
    """

    method: str
    url: str
    authorization: str | None = field(default=None, repr=False)
    dpop: tuple[str, ...] = field(default=(), repr=False)
    certificate: bytes | None = field(default=None, repr=False)

    @property
    def as_dpop(self) -> bool:
        """Whether an access token came with the scheme DPoP (RFC 9449 §7.1)."""
        return self.authorization is not None and self.authorization[:5].lower() == "dpop "
