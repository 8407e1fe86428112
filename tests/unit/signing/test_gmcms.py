"""SignedData of GM/T 0010: what we write another reader reads, and what others write we read, if it is exact."""

from __future__ import annotations

import pytest

from keys.der import OCTET_STRING, SEQUENCE, SET, NotDer, integer, only, tlv
from signing.gmcms.names import Form
from signing.gmcms.read import read_signed_data
from signing.gmcms.write import signed_data_writer
from tests.support.eseal_world import certificate, root, sm2, subject_key
from tests.support.gmcms_oracle import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SM2_SIGNING,
    SM2_WITH_SM3,
    SM3,
    ContainerSpec,
    container,
    sm3,
)
from tests.support.national_oracle import openssl_accepts, pure_accepts

DIGEST = sm3(b"a document")
OWN, KEY = certificate("signer"), sm2("signer")
CHAIN = (OWN, root())


@pytest.mark.parametrize("form", [Form.ATTRIBUTES, Form.DIGEST])
def test_another_reader_reads_what_we_write(form: Form) -> None:
    writer = signed_data_writer(KEY.sign, CHAIN, form)
    made = writer.sign(DIGEST)
    assert writer.size - 4 <= len(made) <= writer.size
    read = ContainerSpec.load(made, strict=True)
    assert read.dump(force=True) == made
    data = read["content"]
    assert (read["content_type"].native, data["version"].native) == (SIGNED_DATA, 1)
    assert data["digests"].native == [{"algorithm": SM3, "parameters": None}]
    assert sorted(one.dump() for one in data["certificates"]) == sorted(CHAIN)
    (signer,) = data["signers"]
    assert signer["algorithm"]["algorithm"].native == SM2_WITH_SM3
    attributes = {one["type"].native: one["values"][0] for one in signer["attributes"] or ()}
    if form is Form.DIGEST:
        signed = data["content"]["content"].native
        assert (signed, attributes) == (DIGEST, {})
    else:
        assert data["content"].native == {"content_type": DATA, "content": None}
        assert attributes[CONTENT_TYPE].native == DATA
        assert attributes[MESSAGE_DIGEST].native == DIGEST
        signed = signer["attributes"].untag().dump()
    for accepts in (pure_accepts, openssl_accepts):
        assert accepts(subject_key(OWN), signer["signature"].native, signed)


@pytest.mark.parametrize("form", [Form.ATTRIBUTES, Form.DIGEST])
def test_we_read_what_we_write(form: Form) -> None:
    read = read_signed_data(signed_data_writer(KEY.sign, CHAIN, form).sign(DIGEST))
    assert (read.form, read.digest, read.signer) == (form, DIGEST, OWN)
    assert set(read.certificates) == set(CHAIN)
    assert pure_accepts(subject_key(OWN), read.signature, read.signed or b"")


@pytest.mark.parametrize("null", [False, True], ids=["no-parameters", "null"])
@pytest.mark.parametrize("algorithm", [SM2_WITH_SM3, SM2_SIGNING])
@pytest.mark.parametrize("form", Form)
def test_we_read_every_form_that_others_write(form: Form, algorithm: str, null: bool) -> None:
    how = {
        Form.ATTRIBUTES: {"attributes": DIGEST},
        Form.DIGEST: {"content": DIGEST},
        Form.PLAIN: {"signed": b"the document itself"},
    }[form]
    read = read_signed_data(container(KEY.sign, CHAIN, algorithm=algorithm, null=null, **how))  # type: ignore[arg-type]
    assert (read.form, read.digest) == (form, None if form is Form.PLAIN else DIGEST)
    assert pure_accepts(subject_key(OWN), read.signature, read.signed or b"the document itself")


def test_an_embedded_digest_may_have_attributes_around_it() -> None:
    read = read_signed_data(container(KEY.sign, CHAIN, content=DIGEST, attributes=sm3(DIGEST)))
    assert (read.form, read.digest) == (Form.ATTRIBUTES, DIGEST)
    with pytest.raises(NotDer):  # attributes that speak of something else than what is embedded
        read_signed_data(container(KEY.sign, CHAIN, content=DIGEST, attributes=DIGEST))


def test_a_signature_over_the_content_itself_is_not_written() -> None:
    with pytest.raises(ValueError, match="not written"):
        signed_data_writer(KEY.sign, CHAIN, Form.PLAIN)


GOOD = container(KEY.sign, CHAIN, attributes=DIGEST)


def _changed(**parts: object) -> bytes:
    """The good container with parts of its SignedData replaced."""
    read = ContainerSpec.load(GOOD)
    for name, value in parts.items():
        read["content"][name] = value
    return bytes(read.dump(force=True))


def _signer_changed(**parts: object) -> bytes:
    read = ContainerSpec.load(GOOD)
    for name, value in parts.items():
        read["content"]["signers"][0][name] = value
    return bytes(read.dump(force=True))


def _twice(name: str) -> bytes:
    read = ContainerSpec.load(GOOD)
    read["content"][name].append(read["content"][name][0].copy())
    return bytes(read.dump(force=True))


def _without_end(der: bytes) -> bytes:
    """BER with an indefinite length."""
    return b"\x30\x80" + only(der).content + b"\x00\x00"


BROKEN = {
    "empty": b"",
    "something-behind": GOOD + b"\x00",
    "indefinite-length": _without_end(GOOD),
    "long-length": b"\x30\x83\x00" + GOOD[2:4] + GOOD[4:],
    "worldwide-type": container(KEY.sign, CHAIN, attributes=DIGEST, content_type="1.2.840.113549.1.7.2"),
    "another-type": container(KEY.sign, CHAIN, attributes=DIGEST, content_type="1.2.156.10197.6.1.4.2.3"),
    "another-digest": container(KEY.sign, CHAIN, attributes=DIGEST, digest="2.16.840.1.101.3.4.2.1"),
    "another-algorithm": container(KEY.sign, CHAIN, attributes=DIGEST, algorithm="1.2.840.10045.4.3.2"),
    "key-exchange": container(KEY.sign, CHAIN, attributes=DIGEST, algorithm="1.2.156.10197.1.301.2"),
    "content-is-no-digest": container(KEY.sign, CHAIN, content=b"a document"),
    "signer-not-in-it": container(KEY.sign, (root(),), attributes=DIGEST, named=OWN),
    "version-3": _changed(version=3),
    "signer-version-3": _signer_changed(version=3),
    "two-digests": _twice("digests"),
    "two-signers": _twice("signers"),
    "no-certificates": _changed(certificates=[]),
    "digest-not-the-signers": _signer_changed(digest={"algorithm": "2.16.840.1.101.3.4.2.1"}),
    "no-digest-attribute": _signer_changed(attributes=[]),
    "half-a-signer": tlv(SEQUENCE, integer(1), tlv(OCTET_STRING), tlv(SET)),
}


def test_its_twin_is_read() -> None:
    assert read_signed_data(GOOD).digest == DIGEST


@pytest.mark.parametrize("variant", BROKEN)
def test_what_is_not_exact_is_refused(variant: str) -> None:
    with pytest.raises(NotDer):
        read_signed_data(BROKEN[variant])
