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
        issuers: certificates that came along with it, DER; they may help to judge it and count for nothing themselves.
        alias: the endpoint's other address, at which TLS clients are asked for a certificate (RFC 8705 §5).
    """

    method: str
    url: str
    authorization: str | None = field(default=None, repr=False)
    dpop: tuple[str, ...] = field(default=(), repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    alias: str | None = None
    issuers: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def addresses(self) -> tuple[str, ...]:
        """By which the endpoint is known; whatever the request says to have called does not count."""
        return (self.url,) if self.alias is None else (self.url, self.alias)

    @property
    def as_dpop(self) -> bool:
        """Whether an access token came with the scheme DPoP (RFC 9449 §7.1)."""
        return self.authorization is not None and self.authorization[:5].lower() == "dpop "
