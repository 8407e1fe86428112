"""PDFs sealed with SM2: the attacks on sealed files (S-01, S-02, S-03, S-04) and those on the national containers.

What is accepted beside them, and that nothing else is, counts with the other rows of F-05.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from keys.der import SEQUENCE, integer, only, tlv
from signing.eseal.model import Signers
from signing.profiles import NATIONAL_FILTER, SM2_CMS_SUB_FILTER, SM2_SEAL_SUB_FILTER, Handler, PdfProfile
from signing.verification.findings import find
from signing.verification.report import VerificationReport
from tests.attacks.test_pdf_isa import WELL_FORMED
from tests.attacks.test_pdf_shadow import PREPARED, hide_by_removing, replace_value
from tests.support.clock import FakeClock
from tests.support.eseal_world import INFO, YEAR, Making, certificate, old_stamp, root, sm2, subject_key
from tests.support.gmcms_oracle import SM2_SIGNING, container, sm3
from tests.support.national_oracle import openssl_accepts
from tests.support.national_pdfs import FORMS, SIGNED_AT, NationalJudge, Value, national_signer, sealed
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_forgeries import edit_dictionary, number_of, raw_update, repoint, update
from tests.support.signing_world import FileJudge, press
from tests.support.spoiled_dictionaries import spoiled
from tests.support.tally import forged, genuine

SEAL, CMS, CMS_DIGEST = FORMS
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
FILE = pdf(2)
FILES = {form: sealed(FILE, form) for form in FORMS}
SHADOWED = {form: sealed(PREPARED, form) for form in (SEAL, CMS)}
KEY, OWN = sm2("signer"), certificate("signer")
JUDGE = NationalJudge()


async def refused(row: str, content: bytes, *, judge: NationalJudge = JUDGE) -> VerificationReport:
    report = forged(row, await judge(content))
    assert report.conclusion not in ("genuine", "annotated")
    return report


def told(report: VerificationReport) -> tuple[str, str | None]:
    return report.indication, report.sub_indication


def bad_steps(report: VerificationReport) -> dict[str, str]:
    """Steps of the one stamp that are not good, by their reason."""
    (one,) = report.signatures
    assert one.national is not None
    assert [step.number for step in one.national.steps] == list(range(1, 11))
    return {step.id: step.reason for step in one.national.steps if step.state != "good"}


# -- genuine ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
async def test_genuine_in_every_form(form: PdfProfile) -> None:
    report = genuine("S-01", await JUDGE(FILES[form]))
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")
    (one,) = report.signatures
    assert one.level == ("SM2-SES" if form is SEAL else "SM2-CMS")
    assert (one.algorithm, one.algorithm_counts, one.signed_at) == ("SGD_SM3_SM2", True, SIGNED_AT)
    assert one.certificate == OWN
    assert (one.national is not None and one.national.good) is (form is SEAL)
    assert b"/SubFilter /" + (b"GM.sm2seal" if form is SEAL else b"GM.sm2cms.detached") in FILES[form]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["Gomain.GMPkiLite", "DJ.GMPkiLite", "Adobe.PPKLite", "Whatever"])
async def test_the_filter_may_be_anybodys(form: PdfProfile, name: str) -> None:
    handler = Handler(name, SM2_SEAL_SUB_FILTER if form is SEAL else SM2_CMS_SUB_FILTER)
    made = sealed(FILE, form, handler=handler)
    assert b"/Filter /%b\n" % name.encode() in made
    genuine("S-01", await JUDGE(made))


MADE_ELSEWHERE: dict[str, Value] = {
    "attributes": lambda file: container(KEY.sign, (OWN,), attributes=file.digest("sm3")),
    "digest": lambda file: container(KEY.sign, (OWN,), content=file.digest("sm3"), algorithm=SM2_SIGNING),
    "digest-with-null": lambda file: container(KEY.sign, (OWN,), content=file.digest("sm3"), null=True),
    "content-itself": lambda file: container(KEY.sign, (OWN,), signed=covered(file)),
    "with-its-issuer": lambda file: container(KEY.sign, (OWN, root()), attributes=file.digest("sm3")),
}


def covered(file: object) -> bytes:
    """What a byte range will cover."""
    before, tail = bytes(file.before), bytes(file.tail)  # type: ignore[attr-defined]  # a prepared file in memory
    return before + tail[: file.start] + tail[file.end :]  # type: ignore[attr-defined]


@pytest.mark.parametrize("made", MADE_ELSEWHERE)
async def test_genuine_as_other_makers_write_it(made: str) -> None:
    report = genuine("S-01", await JUDGE(sealed(FILE, CMS, value=MADE_ELSEWHERE[made], octets=4000)))
    assert report.conclusion == "genuine"


async def test_a_stamp_of_the_old_edition_is_judged_by_its_own_rules() -> None:
    def old(file: object) -> bytes:
        return old_stamp(Making(digest=file.digest("sm3"), at=SIGNED_AT))  # type: ignore[attr-defined]

    report = genuine("S-01", await JUDGE(sealed(FILE, value=old, octets=8000)))
    (one,) = report.signatures
    assert one.national is not None
    assert (one.national.good, one.national.edition) == (True, "GM/T 0031-2014")


async def test_a_second_seal_may_follow_in_either_form() -> None:
    authority = PlainAuthority.make()
    judge = NationalJudge(roots=(authority.issuing_chain()[-1],))
    national = sealed(sealed(FILE, SEAL), CMS, field_name="Signature2", place=None)
    first = press(authority).seal(sealed(FILE, SEAL), field_name="Signature2", signed_at=SIGNED_AT)
    last = sealed(press(authority).seal(FILE, signed_at=SIGNED_AT), SEAL, field_name="Signature2", place=None)
    for made in (national, first, last):
        report = genuine("S-06", await judge(made))
        assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]


# -- S-01 to S-04 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("variant", spoiled(FILES[SEAL]))
async def test_spoiled_dictionary_is_refused(form: PdfProfile, variant: str) -> None:
    made = edit_dictionary(FILES[form], spoiled(FILES[form])[variant])
    assert made != FILES[form]
    report = await refused("S-01", made)
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
    assert report.sub_indication in {"FORMAT_FAILURE", "HASH_FAILURE"}


@pytest.mark.parametrize("form", [SEAL, CMS])
@pytest.mark.parametrize("variant", WELL_FORMED)
async def test_later_change_is_told(form: PdfProfile, variant: str) -> None:
    report = await refused("S-02", update(FILES[form], WELL_FORMED[variant]))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
    if report.signatures:
        assert report.signed_revision == FILES[form]  # the original is offered


@pytest.mark.parametrize("form", [SEAL, CMS])
async def test_second_seal_over_a_changed_page_does_not_heal_it(form: PdfProfile) -> None:
    changed = update(FILES[form], WELL_FORMED["content-replaced"])
    report = await refused("S-02", sealed(changed, form, field_name="Signature2", place=None))
    assert [one.conclusion for one in report.signatures] == ["changed", "genuine"]


def _wrapped(content: bytes, *, behind: bytes, moved: int = 0) -> bytes:
    """S-03: the second range moved by what is wrapped into the gap, a second /ByteRange among it."""
    start, end, length = (int(one) for one in re.findall(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", content)[-1])
    inside = b" /ByteRange [0 %d %d %d]" % (start, end + moved, length) + behind
    inside += b" " * (moved - len(inside))
    return content[:end] + inside + content[end:]


@pytest.mark.parametrize("form", FORMS)
async def test_wrapped_ranges_are_refused(form: PdfProfile) -> None:
    content = FILES[form]
    malicious = b"\n4 0 obj\n<< /Length 2 >>\nstream\nQ \nendstream\nendobj\n"
    for made in (
        _wrapped(content, behind=malicious, moved=300),
        _wrapped(content, behind=b"", moved=300),
        edit_dictionary(content, lambda found: found.replace(b">\n>>", b">" + b" " * 64 + b"\n>>")),
    ):
        assert told(await refused("S-03", made))[0] == "TOTAL-FAILED"


@pytest.mark.parametrize("form", [SEAL, CMS])
async def test_shadow_is_a_change(form: PdfProfile) -> None:
    genuine("S-04", await JUDGE(SHADOWED[form]))
    content = SHADOWED[form]
    text, _ = number_of(content, b"Proof of housing")
    _, start = number_of(content, b"second text in waiting")
    body = content[content.index(b"obj", start) + 3 : content.index(b"endobj", start)].strip()
    variants = (
        update(content, hide_by_removing),
        update(content, replace_value),
        raw_update(content, {text: body}),
        repoint(content, text, start),
    )
    for made in variants:
        report = await refused("S-04", made)
        assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


@pytest.mark.parametrize("form", FORMS)
async def test_no_octet_under_the_signature_may_change(form: PdfProfile) -> None:
    at = FILES[form].index(b"page 1)")
    made = FILES[form][:at] + b"P" + FILES[form][at + 1 :]
    report = await refused("S-01", made)
    assert told(report) == ("TOTAL-FAILED", "HASH_FAILURE")
    if form is SEAL:
        assert bad_steps(report) == {"digest": "digest-differs"}


# -- containers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "numbers", ["r-zero", "s-zero", "r-order", "s-order", "r-huge", "negative", "idle-octet", "bare"]
)
@pytest.mark.parametrize("form", [CMS, CMS_DIGEST])
async def test_numbers_out_of_range(form: PdfProfile, numbers: str) -> None:
    def signed(message: bytes) -> bytes:
        r, s = (int.from_bytes(one.content, "big") for one in only(KEY.sign(message)).items())
        return {
            "r-zero": tlv(SEQUENCE, integer(0), integer(s)),
            "s-zero": tlv(SEQUENCE, integer(r), integer(0)),
            "r-order": tlv(SEQUENCE, integer(ORDER), integer(s)),
            "s-order": tlv(SEQUENCE, integer(r), integer(ORDER)),
            "r-huge": tlv(SEQUENCE, integer(r + ORDER), integer(s)),
            "negative": tlv(SEQUENCE, integer(r - ORDER), integer(s)),
            "idle-octet": tlv(SEQUENCE, b"\x02\x22\x00" + r.to_bytes(33, "big"), integer(s)),
            "bare": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        }[numbers]

    def value(file: object) -> bytes:
        digest = file.digest("sm3")  # type: ignore[attr-defined]
        how = {"attributes": digest} if form is CMS else {"content": digest}
        return container(signed, (OWN,), **how)

    report = await refused("S-11", sealed(FILE, form, value=value, octets=4000))
    assert told(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


@pytest.mark.parametrize("form", FORMS)
async def test_wrong_user_id(form: PdfProfile) -> None:
    another = national_signer(Making(user_id=b"another user ID."))
    usual = national_signer()
    signer = replace(usual, sign=another.sign)  # the seal itself is as it should be
    report = await refused("S-11", sealed(FILE, form, signer))
    assert told(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


@pytest.mark.parametrize("form", FORMS)
async def test_another_key_than_the_certificates(form: PdfProfile) -> None:
    signer = replace(national_signer(), sign=sm2("another").sign)
    assert told(await refused("S-11", sealed(FILE, form, signer))) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


FOREIGN: dict[str, tuple[PdfProfile, Value]] = {
    "digest-of-other-bytes": (CMS, lambda _: container(KEY.sign, (OWN,), content=sm3(b"another document"))),
    "attribute-of-other-bytes": (CMS, lambda _: container(KEY.sign, (OWN,), attributes=sm3(b"another document"))),
    "stamp-of-other-bytes": (SEAL, lambda _: Making(digest=sm3(b"another document"), at=SIGNED_AT).stamp()),
}


@pytest.mark.parametrize("variant", FOREIGN)
async def test_digest_of_other_bytes(variant: str) -> None:
    form, value = FOREIGN[variant]
    report = await refused("S-11", sealed(FILE, form, value=value, octets=8000))
    assert told(report) == ("TOTAL-FAILED", "HASH_FAILURE")


async def test_signature_over_other_content_itself() -> None:
    def value(file: object) -> bytes:
        return container(KEY.sign, (OWN,), signed=covered(file) + b"more")

    report = await refused("S-11", sealed(FILE, CMS, value=value, octets=4000))
    assert told(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


SAYS_ANOTHER_THING = {
    "stamp-called-cms": (SEAL, SM2_CMS_SUB_FILTER),
    "cms-called-stamp": (CMS, SM2_SEAL_SUB_FILTER),
    "digest-called-stamp": (CMS_DIGEST, SM2_SEAL_SUB_FILTER),
    "stamp-called-pades": (SEAL, "ETSI.CAdES.detached"),
    "cms-called-pades": (CMS, "ETSI.CAdES.detached"),
    "cms-called-pkcs7": (CMS, "adbe.pkcs7.detached"),
    "stamp-called-nothing": (SEAL, "GM.sm2"),
}


@pytest.mark.parametrize("variant", SAYS_ANOTHER_THING)
async def test_sub_filter_says_one_thing_and_contents_another(variant: str) -> None:
    form, name = SAYS_ANOTHER_THING[variant]
    report = await refused("S-01", sealed(FILE, form, handler=Handler(NATIONAL_FILTER, name)))
    assert told(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    if name == SM2_SEAL_SUB_FILTER:
        assert bad_steps(report)["structure"]


async def test_pades_container_called_a_national_one() -> None:
    authority = PlainAuthority.make()
    made = press(authority).seal(FILE)
    for name in (b"GM.sm2seal         ", b"GM.sm2cms.detached "):
        renamed = edit_dictionary(made, lambda found, name=name: found.replace(b"ETSI.CAdES.detached", name))  # type: ignore[misc]
        report = forged("S-01", await FileJudge(authority)(renamed))
        assert told(report)[0] == "TOTAL-FAILED"


def _indefinite(der: bytes) -> bytes:
    return b"\x30\x80" + only(der).content + b"\x00\x00"


def _long_length(der: bytes) -> bytes:
    content = only(der).content
    return b"\x30\x84" + len(content).to_bytes(4, "big") + content


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "encoding", [_indefinite, _long_length, lambda der: der + b"\x05\x00"], ids=["ber", "long", "more"]
)
async def test_ber_where_der_is_due(form: PdfProfile, encoding: Callable[[bytes], bytes]) -> None:
    def value(file: object) -> bytes:
        digest = file.digest("sm3")  # type: ignore[attr-defined]
        if form is SEAL:
            return encoding(Making(digest=digest, at=SIGNED_AT).stamp())
        return encoding(container(KEY.sign, (OWN,), **({"attributes": digest} if form is CMS else {"content": digest})))

    report = await refused("S-11", sealed(FILE, form, value=value, octets=8000))
    assert told(report) == ("TOTAL-FAILED", "FORMAT_FAILURE")


# -- seals and signers -----------------------------------------------------------------------------------------------


def _listing(*names: str) -> Signers:
    return Signers(tuple(certificate(one) for one in names))


SEALS: dict[str, tuple[Making, dict[str, str], tuple[str, str]]] = {
    "expired": (
        Making(info=replace(INFO, signers=_listing("signer"), valid_to=SIGNED_AT + dt.timedelta(minutes=10))),
        {"seal-time": "seal-expired"},
        ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE"),
    ),
    "not-yet-valid": (
        Making(info=replace(INFO, signers=_listing("signer"), valid_from=SIGNED_AT + YEAR)),
        {"seal-time": "seal-not-yet-valid", "stamp-time": "stamp-outside-seal"},
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
    ),
    "signer-not-listed": (
        Making(info=replace(INFO, signers=_listing("another"))),
        {"signer-listed": "signer-not-listed"},
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE"),
    ),
}


@pytest.mark.parametrize("variant", SEALS)
async def test_seal_that_may_not_be_used(variant: str) -> None:
    making, steps, verdict = SEALS[variant]
    report = await refused("S-09", sealed(FILE, SEAL, national_signer(making)))
    assert bad_steps(report) == steps
    assert told(report) == verdict


async def test_seal_that_its_maker_did_not_sign() -> None:
    signer = national_signer()
    changed = replace(signer, seal=signer.seal.replace(b"<svg/>", b"<sVg/>"))
    report = await refused("S-09", sealed(FILE, SEAL, changed))
    assert bad_steps(report) == {"seal-signature": "signature"}
    assert told(report) == ("TOTAL-FAILED", "SIG_CRYPTO_FAILURE")


async def test_stamp_that_claims_a_time_to_come() -> None:
    report = await refused("S-14", sealed(FILE, SEAL, signed_at=FakeClock().now() + dt.timedelta(hours=2)))
    assert bad_steps(report) == {"stamp-time": "stamp-in-the-future"}


@pytest.mark.parametrize("form", FORMS)
async def test_signer_of_a_root_that_nobody_knows(form: PdfProfile) -> None:
    own = certificate("stranger", issuer="other-root")
    seal = national_signer(Making(info=replace(INFO, signers=Signers((own,)))))
    signer = replace(seal, certificates=(own,), sign=sm2("stranger").sign)
    report = await refused("S-09", sealed(FILE, form, signer))
    assert told(report) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    genuine("S-09", await NationalJudge(roots=(root("other-root"),))(sealed(FILE, form, signer)))


@pytest.mark.parametrize("form", FORMS)
def test_another_library_agrees_about_the_signature(form: PdfProfile) -> None:
    """What is under the signature and what signed it, by openssl."""
    (found,) = find(FILES[form])[0].signatures
    assert found.container is not None
    signed = found.container.signed  # type: ignore[union-attr]
    assert signed is not None
    assert openssl_accepts(subject_key(OWN), found.container.signature, signed)
    assert not openssl_accepts(subject_key(OWN), found.container.signature, signed + b"x")
