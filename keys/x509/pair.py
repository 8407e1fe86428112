"""The national pair of certificates (双证书; GM/T 0015, GM/T 0034): for one subject a key to sign, and one to receive.

The signing key is made by its holder, who proves it by the request. The encryption key is made here, as custom has it,
and goes to its holder as SM2EnvelopedKey under the signing key. We keep no copy of it: a city that must be able to open
what its officers received has to agree that with a key management centre (KMC), which this is not.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core.clock import Clock
from keys.enveloped_key import envelop_key
from keys.libcrypto.sm2 import Sm2Key
from keys.spec import SignatureAlgorithm
from keys.x509.csr import read_request
from keys.x509.issue import IssueCertificate, Wanted
from keys.x509.model import CertificateRecord
from keys.x509.names import SubjectWords, subject_for
from keys.x509.profiles import PAIRS
from keys.x509.subject_key import subject_key


@dataclass(frozen=True, slots=True)
class IssuedPair:
    """What the holder gets.

    Attributes:
        enveloped: SM2EnvelopedKey with the private key of the encryption certificate, DER. Nobody but the holder of the
            signing key can open it; it is nowhere else.
    """

    signing: CertificateRecord
    encryption: CertificateRecord
    enveloped: bytes = field(repr=False)


class IssuePair:
    """The use case."""

    def __init__(self, issue: IssueCertificate, clock: Clock) -> None:
        self._issue = issue
        self._clock = clock

    async def __call__(
        self, subject: str, request: bytes, words: SubjectWords, *, life: dt.timedelta | None = None
    ) -> IssuedPair:
        """Issue both, or say why not. Asked again for the same signing key, it makes a new pair with a new encryption
        key: that is the way out for whoever has lost the former one, which is to be revoked then.

        Args:
            subject: `person` or `agent`.
            request: PKCS #10 with an SM2 key, signed by it; DER or PEM.
            words: whom the certificates name; the request's own subject counts for nothing.
            life: how long, when not as long as the profiles say.

        Raises:
            RequestRefused: it is none, or not signed by its own key.
            CertificateRefused: a word, or the key, cannot be certified; the key is not by SM2.
            CertificateConflict: the key is certified for another subject.
            LibraryMissing: there is no SM2 here.
            core.errors.Unavailable: `key-missing` without a national authority; `key-unavailable`.
        """
        profiles, now = PAIRS[subject], self._clock.now()
        asked, name = read_request(request, at=now), subject_for(subject, words)
        subject_key(asked.public_key, profiles.signing.signs, now.date(), only=SignatureAlgorithm.SM2_SM3)
        made = Sm2Key.generated()
        enveloped = envelop_key(made.pkcs8(), asked.public_key)  # first: what cannot be delivered is not certified
        signing = await self._issue(Wanted(profiles.signing, name, asked.public_key, life=life))
        encryption = await self._issue(Wanted(profiles.encryption, name, made.spki(), life=life))
        return IssuedPair(signing, encryption, enveloped)
