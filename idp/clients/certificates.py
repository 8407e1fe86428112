"""Clients that log in with a TLS certificate: `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2).

That the client holds the certificate's key was proved in the TLS handshake, to us or to the proxy that we trust.
"""

from __future__ import annotations

from collections.abc import Sequence

from idp.client_metadata import ClientMetadata
from idp.clients.keys import ClientKeys
from idp.clients.ports import CertificateJudge
from idp.errors import InvalidClient
from idp.model import Client, ClientAuthMethod
from idp.settings import CertificateChains
from keys.jose.jwk_set import JwkSet
from keys.trust.certificate import CertificateUnreadable
from keys.trust.model import Service
from keys.trust.peer import NAMED_BY, PeerCertificate
from keys.trust.written_names import read_written_name


class ClientCertificates:
    """Judges certificates.

    Args:
        chains: whether our trust lists are asked for `tls_client_auth`, or the proxy has judged already.
    """

    def __init__(self, keys: ClientKeys, judge: CertificateJudge, chains: CertificateChains) -> None:
        self._keys = keys
        self._judge = judge
        self._chains = chains

    async def verify(self, client: Client, certificate: bytes | None, issuers: Sequence[bytes] = ()) -> None:
        """
        Args:
            client: registered for one of the two methods.
            certificate: DER; None where the request came without.
            issuers: certificates that came along.

        Raises:
            InvalidClient: it does not prove that the client sent the request.
            core.errors.Unavailable: trust cannot be judged now.
        """
        if certificate is None:
            raise InvalidClient("no client certificate came with the request")
        try:
            peer = PeerCertificate(certificate)
        except CertificateUnreadable:
            raise InvalidClient("the client certificate cannot be read") from None
        if client.auth_method is ClientAuthMethod.TLS:
            await self._of_authority(client, peer, issuers)
        elif not await self._is_registered(client, peer):
            raise InvalidClient("the client certificate is none of those registered")

    async def _of_authority(self, client: Client, peer: PeerCertificate, issuers: Sequence[bytes]) -> None:
        """RFC 8705 §2.1: a certificate of an authority, with the one name that was registered."""
        if not is_expected(client.metadata, peer):
            raise InvalidClient("the client certificate does not have the registered name")
        if self._chains is CertificateChains.PROXY:
            return
        judgement = await self._judge.judge(peer.der, issuers, service=Service.MACHINES)
        if not judgement.good:
            raise InvalidClient(
                "no authority that is trusted stands behind the client certificate",
                private=str(judgement.sub_indication),
            )

    async def _is_registered(self, client: Client, peer: PeerCertificate) -> bool:
        """RFC 8705 §2.2: exactly a certificate that the client registered with its keys."""
        if _has(await self._keys.of(client), peer):
            return True
        return _has(await self._keys.fresh(client), peer)


def is_expected(metadata: ClientMetadata, peer: PeerCertificate) -> bool:
    """Whether the certificate has the name that was registered: exactly one kind of name counts (RFC 8705 §2.1.2)."""
    expected = {kind: getattr(metadata, f"tls_client_auth_san_{kind}") for kind in NAMED_BY}
    named = [(kind, value) for kind, value in expected.items() if value is not None]
    subject = metadata.tls_client_auth_subject_dn
    if len(named) + (subject is not None) != 1:
        return False
    if subject is not None:
        try:
            return peer.is_named(read_written_name(subject))
        except ValueError:
            return False
    kind, value = named[0]
    return NAMED_BY[kind](peer, value)


def _has(keys: JwkSet, peer: PeerCertificate) -> bool:
    return any(key.certificate == peer.thumbprint for key in keys.keys)
