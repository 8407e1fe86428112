"""Roots for tests, made by scripted ceremonies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from asn1crypto import csr, x509

from api.wiring.ceremony import SoftwareCustody
from core.clock import Clock
from keys.ceremony.former import Former, read_former
from keys.ceremony.found import found_root
from keys.ceremony.ports import Custody, Machine
from keys.ceremony.room import Founding, Room
from keys.ports import Signer
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.x509.names import authority_name
from tests.support.ceremony_room import CalmMachine, People
from tests.support.clock import FakeClock
from tests.unit.keys.rings import fixed_signer

ORGANISATION = "示例市"
PKI_URL = "https://id.example.gov.cn"


def request_for(name: str, signer: Signer | None = None, *, subject: x509.Name | None = None) -> bytes:
    """A PKCS#10 request (RFC 2986 §4) for an issuing authority, DER."""
    signer = signer or fixed_signer(SignatureAlgorithm.ES256, f"issuing {name}")
    info = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": subject or authority_name(ORGANISATION, f"Issuing {name}"),
            "subject_pk_info": x509.PublicKeyInfo.load(signer.public_key),
            "attributes": [],
        }
    )
    identifier = csr.SignedDigestAlgorithm.load(ALGORITHMS[signer.algorithm].identifier)
    made = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": identifier,
            "signature": signer.sign(info.dump()),
        }
    )
    encoded: bytes = made.dump()
    return encoded


FOUNDING = Founding(ORGANISATION, "Example Root CA", SignatureAlgorithm.ES384, None, 3, 5, PKI_URL)


@dataclass
class Ground:
    """A room with scripted people.

    Attributes:
        people: who answers, and on whose paper the shares are.
    """

    people: People = field(default_factory=People)
    machine: Machine = field(default_factory=CalmMachine)
    custody: Custody = field(default_factory=SoftwareCustody)
    clock: Clock = field(default_factory=FakeClock)

    @property
    def room(self) -> Room:
        return Room(self.people, self.machine, self.custody, self.clock)

    async def found(self, **changes: object) -> dict[str, bytes]:
        """The files of a founding ceremony for the seals' authority."""
        plan = replace(FOUNDING, requests={"seals": request_for("seals")})
        return await found_root(replace(plan, **changes), self.room)  # type: ignore[arg-type]  # names are right

    async def former(self, **changes: object) -> Former:
        """A root that was founded before."""
        return read_former(await self.found(**changes))
