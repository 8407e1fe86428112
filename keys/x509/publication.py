"""Where certificates, lists and answers are published: addresses in certificates (RFC 5280 §4.2.2.1, §4.2.1.13).

An address holds for ever: whoever verifies in thirty years looks where the certificate says. So each key of an
authority has a name of its own (`seals`, after a change of keys `seals-2`), and a certificate's part of the list
follows from its serial number alone.
"""

from __future__ import annotations

from dataclasses import dataclass

PARTS = 64
"""Parts of a divided list. Written into certificates: never change it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Addresses for one certificate; None where there is nothing to ask."""

    ca_issuers: str | None = None
    ocsp: str | None = None
    crl: str | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class PkiAddresses:
    """The public addresses under one base, `https://HOST`, without a slash at its end."""

    base: str

    def certificate(self, slug: str) -> str:
        return f"{self.base}/pki/ca/{slug}.cer"

    def crl(self, slug: str, part: int | None = None) -> str:
        """The whole list, or one part of it."""
        if part is None:
            return f"{self.base}/pki/crl/{slug}.crl"
        return f"{self.base}/pki/crl/{slug}/{part}.crl"

    def ocsp(self, slug: str) -> str:
        return f"{self.base}/pki/ocsp/{slug}"

    def below_root(self, slug: str = "root") -> Publication:
        """What an issuing authority's certificate says: an offline root answers no questions."""
        return Publication(ca_issuers=self.certificate(slug), crl=self.crl(slug))

    def below_issuing(self, slug: str, serial: int, *, no_check: bool = False) -> Publication:
        """What an end entity's certificate says."""
        if no_check:
            return Publication(ca_issuers=self.certificate(slug))
        return Publication(ca_issuers=self.certificate(slug), ocsp=self.ocsp(slug), crl=self.crl(slug, part_of(serial)))


def part_of(serial: int) -> int:
    """The part of a divided list that a certificate belongs to."""
    return serial % PARTS
