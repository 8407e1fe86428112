"""Writers of the SM2 signatures that a PDF may carry; with them a file is sealed as with a PAdES writer.

A stamp's dataHash is SM3 of the bytes under the byte range; its propertyInfo names the signature field, as in a package
it names the Signature.xml (GB/T 38540-2020 §7.2).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from signing.eseal.write import write_stamp
from signing.gmcms.names import Form
from signing.gmcms.write import signed_data_writer
from signing.ports import NationalSigner
from signing.profiles import PdfProfile

_LONGEST_SIGNATURE = 72
_FORMS = {PdfProfile.SM2_CMS: Form.ATTRIBUTES, PdfProfile.SM2_CMS_DIGEST: Form.DIGEST}


class ContainerWriter(Protocol):
    """Makes a signature's value of a document's digest.

    Attributes:
        size: octets that the longest value takes.
        digest: `hashlib` name of the digest.
    """

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> str: ...

    def sign(self, digest: bytes) -> bytes:
        """
        Raises:
            core.errors.Unavailable: when the key does not answer.
        """


@dataclass(frozen=True, slots=True)
class StampWriter:
    """Writes a stamp (SES_Signature) at one moment for one field; made by `national_writer`."""

    size: int
    _signer: NationalSigner = field(repr=False)
    _at: dt.datetime
    _subject: str
    digest: ClassVar[str] = "sm3"

    def sign(self, digest: bytes) -> bytes:
        return self._with(digest, self._signer.sign)

    def _with(self, digest: bytes, sign: Callable[[bytes], bytes]) -> bytes:
        return write_stamp(
            self._signer.seal,
            version=self._signer.version,
            at=self._at,
            digest=digest,
            subject=self._subject,
            signer=self._signer.certificates[0],
            sign=sign,
        )


def national_writer(
    profile: PdfProfile, signer: NationalSigner, *, at: dt.datetime, field_name: str
) -> ContainerWriter:
    """
    Args:
        profile: one with an SM2 signature.
        at: when it is sealed.
        field_name: of the signature, in ASCII.
    """
    if profile in _FORMS:
        return signed_data_writer(signer.sign, signer.certificates, _FORMS[profile])
    writer = StampWriter(0, signer, at, field_name)
    longest = writer._with(bytes(32), lambda _: bytes(_LONGEST_SIGNATURE))
    return replace(writer, size=len(longest))
