"""S-26 through the open entry: OFDs from strangers, each refused for its own reason, beside a genuine twin."""

from __future__ import annotations

import datetime as dt
import io
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core.db.database import Database
from keys.der import SEQUENCE, only, tlv
from signing.eseal.model import Signers
from tests.support.clock import FakeClock
from tests.support.eseal_world import NOW, YEAR, Making, certificate, root, with_numbers
from tests.support.ofd_verify_world import office_of, open_to_everyone, told
from tests.support.ofd_world import LIST, PAGE, SPACE, Files, document, sealed, zipped
from tests.support.tally import forged, genuine

ROW = "S-26"
GOOD = sealed(document(), Making())
SIGNED, VALUE = "/Doc_0/Signs/Sign_0/Signature.xml", "/Doc_0/Signs/Sign_0/SignedValue.dat"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


@pytest.fixture
async def http(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with open_to_everyone(office_of(sqlite_database, clock), tmp_path) as http:
        yield http


async def refused(http: httpx.AsyncClient, content: bytes) -> dict[str, Any]:
    report = await told(http, content)
    forged(ROW, SimpleNamespace(conclusion=report["conclusion"]))
    assert report["indication"] != "TOTAL-PASSED"
    return report


async def accepted(http: httpx.AsyncClient, content: bytes) -> dict[str, Any]:
    report = await told(http, content)
    genuine(ROW, SimpleNamespace(conclusion=report["conclusion"]))
    assert (report["indication"], report["conclusion"], report["format"]) == ("TOTAL-PASSED", "genuine", "ofd"), report
    return report


# -- the archive and its XML -----------------------------------------------------------------------------------------


def entry(name: str, content: bytes = b"x", **attributes: Any) -> tuple[zipfile.ZipInfo, bytes]:
    made = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made, content


def with_entry(name: str, content: bytes = b"x", **attributes: Any) -> bytes:
    out = io.BytesIO(zipped(GOOD))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(*entry(name, content, **attributes))
    return out.getvalue()


def directory_of(content: bytes) -> int:
    return int(struct.unpack_from("<I", content, len(content) - 6)[0])


def moved(content: bytes, at: int, more: bytes) -> bytes:
    """More octets inside the file, and every offset behind them put right: readers that go by the directory see nothing
    of it."""
    start = directory_of(content)
    body, directory, end = content[:start], bytearray(content[start:-22]), content[-22:]
    place = 0
    while place < len(directory):
        names = sum(struct.unpack_from("<3H", directory, place + 28))
        (offset,) = struct.unpack_from("<I", directory, place + 42)
        if offset >= at:
            struct.pack_into("<I", directory, place + 42, offset + len(more))
        place += 46 + names
    return body[:at] + more + body[at:] + bytes(directory) + end[:16] + struct.pack("<I", start + len(more)) + end[20:]


def between_entries() -> bytes:
    content = zipped(GOOD)
    return moved(content, content.index(b"PK\x03\x04", 4), b"hidden")


def before_the_directory() -> bytes:
    content = zipped(GOOD)
    return moved(content, directory_of(content), b"hidden")


def in_a_comment() -> bytes:
    out = io.BytesIO(zipped(GOOD))
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"hidden"
    return out.getvalue()


def behind_the_deflated_data() -> bytes:
    """The compressed data end early, and something follows them inside the entry."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(GOOD[PAGE]) + packed.flush() + b"hidden"
    out = io.BytesIO(zipped({path: content for path, content in GOOD.items() if path != PAGE}))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(PAGE[1:]), data)
    content = bytearray(out.getvalue())
    name = PAGE[1:].encode()
    local, central = content.rindex(name, 0, directory_of(bytes(content))) - 30, content.rindex(name) - 46
    for place, method, crc in ((local, 8, 14), (central, 10, 16)):
        struct.pack_into("<H", content, place + method, 8)
        struct.pack_into("<3I", content, place + crc, zlib.crc32(GOOD[PAGE]), len(data), len(GOOD[PAGE]))
    return bytes(content)


def changed_in_the_directory(field: int, form: str, value: int) -> bytes:
    content = bytearray(zipped(GOOD))
    struct.pack_into(form, content, content.rindex(b"PK\x01\x02") + field, value)
    return bytes(content)


def another_name_in_front() -> bytes:
    content = zipped(GOOD)
    return content.replace(b"Doc_0/Document.xml", b"Doc_0/Document.xmk", 1)


def zip64_end() -> bytes:
    content = zipped(GOOD)
    locator = b"PK\x06\x07" + bytes(16)
    record = b"PK\x06\x06" + bytes(52)
    return content[:-22] + record + locator + content[-22:]


def second_name() -> bytes:
    unicode_path = struct.pack("<2HBI", 0x7075, 5 + 5, 1, 0) + b"other"
    return with_entry("Doc_0/x", extra=unicode_path)


def name_of_no_alphabet() -> bytes:
    content = with_entry("Doc_0/章.xml")  # the mark for UTF-8 taken off again, so that each reads it in its own page
    spelled = "Doc_0/章.xml".encode()
    changed = bytearray(content)
    for place, flags in ((content.index(spelled) - 30, 6), (content.rindex(spelled) - 46, 8)):
        struct.pack_into("<H", changed, place + flags, 0)
    return bytes(changed)


def twice() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever wrote this meant it
        return zipped(GOOD, ("OFD.xml", GOOD["/OFD.xml"]))


def link() -> bytes:
    return with_entry("Doc_0/link", b"/etc/passwd", create_system=3, external_attr=(stat.S_IFLNK | 0o777) << 16)


def folder_with_content() -> bytes:
    content = with_entry("Doc_0/xy")
    return content.replace(b"Doc_0/xy", b"Doc_0/x/")


def encrypted() -> bytes:
    return changed_in_the_directory(8, "<H", 1)


def two_documents() -> Files:
    body = GOOD["/OFD.xml"]
    second = b"<ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo></ofd:DocBody></ofd:OFD>"
    return GOOD | {"/OFD.xml": body.replace(b"</ofd:OFD>", second)}


def listed_twice() -> Files:
    again = f'<ofd:Signature ID="2" Type="Seal" BaseLoc="{SIGNED}"/></ofd:Signatures>'.encode()
    return GOOD | {LIST: GOOD[LIST].replace(b"</ofd:Signatures>", again)}


def root_with(old: str, new: str) -> Files:
    return GOOD | {"/OFD.xml": GOOD["/OFD.xml"].replace(old.encode(), new.encode())}


ENTITIES = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
PACKAGES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "zip-slip": ("entry-name", lambda: zipped(GOOD, ("../../evil", b"x"))),
    "zip-slip-folder": ("entry-name", lambda: with_entry("../evil/", b"")),
    "absolute-name": ("entry-name", lambda: zipped(GOOD, ("/etc/cron.d/x", b"x"))),
    "backslash": ("entry-name", lambda: zipped(GOOD, ("..\\evil", b"x"))),
    "name-of-no-alphabet": ("entry-name", name_of_no_alphabet),
    "second-name": ("entry-name", second_name),
    "twice": ("entry-twice", twice),
    "case": ("entry-twice", lambda: zipped(GOOD, ("ofd.XML", b"x"))),
    "file-and-folder": ("entry-twice", lambda: zipped(GOOD, ("Doc_0", b"x"))),
    "link": ("entry-kind", link),
    "folder-with-content": ("entry-kind", folder_with_content),
    "encrypted": ("encrypted", encrypted),
    "before-the-archive": ("not-a-package", lambda: b"MZ" + zipped(GOOD)),
    "behind-the-archive": ("hidden-data", lambda: zipped(GOOD) + b"hidden"),
    "between-entries": ("hidden-data", between_entries),
    "before-the-directory": ("hidden-data", before_the_directory),
    "in-a-comment": ("hidden-data", in_a_comment),
    "behind-the-deflated-data": ("hidden-data", behind_the_deflated_data),
    "zip64-size": ("zip64", lambda: changed_in_the_directory(24, "<I", 0xFFFFFFFF)),
    "zip64-end": ("zip64", zip64_end),
    "size-lies": ("damaged", lambda: changed_in_the_directory(24, "<I", 1)),
    "name-differs": ("damaged", another_name_in_front),
    "cut": ("damaged", lambda: zipped(GOOD)[:-30]),
    "odd-method": ("method", lambda: changed_in_the_directory(10, "<H", 12)),
    "bomb": ("too-large", lambda: zipped(GOOD | {"/big": bytes(48 << 20)})),
    "entities": ("xml-entities", lambda: zipped(root_with("<ofd:OFD", ENTITIES + "<ofd:OFD"))),
    "laughs": ("xml-entities", lambda: zipped(root_with("<ofd:OFD", LAUGHS + "<ofd:OFD"))),
    "utf-16": ("xml-entities", lambda: zipped(GOOD | {"/OFD.xml": GOOD["/OFD.xml"].decode().encode("utf-16")})),
    "deep-xml": ("xml", lambda: zipped(GOOD | {LIST: (f"<ofd:Signatures {SPACE}>" + "<a>" * 100_000).encode()})),
    "other-namespace": ("xml", lambda: zipped(root_with("www.ofdspec.org/2016", "www.ofdspec.org/2099"))),
    "version": ("version", lambda: zipped(root_with('Version="1.1"', 'Version="9.0"'))),
    "no-version": ("version", lambda: zipped(root_with(' Version="1.1"', ""))),
    "two-documents-one-signed": ("documents", lambda: zipped(two_documents())),
    "signature-listed-twice": ("listed-twice", lambda: zipped(listed_twice())),
    "file-listed-twice": ("listed-twice", lambda: zipped(sealed(document(), Making(), twice=PAGE))),
    "signed-value-gone": ("damaged", lambda: zipped({path: one for path, one in GOOD.items() if path != VALUE})),
}


async def test_a_genuine_one_is_accepted_with_all_ten_steps(http: httpx.AsyncClient) -> None:
    (signature,) = (await accepted(http, zipped(GOOD)))["signatures"]
    assert [step["state"] for step in signature["national_stamp"]["steps"]] == ["good"] * 10
    assert signature["files"] == {"protected": 4, "changed": [], "unprotected": [], "pages": [], "seen_on": [1]}


@pytest.mark.parametrize("name", PACKAGES)
async def test_what_is_read_in_two_ways_is_refused_by_its_own_word(name: str, http: httpx.AsyncClient) -> None:
    word, make = PACKAGES[name]
    report = await refused(http, make())
    assert report["refusal"] == word
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert report["signatures"] == []


def streamed() -> bytes:
    """As writers make it that cannot go back: sizes stand behind the data."""

    class NoSeek(io.RawIOBase):
        def __init__(self) -> None:
            self.out = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.out += bytes(data)
            return len(data)

    pipe = NoSeek()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in GOOD.items():
            archive.writestr(path[1:], content)
    return pipe.out


TWINS: dict[str, Callable[[], bytes]] = {
    "sizes-behind-the-data": streamed,
    "with-folders": lambda: with_entry("Doc_0/Res/", b""),
    "stored": lambda: zipped_by(zipfile.ZIP_STORED),
    "version-1.0": lambda: zipped(sealed(versioned("1.0"), Making())),
    "version-1.2": lambda: zipped(sealed(versioned("1.2"), Making())),
    "name-in-chinese": lambda: zipped(sealed(document() | {"/Doc_0/附件.xml": b"<a/>"}, Making())),
    "large-file": lambda: zipped(sealed(document() | {"/Doc_0/Res/x.bin": bytes(1 << 20)}, Making())),
    "two-seals": lambda: zipped(sealed(GOOD, Making(), number=1)),
}


def versioned(number: str) -> Files:
    plain = document()
    return plain | {"/OFD.xml": plain["/OFD.xml"].replace(b'Version="1.1"', f'Version="{number}"'.encode())}


def zipped_by(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for path, content in GOOD.items():
            archive.writestr(path[1:], content)
    return out.getvalue()


@pytest.mark.parametrize("name", TWINS)
async def test_what_honest_writers_make_is_accepted(name: str, http: httpx.AsyncClient) -> None:
    await accepted(http, TWINS[name]())


async def test_an_archive_that_is_no_ofd_is_told_so(http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped({"/word/document.xml": b"<a/>"}))
    assert (report["refusal"], report["indication"]) == ("not-an-ofd", "INDETERMINATE")
    plain = document()
    plain["/OFD.xml"] = plain["/OFD.xml"].replace(f"<ofd:Signatures>{LIST}</ofd:Signatures>".encode(), b"")
    report = await refused(http, zipped(plain))
    assert (report["conclusion"], report["refusal"]) == ("not-signed", None)


async def test_a_pdf_that_is_an_archive_too_is_judged_as_the_pdf_that_it_shows(http: httpx.AsyncClient) -> None:
    report = await refused(http, b"%PDF-1.7\n" + zipped(GOOD))
    assert report["format"] == "pdf"


# -- what the signatures cover ---------------------------------------------------------------------------------------


def in_the_drafts(files: Files, *paths: str) -> Files:
    return files | {path: files[path].replace(b"ofdspec.org/2016", b"ofdspec.org") for path in paths}


async def test_a_document_of_the_drafts_under_signatures_of_the_standard(http: httpx.AsyncClient) -> None:
    old = in_the_drafts(document(), "/OFD.xml", "/Doc_0/Document.xml", PAGE)
    made = sealed(old, Making())
    report = await accepted(http, zipped(made))
    assert report["signatures"][0]["files"]["seen_on"] == [1]
    changed = await refused(http, zipped(made | {PAGE: made[PAGE] + b" "}))
    assert changed["signatures"][0]["files"]["pages"] == [1]
    for path in (LIST, SIGNED):
        assert (await refused(http, zipped(in_the_drafts(made, path))))["refusal"] == "xml"


async def test_a_changed_page_is_named(http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped(GOOD | {PAGE: GOOD[PAGE].replace("营业执照".encode(), "营业执昭".encode())}))
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "HASH_FAILURE")
    (signature,) = report["signatures"]
    assert (signature["files"]["changed"], signature["files"]["pages"]) == ([PAGE], [1])
    assert "第 1 页" in report["text"]["zh"]


@pytest.mark.parametrize("path", ["/Doc_0/Pages/Page_1/Content.xml", "/Doc_0/Signs/Sign_9/x.dat"])
async def test_a_file_that_nobody_signed_is_named(path: str, http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped(GOOD | {path: b"added"}))
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "FORMAT_FAILURE")
    assert report["signatures"][0]["files"]["unprotected"] == [path]


async def test_a_seal_that_never_covered_the_page(http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped(sealed(document(), Making(), leave_out=[PAGE])))
    assert report["signatures"][0]["files"]["unprotected"] == [PAGE]
    assert report["signatures"][0]["national_stamp"]["good"], "the stamp itself is genuine"


async def test_of_two_seals_the_worse_one_counts(http: httpx.AsyncClient) -> None:
    second = replace(Making(), maker="maker", signer="another")  # whom its seal does not name
    report = await refused(http, zipped(sealed(GOOD, second, number=1)))
    assert [one["conclusion"] for one in report["signatures"]] == ["genuine", "unknown-signer"]


async def test_digests_that_do_not_count(http: httpx.AsyncClient) -> None:
    def weak(text: str) -> str:
        return text.replace('CheckMethod="1.2.156.10197.1.401"', 'CheckMethod="MD5"')

    report = await refused(http, zipped(sealed(document(), Making(), xml=weak)))
    assert report["sub_indication"] == "CRYPTO_CONSTRAINTS_FAILURE"


async def test_a_signature_without_a_seal_is_never_genuine(http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped(GOOD | {LIST: GOOD[LIST].replace(b'Type="Seal"', b'Type="Sign"')}))
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "FORMAT_FAILURE")  # a stamp is none


# -- the stamp -------------------------------------------------------------------------------------------------------


def with_value(change: Callable[[bytes], bytes]) -> bytes:
    return zipped(GOOD | {VALUE: change(GOOD[VALUE])})


def endless(stamp: bytes) -> bytes:
    """The same in BER: an indefinite length."""
    return b"\x30\x80" + only(stamp).content + b"\x00\x00"


def long_length(stamp: bytes) -> bytes:
    inner = only(stamp).content
    return b"\x30\x84" + len(inner).to_bytes(4) + inner


def making(**changes: Any) -> bytes:
    return zipped(sealed(document(), replace(Making(), **changes)))


def info(**changes: Any) -> bytes:
    return making(info=replace(Making().info, **changes))


STAMPS: dict[str, tuple[int, str, str, Callable[[], bytes]]] = {
    "indefinite-length": (1, "TOTAL-FAILED", "FORMAT_FAILURE", lambda: with_value(endless)),
    "length-in-long-form": (1, "TOTAL-FAILED", "FORMAT_FAILURE", lambda: with_value(long_length)),
    "no-stamp": (1, "TOTAL-FAILED", "FORMAT_FAILURE", lambda: with_value(lambda _: tlv(SEQUENCE))),
    "stamp-version": (1, "TOTAL-FAILED", "FORMAT_FAILURE", lambda: making(version=5)),
    "seal-version": (1, "TOTAL-FAILED", "FORMAT_FAILURE", lambda: info(version=9)),
    "r-is-0": (7, "TOTAL-FAILED", "SIG_CRYPTO_FAILURE", lambda: with_value(lambda one: with_numbers(one, 0, 1))),
    "r-is-the-order": (
        7,
        "TOTAL-FAILED",
        "SIG_CRYPTO_FAILURE",
        lambda: with_value(lambda one: with_numbers(one, ORDER, 1)),
    ),
    "s-is-0": (7, "TOTAL-FAILED", "SIG_CRYPTO_FAILURE", lambda: with_value(lambda one: with_numbers(one, 1, 0))),
    "s-is-the-order": (
        7,
        "TOTAL-FAILED",
        "SIG_CRYPTO_FAILURE",
        lambda: with_value(lambda one: with_numbers(one, 1, ORDER)),
    ),
    "other-user-id": (2, "TOTAL-FAILED", "SIG_CRYPTO_FAILURE", lambda: making(user_id=b"somebody")),
    "seal-expired": (
        4,
        "INDETERMINATE",
        "OUT_OF_BOUNDS_NO_POE",
        lambda: info(valid_to=NOW - dt.timedelta(minutes=30)),
    ),
    "seal-not-yet": (4, "INDETERMINATE", "SIG_CONSTRAINTS_FAILURE", lambda: info(valid_from=NOW + YEAR)),
    "signer-not-listed": (
        6,
        "INDETERMINATE",
        "SIG_CONSTRAINTS_FAILURE",
        lambda: info(signers=Signers((certificate("another"),))),
    ),
    "stamped-in-the-future": (
        10,
        "INDETERMINATE",
        "SIG_CONSTRAINTS_FAILURE",
        lambda: making(at=NOW + dt.timedelta(hours=1)),
    ),
    "other-content": (
        8,
        "TOTAL-FAILED",
        "HASH_FAILURE",
        lambda: zipped(GOOD | {SIGNED: GOOD[SIGNED].replace(b"120 200 42 42", b"020 200 42 42")}),
    ),
}


@pytest.mark.parametrize("name", STAMPS)
async def test_the_step_that_fails_is_told(name: str, http: httpx.AsyncClient) -> None:
    number, indication, sub_indication, make = STAMPS[name]
    report = await refused(http, make())
    assert (report["indication"], report["sub_indication"]) == (indication, sub_indication)
    steps = report["signatures"][0]["national_stamp"]["steps"]
    assert next(step["number"] for step in steps if step["state"] in ("bad", "unknown")) == number
    assert all(step["text"]["zh"] and step["text"]["en"] for step in steps)


async def test_a_stamp_that_was_made_for_another_signature(http: httpx.AsyncClient) -> None:
    report = await refused(http, zipped(sealed(document(), Making(), subject="/Doc_0/Signs/Sign_7/Signature.xml")))
    assert (report["indication"], report["sub_indication"]) == ("TOTAL-FAILED", "FORMAT_FAILURE")


async def test_a_seal_of_strangers_is_nobodys(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> None:
    office = office_of(sqlite_database, clock, root("elsewhere"))
    async with open_to_everyone(office, tmp_path) as elsewhere:
        report = await refused(elsewhere, zipped(GOOD))
    assert (report["indication"], report["sub_indication"]) == ("INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")
    assert report["conclusion"] == "unknown-signer"
