"""A certificate is shown in a TLS handshake, perhaps at another address than our pages (RFC 8705 §5 has it likewise).
Or its key signs a line of text, where no browser can show it: those by SM2.

The browser takes a one-time word there and a one-time word back. Only the browser that began can use what came back, so
a certificate that somebody else shows opens nothing here, and one's own opens nothing elsewhere (attacks O-50, O-57).
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from core.clock import Clock
from core.errors import Unavailable
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.clients.ports import CertificateJudge
from idp.factors.certificates.errors import ShowingGone
from idp.factors.certificates.model import Begun, Fault, Shown
from idp.token_uses import CERTIFICATE
from keys.challenge import signed_by_key
from keys.ports import FieldCipher, TokenDigests
from keys.trust.certificate import CertificateUnreadable
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from keys.trust.person import PersonCertificate

BEGUN_SECONDS = 300
SHOWN_SECONDS = 60
_MOST_NUMBERS = 4


class Showing:
    """Carries a certificate from the handshake to the page.

    Args:
        site: our address, which stands in what is to be signed.
    """

    def __init__(
        self,
        kv: KeyValueStore,
        cipher: FieldCipher,
        digests: TokenDigests,
        judge: CertificateJudge,
        clock: Clock,
        *,
        site: str,
    ) -> None:
        self._clock = clock
        self._site = site
        self._kv = kv
        self._cipher = cipher
        self._digests = digests
        self._judge = judge

    def browser(self, secret: str) -> str:
        """What stands for a browser in `Begun`."""
        return self._digests.digest(CERTIFICATE, secret)

    async def begin(self, begun: Begun) -> str:
        """The word to go to the handshake with."""
        word = new_secret()
        await self._put("begun", word, msgspec.json.encode(begun), BEGUN_SECONDS)
        return word

    async def show(self, word: str, certificate: bytes | None, others: Sequence[bytes] = ()) -> str:
        """Judge what came with the handshake; the word to go back with, whatever the judgement.

        Args:
            certificate: DER; None where the browser showed none.
            others: certificates that came along.

        Raises:
            ShowingGone: the word is unknown, used or too old.
        """
        begun = msgspec.json.decode(await self._take("begun", word), type=Begun)
        shown, back = await self._judged(begun, certificate, others), new_secret()
        await self._put("shown", back, msgspec.json.encode(shown), SHOWN_SECONDS)
        return back

    async def take(self, word: str, browser_secret: str) -> Shown:
        """What was shown, once, for the browser that began.

        Raises:
            ShowingGone
        """
        shown = msgspec.json.decode(await self._take("shown", word), type=Shown)
        if not self._digests.matches(CERTIFICATE, browser_secret, shown.begun.browser):
            raise ShowingGone(private="another browser")
        return shown

    def challenge(self, word: str) -> str:
        """What the certificate's key signs, of the word of `begin`: one line of ASCII that says for which site."""
        return f"yizheng-certificate:{self._site}:{word}"

    async def prove(
        self, word: str, browser_secret: str, certificate: bytes | None, others: Sequence[bytes], signature: bytes
    ) -> Shown:
        """The same by a signature over the challenge. The word is used up, whatever comes of it.

        Args:
            certificate: DER; None where none came.
            others: certificates that came along.

        Raises:
            ShowingGone: the word is unknown, used, too old, or another browser's.
        """
        begun = msgspec.json.decode(await self._take("begun", word), type=Begun)
        if not self._digests.matches(CERTIFICATE, browser_secret, begun.browser):
            raise ShowingGone(private="another browser")
        with contextlib.suppress(CertificateUnreadable):  # `_judged` says so
            key, message = PersonCertificate(certificate or b"").public_key, self.challenge(word).encode("ascii")
            if not signed_by_key(key, message, signature, at=self._clock.now()):
                return Shown(begun, Fault.NOT_SIGNED)
        return replace(await self._judged(begun, certificate, others), by_challenge=True)

    async def _judged(self, begun: Begun, certificate: bytes | None, others: Sequence[bytes]) -> Shown:
        if certificate is None:
            return Shown(begun, Fault.NONE_SHOWN)
        try:
            person = PersonCertificate(certificate)
        except CertificateUnreadable:
            return Shown(begun, Fault.UNREADABLE)
        try:
            judgement = await self._judge.judge(person.der, others, service=Service.LOGIN)
        except Unavailable:
            return Shown(begun, Fault.UNCERTAIN)
        if not judgement.good:
            return Shown(begun, _fault(judgement))
        return Shown(
            begun,
            None,
            person.thumbprint,
            tuple(sorted(person.id_numbers)[:_MOST_NUMBERS]),
            judgement.assurance,
            person.issuer_name,
            person.not_after,
        )

    async def _put(self, kind: str, word: str, content: bytes, seconds: int) -> None:
        key = f"idp:cert:{kind}:{self._digests.digest(CERTIFICATE, word)}"
        await self._kv.put(key, self._cipher.encrypt(content.decode(), context=key), seconds)

    async def _take(self, kind: str, word: str) -> bytes:
        for digest in self._digests.digests(CERTIFICATE, word):
            key = f"idp:cert:{kind}:{digest}"
            sealed = await self._kv.take(key)
            if sealed is not None:
                return self._cipher.decrypt(sealed, context=key).encode()
        raise ShowingGone(private=f"{kind}: unknown")


def _fault(judgement: Judgement) -> Fault:
    said = judgement.sub_indication or ""
    if "REVOKED" in said:
        return Fault.REVOKED
    return Fault.UNCERTAIN if said == "TRY_LATER" else Fault.UNTRUSTED
