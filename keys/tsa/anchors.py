"""Trust in authorities whose root certificates are at hand: our own, and those that a command line names."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.text import Text
from keys.der import NotDer
from keys.errors import CertificateRefused, ChainRefused
from keys.tsa.certificates import load_certificate
from keys.x509.chain import check_chain

_LONGEST = 6  # certificates in a path
_MOST_STEPS = 200  # certificates come from strangers: a search among them must end


class AnchorTrust:
    """Implements `keys.tsa.ports.TimestampTrust`: a path to one of the anchors, without looking at revocation.

    Args:
        anchors: root certificates, DER.
        intermediates: further authorities that may help to build a path.
    """

    def __init__(self, anchors: Sequence[bytes], intermediates: Sequence[bytes] = ()) -> None:
        self._anchors = frozenset(anchors)
        self._known = (*anchors, *intermediates)

    async def judge(self, certificate: bytes, others: Sequence[bytes], *, at: dt.datetime) -> tuple[bytes, ...]:
        refused = ChainRefused("no path to an accepted root")
        helpers = _loaded((*self._known, *others))
        for path in self._paths(certificate, helpers):
            try:
                check_chain(path, moment=at)
            except ChainRefused as error:
                refused = error
            else:
                return path
        raise refused

    def _paths(self, certificate: bytes, helpers: Mapping[bytes, x509.Certificate]) -> Iterator[tuple[bytes, ...]]:
        """Paths by name, shortest first."""
        begun: deque[tuple[bytes, ...]] = deque([(certificate,)])
        loaded = {**_loaded((certificate,)), **helpers}
        for _ in range(_MOST_STEPS):
            if not begun or certificate not in loaded:
                return
            path = begun.popleft()
            issuer = loaded[path[-1]].issuer
            for helper, found in helpers.items():
                if helper in path or found.subject != issuer:
                    continue
                if helper in self._anchors:
                    yield (*path, helper)
                elif len(path) < _LONGEST and len(begun) < _MOST_STEPS:
                    begun.append((*path, helper))


def anchor_trust(pem: bytes) -> AnchorTrust:
    """Trust in the roots of a PEM file; the other certificates in it may help to build a path.

    Raises:
        CertificateRefused: no root in it, or something that is no certificate.
    """
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        roots = [one.public_bytes(Encoding.DER) for one in certificates if one.subject == one.issuer]
        others = [one.public_bytes(Encoding.DER) for one in certificates if one.subject != one.issuer]
    except ValueError:
        roots, others = [], []
    if not roots:
        text = Text("文件中没有可用的根证书（PEM）。", "The file holds no root certificate in PEM.")
        raise CertificateRefused(text, field="trust_file")
    return AnchorTrust(roots, others)


def _loaded(encoded: Iterable[bytes]) -> dict[bytes, x509.Certificate]:
    """Those that can be read; the others help nobody."""
    found = {}
    for one in encoded:
        with contextlib.suppress(NotDer):
            found[one] = load_certificate(one)
    return found
