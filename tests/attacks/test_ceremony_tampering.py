"""A root's folder, its shares and its protocol, tampered with: each is refused, and the reason is said.

Every attack has its twin: the same without the tampering, which must work.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from keys.ceremony.canonical import canonical, digest
from keys.ceremony.errors import CeremonyRefused, CeremonyStopped
from keys.ceremony.former import Former, read_former
from keys.ceremony.later import reshare_root, sign_with_root
from keys.ceremony.protocol import read_protocol
from keys.ceremony.report import readable
from keys.ceremony.room import Orders, Resharing
from keys.ceremony.sealed_root import FILE, read_sealed_root
from keys.ceremony.statement import check_statement, sign_statement
from keys.ceremony.verify import verify_folder
from keys.errors import ShareRefused
from keys.secrets.share_text import read_share, write_share
from keys.secrets.split import Share, split_secret
from keys.spec import SignatureAlgorithm
from tests.support.ceremony_room import HOLDERS
from tests.support.ceremony_root import PKI_URL, Ground, request_for
from tests.unit.keys.rings import fixed_signer

Files = dict[str, bytes]


@pytest.fixture
def ground() -> Ground:
    return Ground()


@pytest.fixture
async def files(ground: Ground) -> Files:
    return await ground.found()


@pytest.fixture
def shares(files: Files, ground: Ground) -> list[Share]:
    """What is on the holders' papers, after the founding."""
    return [read_share(ground.people.paper[name]) for name in HOLDERS]


def _faults(files: Files) -> str:
    return "\n".join(finding.what.en for finding in verify_folder(files) if not finding.good)


# --- shares


def test_two_of_three_shares_do_not_open_it(files: Files, shares: list[Share]) -> None:
    sealed = read_sealed_root(files[FILE])
    with pytest.raises(ShareRefused, match="3 shares are needed, and 2 are here"):
        sealed.open(shares[:2])
    assert sealed.open(shares[:3])


def test_two_shares_with_a_changed_threshold_do_not_open_it(files: Files, shares: list[Share]) -> None:
    """Somebody edits the file so that two shares seem enough; the shares themselves know better."""
    value = json.loads(files[FILE])
    edited = read_sealed_root(canonical(value | {"threshold": 2}))
    lowered = [dataclasses.replace(share, threshold=2) for share in shares[:2]]
    with pytest.raises(ShareRefused, match="is wrong"):
        edited.open(lowered)
    prints = [share.fingerprint for share in lowered] + value["shares"][2:]
    forged = read_sealed_root(canonical(value | {"threshold": 2, "shares": prints}))
    with pytest.raises(CeremonyRefused, match="changed or damaged"):
        forged.open(lowered)
    assert read_sealed_root(files[FILE]).open(shares[:3])


async def test_a_share_of_another_ceremony_is_named(files: Files, shares: list[Share]) -> None:
    other = Ground()
    await other.found()
    foreign = read_share(other.people.paper["赵二"])
    sealed = read_sealed_root(files[FILE])
    with pytest.raises(ShareRefused, match="Share 2 belongs to another ceremony") as refused:
        sealed.open([shares[0], foreign, shares[2]])
    assert refused.value.index == 2
    assert sealed.open(shares[:3])


def test_a_share_made_up_for_this_ceremony_is_named(files: Files, shares: list[Share]) -> None:
    """Right set, right numbers, right check characters, but not the value that was handed out."""
    made_up = split_secret(bytes(32), threshold=3, total=5)[3]
    imitation = dataclasses.replace(made_up, set_id=shares[0].set_id)
    assert read_share(write_share(imitation)) == imitation
    sealed = read_sealed_root(files[FILE])
    with pytest.raises(ShareRefused, match="Share 4 is wrong"):
        sealed.open([shares[0], shares[1], imitation])
    assert sealed.open([shares[0], shares[1], shares[3]])


@pytest.mark.parametrize("attack", ["another's share", "a share of another ceremony"])
async def test_a_holder_with_the_wrong_share_stops_the_ceremony(attack: str, files: Files, ground: Ground) -> None:
    former = read_former(files)
    papers = dict(ground.people.paper)
    if attack == "another's share":
        ground.people.paper["钱三"] = papers["孙四"]
    else:
        other = Ground()
        await other.found()
        ground.people.paper["钱三"] = other.people.paper["钱三"]
    with pytest.raises(CeremonyStopped, match="The share of 钱三 was wrong too often"):
        await sign_with_root(Orders(""), former, ground.room)
    why = (
        "This is share 4; 钱三 holds share 3." if attack == "another's share" else "Share 3 belongs to another ceremony"
    )
    assert any(why in text for text in ground.people.said)
    ground.people.paper = papers
    assert _faults(await sign_with_root(Orders(""), former, ground.room)) == ""


async def test_shares_from_before_a_resharing_open_the_new_file_no_more(files: Files, ground: Ground) -> None:
    old = dict(ground.people.paper)
    again = read_former(await reshare_root(Resharing(3, 5), read_former(files), ground.room))
    new = dict(ground.people.paper)
    ground.people.paper = old
    with pytest.raises(CeremonyStopped):
        await sign_with_root(Orders(""), again, ground.room)
    ground.people.paper = new
    assert _faults(await sign_with_root(Orders(""), again, ground.room)) == ""


# --- the sealed file


def test_no_flipped_bit_of_the_sealed_key_goes_unnoticed(files: Files, shares: list[Share]) -> None:
    value = json.loads(files[FILE])
    sealed = bytearray(base64.b64decode(value["sealed"]))
    for position in range(0, len(sealed), 7):
        sealed[position] ^= 1
        flipped = read_sealed_root(canonical(value | {"sealed": base64.b64encode(sealed).decode()}))
        with pytest.raises(CeremonyRefused, match="changed or damaged"):
            flipped.open(shares[:3])
        sealed[position] ^= 1
    assert read_sealed_root(canonical(value)).open(shares[:3])


@pytest.mark.parametrize(
    "change",
    [
        {"algorithm": "RS256"},
        {"location": "pkcs11:token=other;id=%01"},
        {"custody": "pkcs11"},
        {"public_key": base64.b64encode(fixed_signer(SignatureAlgorithm.ES256, "attacker").public_key).decode()},
    ],
)
def test_what_stands_beside_the_sealed_key_cannot_be_changed(
    change: dict[str, object], files: Files, shares: list[Share]
) -> None:
    value = json.loads(files[FILE])
    with pytest.raises(CeremonyRefused, match="changed or damaged"):
        read_sealed_root(canonical(value | change)).open(shares[:3])
    assert read_sealed_root(canonical(value)).open(shares[:3])


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"format":"yizheng-sealed-root-v1"}', b"[" * 100_000])
def test_what_is_no_sealed_key_is_refused(data: bytes) -> None:
    with pytest.raises(CeremonyRefused):
        read_sealed_root(data)


# --- the protocol


def _edited(files: Files, edit: Callable[[dict[str, Any]], object]) -> Files:
    """The protocol changed by somebody who also makes the readable files anew, but cannot sign."""
    value = json.loads(files["protocol.json"])
    edit(value)
    content = canonical(value)
    return files | {"protocol.json": content} | readable(read_protocol(content))


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another witness": lambda value: value["people"][1].update(name="冒名者"),
    "no network": lambda value: value["machine"].update(networks=["eth0"]),
    "an answer": lambda value: value["events"][5].update(answer="maybe"),
    "an event left out": lambda value: value["events"].pop(6),
    "a time": lambda value: value.update(ended="2027-01-01T00:00:00Z"),
    "a digest": lambda value: value["outputs"].update({"seals.cer": "0" * 64}),
    "the register": lambda value: value["issued"].clear(),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_protocol_is_refused(name: str, files: Files) -> None:
    assert _faults(files) == ""
    assert "signature of protocol 1: The content was changed after it was signed." in _faults(
        _edited(files, EDITS[name])
    )
    with pytest.raises(CeremonyRefused, match="not good"):
        read_former(_edited(files, EDITS[name]))


def test_a_protocol_in_another_form_is_refused(files: Files) -> None:
    spaced = files | {"protocol.json": json.dumps(json.loads(files["protocol.json"])).encode()}
    assert "protocol.json is not a file of this kind" in _faults(spaced)
    twice = files["protocol.json"].replace(b'"kind":"found"', b'"kind":"found","kind":"found"')
    assert "protocol.json is not a file of this kind" in _faults(files | {"protocol.json": twice})


async def test_a_protocol_signed_by_another_key_is_refused(files: Files, ground: Ground) -> None:
    attacker = fixed_signer(SignatureAlgorithm.ES256, "attacker")
    forged = await sign_statement(files["protocol.json"], attacker, files["root.cer"], ground.clock.now())
    assert "was not made by the key of this root" in _faults(files | {"protocol.p7s": forged})
    assert _faults(files) == ""


async def test_the_signature_of_another_protocol_is_refused(files: Files, ground: Ground) -> None:
    second = await sign_with_root(Orders(""), read_former(files), ground.room)
    swapped = second | {"protocol.p7s": second["history/0001.protocol.p7s"]}
    assert "content was changed" in _faults(swapped)
    assert _faults(second) == ""


def test_every_byte_of_the_signature_counts(files: Files, ground: Ground) -> None:
    content, signature, root = files["protocol.json"], files["protocol.p7s"], files["root.cer"]
    for position in range(len(signature)):
        flipped = signature[:position] + bytes([signature[position] ^ 0x40]) + signature[position + 1 :]
        with pytest.raises(CeremonyRefused):
            check_statement(content, flipped, root, at=ground.clock.now())
    with pytest.raises(CeremonyRefused):
        check_statement(content, signature + b"\x00", root, at=ground.clock.now())
    with pytest.raises(CeremonyRefused):
        check_statement(content, signature, root, at=ground.clock.now() + dt.timedelta(seconds=1))
    check_statement(content, signature, root, at=ground.clock.now())


@pytest.mark.parametrize("junk", [b"", b"\x30\x00", b"\x30\x80\x00\x00", b"{}", bytes(100)])
def test_junk_is_no_signature(junk: bytes, files: Files) -> None:
    assert "was not made by the key of this root" in _faults(files | {"protocol.p7s": junk})


# --- the folder


@pytest.mark.parametrize("name", ["root.cer", "root.crl", "seals.cer", FILE, "protocol.txt", "protocol.html"])
def test_a_changed_file_is_named(name: str, files: Files) -> None:
    changed = files[name][:-1] + bytes([files[name][-1] ^ 1])
    assert name.removesuffix(".html").removesuffix(".txt") in _faults(files | {name: changed})
    missing = {other: content for other, content in files.items() if other != name}
    assert f"the file {name} is missing" in _faults(missing)
    assert _faults(files) == ""


def test_a_file_that_was_slipped_in_is_named(files: Files) -> None:
    assert "persons.cer is not in the protocol" in _faults(files | {"persons.cer": files["seals.cer"]})


async def test_a_whole_folder_of_another_root_is_told_by_its_fingerprint(files: Files) -> None:
    """Everything fits in a folder that somebody made themselves; only the paper knows the right root."""
    other = await Ground().found()
    ours = digest(files["root.cer"])
    assert _faults(other) == ""
    (fault,) = [finding.what.en for finding in verify_folder(other, root=ours) if not finding.good]
    assert "not the one that was given" in fault
    spelled = ":".join(ours[place : place + 2] for place in range(0, 64, 2)).upper()
    assert all(finding.good for finding in verify_folder(files, root=spelled))


async def test_the_certificate_of_another_root_is_refused(files: Files) -> None:
    other = await Ground().found()
    faults = _faults(files | {"root.cer": other["root.cer"]})
    assert "root certificate: it is not the one in the protocol." in faults
    assert "signature of protocol 1" in faults


# --- the chain of protocols


async def _three(ground: Ground, files: Files) -> Files:
    second = await sign_with_root(Orders(""), read_former(files), ground.room)
    return await sign_with_root(Orders(""), read_former(second), ground.room)


async def test_a_protocol_cannot_be_left_out(files: Files, ground: Ground) -> None:
    third = await _three(ground, files)
    assert _faults(third) == ""
    gone = {name: content for name, content in third.items() if "0002" not in name}
    assert "history/0002.protocol.json is missing" in _faults(gone)


async def test_a_protocol_cannot_be_exchanged(files: Files, ground: Ground) -> None:
    """A second, equally signed ceremony number 2 does not fit between 1 and 3."""
    third = await _three(ground, files)
    rival = await sign_with_root(Orders(PKI_URL, {"persons": request_for("persons")}), read_former(files), ground.room)
    exchanged = third | {
        "history/0002.protocol.json": rival["protocol.json"],
        "history/0002.protocol.p7s": rival["protocol.p7s"],
    }
    assert "number 3 does not follow the one before" in _faults(exchanged)


async def test_an_old_revocation_list_does_not_fit(files: Files, ground: Ground) -> None:
    former = read_former(files)
    serial = former.protocol.issued[0].serial
    revoked = await sign_with_root(Orders("", {}, {serial: "keyCompromise"}), former, ground.room)
    assert _faults(revoked) == ""
    faults = _faults(revoked | {"root.crl": files["root.crl"]})
    assert "revocation list: its number or its entries are not those of the protocol." in faults


# --- what is brought in


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("unknown", "is no issuing authority"),
        ("root", "is no issuing authority"),
        ("../seals", "is no issuing authority"),
    ],
)
async def test_only_known_authorities_are_certified(name: str, why: str, ground: Ground) -> None:
    with pytest.raises(CeremonyRefused, match=why):
        await ground.found(requests={name: request_for("seals")})
    assert await ground.found(requests={"seals": request_for("seals")})


async def test_a_request_must_be_signed_by_its_own_key(ground: Ground) -> None:
    good = request_for("seals")
    bad = good[:-1] + bytes([good[-1] ^ 1])
    for broken in (bad, b"", b"junk", good + b"\x00"):
        with pytest.raises(CeremonyRefused, match="request of seals"):
            await ground.found(requests={"seals": broken})
    assert await ground.found(requests={"seals": good})


async def test_a_request_cannot_take_the_roots_name(ground: Ground) -> None:
    from keys.x509.names import authority_name

    root = authority_name("示例市", "Example Root CA")
    with pytest.raises(CeremonyRefused, match="root's name or key"):
        await ground.found(requests={"seals": request_for("seals", subject=root)})


@pytest.mark.parametrize(
    ("serial", "reason", "why"), [("00", "superseded", "not issued"), (None, "because", "reason is one of")]
)
async def test_only_own_certificates_are_revoked_and_for_a_reason(
    serial: str | None, reason: str, why: str, files: Files, ground: Ground
) -> None:
    former: Former = read_former(files)
    known = former.protocol.issued[0].serial
    with pytest.raises(CeremonyRefused, match=why):
        await sign_with_root(Orders("", {}, {serial or known: reason}), former, ground.room)
    assert await sign_with_root(Orders("", {}, {known: "superseded"}), former, ground.room)
