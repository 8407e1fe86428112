"""Signatures as other programs write them, which are genuine for all that (ISO 32000-1 §12.8, RFC 4055, RFC 5652)."""

from __future__ import annotations

from dataclasses import replace

from keys.der import CONTEXT_0, SEQUENCE, only, tlv
from keys.spec import SignatureAlgorithm
from signing.pades.revision import append_validation_data
from signing.pades.security_store import ValidationData
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import FileJudge, SealPress, press
from tests.support.trust_pki import issuing, root

AUTHORITY = PlainAuthority.make()
_NULL = b"\x05\x00"


def _without_null(identifier: bytes) -> bytes:
    return tlv(SEQUENCE, only(identifier).content.removesuffix(_NULL))


def _with(sealing: SealPress, identifier: bytes) -> SealPress:
    return SealPress(sealing.signer, sealing.certificates, replace(sealing.writer, _signature_identifier=identifier))


async def test_parameters_may_be_left_out_of_an_rsa_signature() -> None:
    """RFC 4055 §5: implementations MUST accept absent parameters; @libpdf/core leaves them out."""
    sealing = press(AUTHORITY, SignatureAlgorithm.RS256)
    shorter = _without_null(sealing.writer._signature_identifier)
    assert len(shorter) == len(sealing.writer._signature_identifier) - 2
    report = await FileJudge(AUTHORITY)(_with(sealing, shorter).seal(pdf()))
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-B")


async def test_parameters_that_mean_nothing_are_refused() -> None:
    """RFC 5758 §3.2: an ECDSA identifier MUST have none; nor may an RSA one have others than NULL."""
    for algorithm, parameters in (
        (SignatureAlgorithm.ES256, _NULL),
        (SignatureAlgorithm.RS256, b"\x30\x00"),
        (SignatureAlgorithm.RS256, _NULL + _NULL),
    ):
        sealing = press(AUTHORITY, algorithm)
        bare = only(_without_null(sealing.writer._signature_identifier)).content
        forged = _with(sealing, tlv(SEQUENCE, bare, parameters))
        forged = SealPress(forged.signer, forged.certificates, replace(forged.writer, size=forged.writer.size + 8))
        assert (await FileJudge(AUTHORITY)(forged.seal(pdf()))).conclusion != "genuine", algorithm


async def test_a_certificate_whose_issuer_stands_in_the_store_is_no_change() -> None:
    """Some programs carry an authority's certificate beside the signature and its root in the validation data."""
    elsewhere = root("别处的根")
    more = issuing(elsewhere, "别处的签发").der
    data = ValidationData(certificates=(elsewhere.der,))

    async def conclusion(carried: bytes, *, root_too: bool) -> str:
        sealing = press(AUTHORITY)
        head = tlv(CONTEXT_0, *sorted((*sealing.certificates, carried)))
        former = tlv(CONTEXT_0, *sorted(sealing.certificates))
        writer = replace(sealing.writer, _head=sealing.writer._head.replace(former, head), size=8192)
        sealed = SealPress(sealing.signer, sealing.certificates, writer).seal(pdf())
        tail = append_validation_data(sealed, data) if root_too else b""
        assert tail is not None
        return (await FileJudge(AUTHORITY)(sealed + tail)).conclusion

    assert await conclusion(more, root_too=True) == "genuine"
    changed = bytearray(more)
    changed[-1] ^= 1
    assert await conclusion(bytes(changed), root_too=True) == "changed"
    assert await conclusion(more, root_too=False) == "changed"  # nobody at hand can tell whether it was
