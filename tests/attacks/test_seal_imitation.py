"""S-09, S-10, S-23: seals that only look like ours, certificates that are wrong in one thing, and their twins."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from unittest import mock

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing.pades import algorithms
from signing.pades.cms_writer import cms_writer
from tests.support.clock import FakeClock
from tests.support.signing_fakes import (
    DOCUMENT_SIGNING,
    NOT_BEFORE,
    Issuer,
    PlainAuthority,
    PlainSigner,
    name,
    pdf,
    root,
    rsa_key,
)
from tests.support.signing_world import OFFICE, SEAL_CODE, SIGNED_AT, FileJudge, SealPress, der, press

AUTHORITY = PlainAuthority.make()
_TRUSTED = AUTHORITY.issuing


def press_of(leaf: x509.Certificate, key: Any, *chain: bytes) -> SealPress:
    signer = PlainSigner(key)
    certificates = (der(leaf), *chain)
    return SealPress(signer, certificates, cms_writer(signer, certificates))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def issued_by(issuer: Issuer, *chain: bytes, **options: Any) -> SealPress:
    key = new_key()
    return press_of(issuer.issue(name(OFFICE, OFFICE, SEAL_CODE), key.public_key(), **options), key, *chain)


def self_signed() -> SealPress:
    key = new_key()
    stub = Issuer(key, None)  # type: ignore[arg-type]  # its own issuer
    subject = name(OFFICE, OFFICE, SEAL_CODE)
    return press_of(stub.issue(subject, key.public_key(), issuer=subject), key)


def imitated_chain() -> SealPress:
    """Root, issuing authority and seal with exactly our names, under keys of the imitator."""
    fake = PlainAuthority.make()
    assert fake.root.certificate.subject == AUTHORITY.root.certificate.subject
    assert fake.issuing.certificate.subject == AUTHORITY.issuing.certificate.subject
    return issued_by(fake.issuing, fake.issuing.der, fake.root.der)


def imitated_leaf_with_our_chain() -> SealPress:
    fake = PlainAuthority.make()
    return issued_by(fake.issuing, AUTHORITY.issuing.der)


def issued_by_a_seal() -> SealPress:
    """A seal's certificate used as if it were an authority's."""
    key = new_key()
    seal = _TRUSTED.issue(name(OFFICE, OFFICE, SEAL_CODE), key.public_key())
    return issued_by(Issuer(key, seal), der(seal), _TRUSTED.der)


def below_path_length() -> SealPress:
    below = _TRUSTED.authority(name("示例市政务数据局", "更下一级"))
    return issued_by(below, below.der, _TRUSTED.der)


def weak_rsa() -> SealPress:
    key = rsa_key(9, 1024)
    leaf = _TRUSTED.issue(name(OFFICE, OFFICE, SEAL_CODE), key.public_key())
    with mock.patch.object(algorithms, "signature_octets", return_value=128):  # ours would not write it
        return press_of(leaf, key, _TRUSTED.der)


def look_alike_root() -> SealPress:
    fake = root(name("示例市政务数据局 ", "示例政务根"))
    below = fake.authority(name("示例市政务数据局", "示例政务印章 CA"), path_length=0)
    return issued_by(below, below.der, fake.der)


_YEAR = dt.timedelta(days=365)
NOT_TRUSTED: dict[str, tuple[SealPress, str]] = {
    "self-signed": (self_signed(), "NO_CERTIFICATE_CHAIN_FOUND"),
    "imitated-chain": (imitated_chain(), "NO_CERTIFICATE_CHAIN_FOUND"),
    "imitated-leaf-with-our-chain": (imitated_leaf_with_our_chain(), "NO_CERTIFICATE_CHAIN_FOUND"),
    "look-alike-root": (look_alike_root(), "NO_CERTIFICATE_CHAIN_FOUND"),
    "missing-intermediate": (issued_by(_TRUSTED), "NO_CERTIFICATE_CHAIN_FOUND"),
    "issued-by-a-seal": (issued_by_a_seal(), "CHAIN_CONSTRAINTS_FAILURE"),
    "below-path-length": (below_path_length(), "CHAIN_CONSTRAINTS_FAILURE"),
    "expired": (issued_by(_TRUSTED, _TRUSTED.der, not_after=SIGNED_AT - dt.timedelta(days=1)), "OUT_OF_BOUNDS_NO_POE"),
    "expired-since": (
        issued_by(_TRUSTED, _TRUSTED.der, not_after=SIGNED_AT + dt.timedelta(seconds=60)),
        "OUT_OF_BOUNDS_NO_POE",
    ),
    "not-yet-valid": (
        issued_by(_TRUSTED, _TRUSTED.der, not_before=SIGNED_AT + _YEAR, not_after=SIGNED_AT + 2 * _YEAR),
        "OUT_OF_BOUNDS_NO_POE",
    ),
    "valid-only-after-signing": (
        issued_by(_TRUSTED, _TRUSTED.der, not_before=SIGNED_AT + dt.timedelta(seconds=30)),
        "OUT_OF_BOUNDS_NO_POE",
    ),
    "no-signing-usage": (issued_by(_TRUSTED, _TRUSTED.der, usages=("key_encipherment",)), "CHAIN_CONSTRAINTS_FAILURE"),
    "for-web-servers": (
        issued_by(_TRUSTED, _TRUSTED.der, extended=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        "CHAIN_CONSTRAINTS_FAILURE",
    ),
    "for-anything-unsaid": (issued_by(_TRUSTED, _TRUSTED.der, extended=None), "CHAIN_CONSTRAINTS_FAILURE"),
    "weak-rsa": (weak_rsa(), "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
    "weak-digest": (issued_by(_TRUSTED, _TRUSTED.der, digest=hashes.SHA224()), "NO_CERTIFICATE_CHAIN_FOUND"),
}
JUDGE = FileJudge(AUTHORITY, FakeClock(SIGNED_AT + dt.timedelta(hours=1)))


@pytest.mark.parametrize("variant", NOT_TRUSTED)
async def test_untrusted_certificate_is_an_unknown_signer(variant: str) -> None:
    sealing, sub_indication = NOT_TRUSTED[variant]
    report = await JUDGE(sealing.seal(pdf()))
    assert (report.indication, report.sub_indication, report.conclusion) == (
        "INDETERMINATE",
        sub_indication,
        "unknown-signer",
    )
    assert report.signatures[0].organisation in (OFFICE, None)  # what it claims is told as a claim
    assert report.embedded_files == {}
    assert report.signed_revision is None
    assert OFFICE not in report.text.zh


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"usages": ("content_commitment",)},
        {"usages": ("digital_signature",)},
        {"extended": (DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)},
        {"not_before": SIGNED_AT},
        {"not_after": SIGNED_AT + dt.timedelta(hours=1)},
    ],
    ids=str,
)
async def test_twin_is_genuine(options: dict[str, Any]) -> None:
    report = await JUDGE(issued_by(_TRUSTED, _TRUSTED.der, **options).seal(pdf()))
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")


async def test_claimed_time_in_the_future_is_not_believed() -> None:
    late = press(AUTHORITY).seal(pdf(), signed_at=SIGNED_AT + dt.timedelta(days=2))
    report = await JUDGE(late)
    assert (report.sub_indication, report.conclusion) == ("OUT_OF_BOUNDS_NO_POE", "unknown-signer")


async def test_claimed_time_before_the_certificate_is_not_believed() -> None:
    early = press(AUTHORITY).seal(pdf(), signed_at=NOT_BEFORE - dt.timedelta(seconds=1))
    assert (await JUDGE(early)).conclusion == "unknown-signer"


async def test_picture_without_a_signature_proves_nothing() -> None:
    """The visible seal copied into a file of one's own."""
    sealed = press(AUTHORITY).seal(pdf())
    source, copy = pikepdf.open(io.BytesIO(sealed)), pikepdf.open(io.BytesIO(pdf()))
    form = copy.copy_foreign(source.pages[0].Annots[0].AP.N)
    copy.pages[0].Annots = pikepdf.Array(
        [pikepdf.Dictionary(Subtype=pikepdf.Name.Stamp, Rect=[100, 100, 220, 220], AP=pikepdf.Dictionary(N=form))]
    )
    out = io.BytesIO()
    copy.save(out)
    assert (await JUDGE(out.getvalue())).conclusion == "not-signed"


async def test_signature_moved_to_another_file_does_not_hold() -> None:
    sealing = press(AUTHORITY)
    ours, theirs = sealing.seal(pdf()), sealing.seal(pdf(text="Another document of the same size"[:28]))
    at = slice(ours.rindex(b"/Contents <") + 11, ours.index(b">", ours.rindex(b"/Contents <") + 11))
    start = theirs.rindex(b"/Contents <") + 11
    moved = theirs[:start] + ours[at] + theirs[start + at.stop - at.start :]
    report = await JUDGE(moved)
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
