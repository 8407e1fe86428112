"""S-26: packages that are brought to be sealed, and sealed ones that were tampered with; each beside a genuine twin."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest

from core.errors import InvalidInput
from core.files.reading import whole
from signing.ofd.seal.plan import OfdWish, check_ofd, plan_seal
from signing.ofd.seal.stamp import stamp
from signing.ofd.signatures import MOST_SIGNATURES
from signing.places import Placement
from tests.support.eseal_world import NOW
from tests.support.national_forms import national_form
from tests.support.ofd_sealing import entries_of, judged, package, pages, recomputed
from tests.support.ofd_world import Files, zipped
from tests.support.signing_world import seal_image

LIST = "/Doc_0/Signs/Signatures.xml"
PAGE = "/Doc_0/Pages/Page_1/Content.xml"
LIMIT = 100_000_000


def sealed(ofd: bytes, *, closed: bool = False) -> bytes:
    wish = OfdWish((Placement(1, 120, 200),), seal_image(), national_form().seal, "20261126080000Z", closed, LIMIT)
    return whole(stamp(plan_seal(ofd, wish), national_form(), NOW).finished(ofd))


def refused(ofd: bytes) -> str:
    """The same, whether it is to be sealed or only asked about."""
    with pytest.raises(InvalidInput) as wrong:
        sealed(ofd)
    with pytest.raises(InvalidInput) as asked:
        check_ofd(ofd, LIMIT)
    assert wrong.value.code == asked.value.code
    return wrong.value.code


async def holds(ofd: bytes) -> list[bool]:
    """Both opinions, which must be one."""
    ours = [one.good for one in await judged(ofd)]
    assert all(not one.faults for one in recomputed(ofd)) or not all(ours)
    return ours


ONCE = entries_of(sealed(package(2)))
TWICE = entries_of(sealed(sealed(package(2))))


async def test_the_twins_are_sealed_and_hold() -> None:
    assert await holds(zipped(ONCE)) == [True]
    assert await holds(zipped(TWICE)) == [True, True]
    assert await holds(sealed(zipped(TWICE))) == [True, True, True]


# -- tampered with between two seals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/OFD.xml", "/Doc_0/Document.xml", PAGE, "/Doc_0/Signs/Sign_0/Seal.esl"])
def test_what_was_changed_under_a_seal_gets_no_other(path: str) -> None:
    assert refused(zipped(ONCE | {path: ONCE[path] + b" "})) == "ofd-signature-broken"


def test_what_was_taken_away_under_a_seal() -> None:
    gone = {path: content for path, content in ONCE.items() if path != PAGE}
    assert refused(zipped(gone)) in ("ofd-signature-broken", "ofd-damaged")


async def test_a_file_that_was_added_is_under_the_new_seal_and_told_of_the_old_one() -> None:
    first, second = await judged(sealed(zipped(ONCE | {"/Doc_0/Res/added": b"x"})))
    assert first.unprotected == ("/Doc_0/Res/added",)
    assert not first.good
    assert second.good


def _without_first(files: Files) -> Files:
    kept = {path: content for path, content in files.items() if "/Sign_0/" not in path}
    listed = files[LIST].decode()
    start = listed.index('<ofd:Signature ID="s001"')
    return kept | {LIST: (listed[:start] + listed[listed.index("/>", start) + 2 :]).encode()}


async def test_a_signature_that_was_taken_away_is_missed_by_the_one_behind_it() -> None:
    shorter = zipped(_without_first(TWICE))
    (left,) = await judged(shorter)
    assert "/Doc_0/Signs/Sign_0/Signature.xml" in left.changed
    assert refused(shorter) == "ofd-signature-broken"


async def test_a_list_in_another_order_makes_nobody_good_who_did_not_protect_the_other() -> None:
    listed = TWICE[LIST]
    swapped = listed.replace(b"Sign_0", b"Sign_x").replace(b"Sign_1", b"Sign_0").replace(b"Sign_x", b"Sign_1")
    by_path = {one.signature.path: one.good for one in await judged(zipped(TWICE | {LIST: swapped}))}
    assert by_path["/Doc_0/Signs/Sign_0/Signature.xml"] is False


async def test_the_seal_of_another_document() -> None:
    other = entries_of(sealed(package(3)))
    pasted = pages(2) | {path: content for path, content in other.items() if "/Signs/" in path}
    pasted |= {"/OFD.xml": other["/OFD.xml"]}
    (verdict,) = await judged(zipped(pasted))
    assert not verdict.good
    assert "/Doc_0/Document.xml" in verdict.changed
    assert refused(zipped(pasted)) == "ofd-signature-broken"


# -- lists and descriptions that can be read in two ways ---------------------------------------------------------------


def _listed_twice(files: Files) -> Files:
    entry = b'<ofd:Signature ID="s009" Type="Seal" BaseLoc="/Doc_0/Signs/Sign_0/Signature.xml"/></ofd:Signatures>'
    return files | {LIST: files[LIST].replace(b"</ofd:Signatures>", entry)}


def _outside(files: Files) -> Files:
    return files | {LIST: files[LIST].replace(b'BaseLoc="/Doc_0', b'BaseLoc="/../Doc_0')}


def _two_documents(files: Files) -> Files:
    root = files["/OFD.xml"].decode()
    body = root[root.index("<ofd:DocBody>") : root.index("</ofd:DocBody>") + len("</ofd:DocBody>")]
    return files | {"/OFD.xml": root.replace(body, body + body).encode()}


def _entity(files: Files) -> Files:
    content = files["/Doc_0/Document.xml"].decode()
    head, rest = content.split("\n", 1)
    return files | {"/Doc_0/Document.xml": f'{head}<!DOCTYPE x [<!ENTITY e "x">]>{rest}'.encode()}


def _of_the_drafts(files: Files) -> Files:
    return files | {"/OFD.xml": files["/OFD.xml"].replace(b"ofdspec.org/2016", b"ofdspec.org")}


def _counts_backwards(files: Files) -> Files:
    listed = files[LIST].replace(b">1</ofd:MaxSignId>", b">1</ofd:MaxSignId><ofd:MaxSignId>0</ofd:MaxSignId>")
    return files | {LIST: listed}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_listed_twice, "ofd-xml"),
        (_outside, "ofd-entry-name"),
        (_two_documents, "ofd-documents"),
        (_entity, "ofd-xml"),
        (_of_the_drafts, "ofd-xml"),
    ],
)
def test_packages_that_are_not_sealed(change: Callable[[Files], Files], code: str) -> None:
    assert refused(zipped(change(ONCE))) == code


def test_a_count_that_stands_there_twice() -> None:
    with pytest.raises(InvalidInput) as wrong:
        sealed(zipped(_counts_backwards(ONCE)))
    assert wrong.value.code == "ofd-xml"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(60), package()[:-30]])
def test_what_is_no_archive(content: bytes) -> None:
    assert refused(content).startswith("ofd-")


async def test_a_name_that_would_write_itself_into_the_description() -> None:
    name = '/Doc_0/Res/x"/><Reference FileRef="&amp;'
    made = sealed(zipped(pages(1) | {name: b"x"}))
    assert await holds(made) == [True]
    assert entries_of(made)[name] == b"x"


def test_names_that_each_reader_decodes_by_a_table_of_its_own() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in (pages(1) | {"/Doc_0/ae.bin": b"x"}).items():
            archive.writestr(zipfile.ZipInfo(path[1:]), content)
    assert check_ofd(out.getvalue(), LIMIT)
    assert refused(out.getvalue().replace(b"Doc_0/ae.bin", b"Doc_0/\xd5\xc2.bin")) == "ofd-entry-name"


async def test_digests_that_do_not_count_bind_nobody_and_are_told() -> None:
    """An earlier signature by MD5 is not good, whatever is done to the package; a new one says nothing for it."""
    path = "/Doc_0/Signs/Sign_0/Signature.xml"
    weak = ONCE[path].replace(b"1.2.156.10197.1.401", b"MD5")
    first, second = await judged(sealed(zipped(ONCE | {path: weak})))
    assert not first.good
    assert second.good


def test_a_closed_package_is_closed_also_when_its_list_is_rewritten() -> None:
    closed = entries_of(sealed(package(), closed=True))
    assert refused(zipped(closed)) == "ofd-locked"
    longer = closed[LIST].replace(b"MaxSignId>1<", b"MaxSignId>7<")
    assert refused(zipped(closed | {LIST: longer})) == "ofd-locked"


# -- what nobody could verify afterwards -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Seal.esl", "SignedValue.dat"])
def test_an_earlier_signature_with_a_part_of_it_gone_gets_no_other(name: str) -> None:
    """The whole package would be refused by whoever verifies it, the new seal with it."""
    path = f"/Doc_0/Signs/Sign_0/{name}"
    assert refused(zipped({one: content for one, content in ONCE.items() if one != path})) in (
        "ofd-damaged",
        "ofd-signature-broken",
    )


def test_an_earlier_signed_value_beyond_all_bounds() -> None:
    assert refused(zipped(ONCE | {"/Doc_0/Signs/Sign_0/SignedValue.dat": bytes(5 << 20)})) == "ofd-too-large"


async def test_a_version_that_is_none_is_not_sealed_also_where_nobody_signed() -> None:
    plain = pages(1)
    assert b'Version="1.1"' in plain["/OFD.xml"]
    other = plain["/OFD.xml"].replace(b'Version="1.1"', b'Version="9.0"')
    assert refused(zipped(plain | {"/OFD.xml": other})) == "ofd-xml"
    older = plain["/OFD.xml"].replace(b'Version="1.1"', b'Version="1.0"')
    assert await holds(sealed(zipped(plain | {"/OFD.xml": older}))) == [True]


def test_no_more_signatures_than_are_verified() -> None:
    listed = "".join(
        f'<ofd:Signature ID="s{number:03d}" Type="Seal" BaseLoc="/Doc_0/Signs/Old_{number}/Signature.xml"/>'
        for number in range(2, MOST_SIGNATURES + 1)
    )
    earlier = ONCE["/Doc_0/Signs/Sign_0/Signature.xml"]
    assert ONCE[LIST].endswith(b"</ofd:Signatures>\n")
    full = ONCE | {LIST: ONCE[LIST].replace(b"</ofd:Signatures>", listed.encode() + b"</ofd:Signatures>")}
    full |= {f"/Doc_0/Signs/Old_{number}/Signature.xml": earlier for number in range(2, MOST_SIGNATURES + 1)}
    assert refused(zipped(full)) == "ofd-too-large"
