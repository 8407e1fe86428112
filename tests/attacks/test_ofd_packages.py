"""S-26: OFDs from strangers. Each attack has its own refusal, beside a genuine twin."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.ofd.judge import PackageJudge, SignatureVerdict
from signing.ofd.package import LARGEST_FILE, PackageRefused, located, read_package
from signing.ofd.signatures import read_signatures
from signing.ofd.xml import NAMESPACE
from tests.support.eseal_world import NOW, Making, judge
from tests.support.ofd_world import HEAD, LIST, PAGE, SPACE, Files, document, sealed, zipped

GOOD = sealed(document(), Making())


async def judged(files: Files) -> Sequence[SignatureVerdict]:
    package = read_package(zipped(files))
    return await PackageJudge(judge()).judge(package, read_signatures(package), now=NOW)


def refused(content: bytes) -> str:
    with pytest.raises(PackageRefused) as wrong:
        read_signatures(read_package(content))
    return wrong.value.code


# -- genuine ---------------------------------------------------------------------------------------------------------


async def test_a_sealed_package_is_good_and_so_is_each_of_several_seals() -> None:
    (only,) = await judged(GOOD)
    assert only.good
    assert only.signature.annotations[0].boundary == "120 200 42 42"
    first, second = await judged(sealed(GOOD, Making(), number=1))
    assert first.good
    assert second.good


def test_a_package_without_signatures_has_none() -> None:
    files = document()
    files["/OFD.xml"] = files["/OFD.xml"].replace(f"<ofd:Signatures>{LIST}</ofd:Signatures>".encode(), b"")
    assert read_signatures(read_package(zipped(files))).path is None


def drafted(files: Files, path: str = "/OFD.xml") -> Files:
    """The same with one file in the namespace of the standard's drafts."""
    return files | {path: files[path].replace(b"ofdspec.org/2016", b"ofdspec.org")}


async def test_a_package_whose_front_is_of_the_drafts_is_judged_as_any_other() -> None:
    made = sealed(drafted(document()), Making())
    (only,) = await judged(made)
    assert only.good
    (changed,) = await judged(made | {"/OFD.xml": made["/OFD.xml"] + b" "})
    assert changed.changed == ("/OFD.xml",)
    (turned,) = await judged(drafted(GOOD))
    assert turned.changed == ("/OFD.xml",)
    (extra,) = await judged(made | {"/extra": b"added"})
    assert not extra.good


@pytest.mark.parametrize("path", [LIST, "/Doc_0/Signs/Sign_0/Signature.xml"])
def test_what_is_signed_is_in_the_standard_s_own_namespace(path: str) -> None:
    old = sealed(drafted(document()), Making(), xml=lambda text: text.replace("/2016", ""))
    assert refused(zipped(drafted(old, path))) == "xml"
    assert refused(zipped(drafted(GOOD, path))) == "xml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</ofd:DocBody>", "<n:Signatures>/Other.xml</n:Signatures></ofd:DocBody>"),
        ("</ofd:OFD>", "<n:DocBody><n:DocRoot>Doc_0/Document.xml</n:DocRoot></n:DocBody></ofd:OFD>"),
        ('Version="1.1"', 'Version="2.0"'),
        ('"http://www.ofdspec.org"', '"http://www.ofdspec.org/2015"'),
    ],
)
def test_a_front_of_the_drafts_says_one_thing_only(old: str, new: str) -> None:
    """Two lists or two documents, one in each namespace, are two: readers would take either."""
    front = drafted(document())["/OFD.xml"].decode().replace("<ofd:OFD", f'<ofd:OFD xmlns:n="{NAMESPACE}"')
    assert read_signatures(read_package(zipped(sealed(document() | {"/OFD.xml": front.encode()}, Making())))).signatures
    changed = document() | {"/OFD.xml": front.replace(old, new).encode()}
    assert refused(zipped(sealed(changed, Making()))) == "xml"


# -- changed after signing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/OFD.xml", "/Doc_0/Document.xml", PAGE, "/Doc_0/Signs/Sign_0/Seal.esl"])
async def test_a_changed_file_is_named(path: str) -> None:
    (verdict,) = await judged(GOOD | {path: GOOD[path] + b" "})
    assert verdict.changed == (path,)
    assert not verdict.good


async def test_a_file_that_is_gone_is_named() -> None:
    (verdict,) = await judged({path: content for path, content in GOOD.items() if path != PAGE})
    assert verdict.changed == (PAGE,)


@pytest.mark.parametrize("path", ["/Doc_0/Pages/Page_1/Content.xml", "/Doc_0/Signs/Sign_9/x.xml", "/extra"])
async def test_a_file_that_no_signature_protects_is_named(path: str) -> None:
    (verdict,) = await judged(GOOD | {path: b"added"})
    assert verdict.unprotected == (path,)
    assert not verdict.good


async def test_a_signature_that_never_protected_the_page() -> None:
    (verdict,) = await judged(sealed(document(), Making(), leave_out=[PAGE]))
    assert verdict.stamp is not None
    assert verdict.stamp.good, "the stamp itself is genuine"
    assert verdict.unprotected == (PAGE,)
    assert not verdict.good


async def test_a_later_signature_is_under_no_earlier_one_but_the_earlier_is_under_it() -> None:
    both = sealed(GOOD, Making(), number=1)
    first, second = await judged(both | {"/Doc_0/Signs/Sign_0/SignedValue.dat": b"gone"})
    assert first.stamp is not None
    assert first.stamp.bad
    assert second.changed == ("/Doc_0/Signs/Sign_0/SignedValue.dat",)


async def test_the_list_of_protected_files_cannot_be_rewritten() -> None:
    path = "/Doc_0/Signs/Sign_0/Signature.xml"
    shorter = GOOD[path].replace(
        b'<ofd:Reference FileRef="/Doc_0/Document.xml">', b'<ofd:Reference FileRef="/nowhere">'
    )
    (verdict,) = await judged(GOOD | {path: shorter})
    assert verdict.stamp is not None
    assert [step.reason for step in verdict.stamp.steps if step.reason] == ["digest-differs"]


async def test_a_stamp_of_another_signature_does_not_fit() -> None:
    (verdict,) = await judged(sealed(document(), Making(), subject="/Doc_0/Signs/Sign_7/Signature.xml"))
    assert verdict.faults == ("subject",)


async def test_the_seal_beside_the_stamp_is_the_stamps_own() -> None:
    other = Making(maker="maker-of-others").seal()
    (verdict,) = await judged(GOOD | {"/Doc_0/Signs/Sign_0/Seal.esl": other})
    assert verdict.faults == ("seal-file",)


@pytest.mark.parametrize("method", ["MD5", "SHA1", "1.3.14.3.2.26"])
async def test_digests_that_do_not_count(method: str) -> None:
    def weak(text: str) -> str:
        return text.replace('CheckMethod="1.2.156.10197.1.401"', f'CheckMethod="{method}"')

    (verdict,) = await judged(sealed(document(), Making(), xml=weak))
    assert verdict.faults == ("digest-method",)
    assert not verdict.good


async def test_a_signature_without_a_seal_is_not_called_good() -> None:
    listed = GOOD[LIST].replace(b'Type="Seal"', b'Type="Sign"')
    (verdict,) = await judged(GOOD | {LIST: listed})
    assert verdict.faults == ("kind",)
    assert not verdict.good


# -- XML that can be read in two ways --------------------------------------------------------------------------------


def test_a_file_that_is_protected_twice() -> None:
    assert refused(zipped(sealed(document(), Making(), twice=PAGE))) == "xml"
    assert read_signatures(read_package(zipped(GOOD))).signatures


@pytest.mark.parametrize(
    "xml",
    [
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ofd:OFD {SPACE}>&e;</ofd:OFD>',
        f'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><ofd:OFD {SPACE}>&b;</ofd:OFD>',
        f'<!doctype x SYSTEM "http://127.0.0.1/x"><ofd:OFD {SPACE}/>',
        f"<ofd:OFD {SPACE}><ofd:DocBody/><ofd:DocBody/></ofd:OFD>",
        f"<ofd:OFD {SPACE}>",
        '<ofd:OFD xmlns:ofd="urn:other"/>',
        "<OFD/>",
        f"<ofd:Document {SPACE}/>",
        f"<ofd:OFD {SPACE}><ofd:DocBody>{2 * '<ofd:Signatures>a</ofd:Signatures>'}</ofd:DocBody></ofd:OFD>",
        f"<ofd:OFD {SPACE}><ofd:DocBody><ofd:Signatures>a<ofd:X/></ofd:Signatures></ofd:DocBody></ofd:OFD>",
    ],
)
def test_a_root_that_is_not_one_plain_document(xml: str) -> None:
    assert refused(zipped(GOOD | {"/OFD.xml": (HEAD + xml).encode()})) == "xml"


def test_an_encoding_that_would_hide_a_document_type() -> None:
    hidden = f'<!DOCTYPE x [<!ENTITY e "x">]><ofd:OFD {SPACE}/>'
    assert refused(zipped(GOOD | {"/OFD.xml": hidden.encode("utf-16")})) == "xml"
    utf7 = '<?xml version="1.0" encoding="UTF-7"?>' + hidden.replace("<!", "+ADwAIQ-")
    assert refused(zipped(GOOD | {"/OFD.xml": utf7.encode()})) == "xml"


@pytest.mark.parametrize("number", [2, 3])
def test_a_signature_that_is_listed_twice(number: int) -> None:
    entry = b'<ofd:Signature ID="%d" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/>' % number
    listed = GOOD[LIST].replace(b"</ofd:Signatures>", entry + b"</ofd:Signatures>")
    assert refused(zipped(GOOD | {LIST: listed})) == "xml"


# -- the ZIP ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "Doc_0/../../evil",
        "/etc/passwd",
        "..\\evil",
        "C:/evil",
        "a//b",
        "./a",
        "Doc_0/./a",
        "a\x01b",
        "a" * 2000,
    ],
)
def test_names_that_lead_elsewhere(name: str) -> None:
    assert refused(zipped(GOOD, (name, b"x"))) == "entry-name"


@pytest.mark.parametrize("name", ["OFD.xml", "ofd.XML", "ＯFD.xml"])
def test_names_that_stand_there_twice(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert refused(zipped(GOOD, (name, b"x"))) == "entry-twice"


def test_a_location_that_leads_out_of_the_package() -> None:
    assert located("/Doc_0/Signs/Signatures.xml", "Sign_0/Signature.xml") == "/Doc_0/Signs/Sign_0/Signature.xml"
    listed = GOOD[LIST].replace(b'BaseLoc="/Doc_0', b'BaseLoc="/../Doc_0')
    assert refused(zipped(GOOD | {LIST: listed})) == "entry-name"


def test_a_bomb() -> None:
    assert refused(zipped(document() | {"/big": bytes(LARGEST_FILE // 2)})) == "too-large"
    assert read_package(zipped(document() | {"/fine": bytes(1 << 20)})).files["/fine"] == bytes(1 << 20)


def _encrypted(content: bytes) -> bytes:
    return content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00", 1)


def _sizes_lie(content: bytes) -> bytes:
    place = content.rindex(b"PK\x01\x02")
    return content[: place + 24] + struct.pack("<I", 1) + content[place + 28 :]


def _overlapping(content: bytes) -> bytes:
    place = content.rindex(b"PK\x01\x02")
    return content[: place + 42] + struct.pack("<I", 0) + content[place + 46 :]


def _odd_method(_: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("OFD.xml", GOOD["/OFD.xml"])
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: b"%PDF-1.7\n" + content, "not-a-package"),
        (lambda content: b"", "not-a-package"),
        (lambda content: content[: len(content) // 2], "damaged"),
        (_encrypted, "encrypted"),
        (_sizes_lie, "damaged"),
        (_overlapping, "damaged"),
        (_odd_method, "method"),
    ],
)
def test_zips_that_are_no_package(change: Callable[[bytes], bytes], code: str) -> None:
    assert refused(change(zipped(GOOD))) == code


_ZIPPED = zipped(GOOD)


@settings(deadline=None, max_examples=60)
@given(position=st.integers(0, len(_ZIPPED) - 1), change=st.integers(1, 255))
async def test_no_changed_octet_shows_another_good_package(position: int, change: int) -> None:
    changed = bytearray(_ZIPPED)
    changed[position] ^= change
    try:
        package = read_package(bytes(changed))
        listed = read_signatures(package)
        verdicts = await PackageJudge(judge()).judge(package, listed, now=NOW)
    except PackageRefused:
        return
    # what the ZIP says of an entry beside name and content (a date, an attribute) is of no matter
    assert package.files == GOOD or not all(one.good for one in verdicts) or not verdicts


@pytest.mark.parametrize(("name", "code"), [("a.xml", None), ("甲.xml", "damaged")])
def test_a_mark_for_utf8_that_stands_in_one_place_only(name: str, code: str | None) -> None:
    """Public samples have it in the headers before the data alone; without it a name that is not ASCII is another."""
    content = bytearray(zipped(document() | {f"/{name}": b"<a/>"}))
    directory = content.find(b"PK\x01\x02")
    at = content.find(b"PK\x03\x04")
    while 0 <= at < directory:
        content[at + 7] ^= 0x08
        at = content.find(b"PK\x03\x04", at + 4)
    if code is None:
        assert f"/{name}" in read_package(bytes(content)).files
        return
    with pytest.raises(PackageRefused) as wrong:
        read_package(bytes(content))
    assert wrong.value.code == code
