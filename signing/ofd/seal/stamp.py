"""The signed value of a planned signature: SES_Signature over Signature.xml, with a time-stamp where one is wanted."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field

from core.files.scratch import FileBytes
from signing.eseal.write import write_stamp
from signing.ofd.seal.archive import Entry, archived
from signing.ofd.seal.plan import OfdPlan
from signing.ports import NationalSigner


@dataclass(frozen=True, slots=True)
class StampedPlan:
    """A planned signature with its value.

    Attributes:
        signature: SM2, DER: what a time-stamp is over (GB/T 38540-2020 §7.2).
    """

    plan: OfdPlan
    signer: NationalSigner = field(repr=False)
    at: dt.datetime
    signature: bytes = field(repr=False)

    def finished(self, before: FileBytes, token: bytes | None = None) -> FileBytes:
        """The sealed package.

        Args:
            before: the package that the plan was made of.
            token: an RFC 3161 token over `signature`, DER.
        """
        value = Entry(self.plan.value_path[1:], self._value(token))
        return archived(before, (*self.plan.entries, value))

    def _value(self, token: bytes | None) -> bytes:
        stamped = None if token is None else lambda _: token
        return write_stamp(
            self.signer.seal,
            version=self.signer.version,
            at=self.at,
            digest=hashlib.new("sm3", self.plan.description).digest(),
            subject=self.plan.path,
            signer=self.signer.certificates[0],
            sign=lambda _: self.signature,
            time_stamp=stamped,
        )


def stamp(plan: OfdPlan, signer: NationalSigner, at: dt.datetime) -> StampedPlan:
    """Sign once; on the calling thread, which waits for the key."""
    found: list[bytes] = []

    def sign(signed: bytes) -> bytes:
        found.append(signer.sign(signed))
        return found[0]

    write_stamp(
        signer.seal,
        version=signer.version,
        at=at,
        digest=hashlib.new("sm3", plan.description).digest(),
        subject=plan.path,
        signer=signer.certificates[0],
        sign=sign,
    )
    return StampedPlan(plan, signer, at, found[0])
