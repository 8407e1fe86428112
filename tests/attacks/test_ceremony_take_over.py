"""What the service takes from a ceremony, and what it refuses: other roots, other lists, older lists.

Every attack has its twin: the same with what the ceremony really left.
"""

from __future__ import annotations

import pytest
from asn1crypto import crl

from keys.ceremony.authority import Root
from keys.ceremony.canonical import digest
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.former import read_former
from keys.ceremony.later import sign_with_root
from keys.ceremony.room import Orders
from keys.ceremony.take_over import read_root_list, read_take_over
from keys.spec import SignatureAlgorithm
from tests.support.ceremony_root import Ground
from tests.support.clock import FakeClock
from tests.unit.keys.rings import fixed_signer

Files = dict[str, bytes]


@pytest.fixture
def ground(clock: FakeClock) -> Ground:
    return Ground(clock=clock)


@pytest.fixture
async def files(ground: Ground) -> Files:
    return await ground.found()


def test_what_a_ceremony_left_is_taken(files: Files, clock: FakeClock) -> None:
    fingerprint = digest(files["root.cer"])
    taken = read_take_over(files, fingerprint=fingerprint, at=clock.now())
    assert (taken.root, taken.revocations.der) == (files["root.cer"], files["root.crl"])
    assert dict(taken.authorities) == {"seals": files["seals.cer"]}
    assert taken.revocations.number == 1
    carried = {name: files[name] for name in ("root.cer", "root.crl", "seals.cer")}  # the rest stays offline
    assert read_take_over(carried, fingerprint=fingerprint.upper(), at=clock.now()) == taken


async def test_a_root_that_is_not_on_the_paper_is_refused(files: Files, clock: FakeClock) -> None:
    other = await Ground(clock=clock).found()
    with pytest.raises(CeremonyRefused, match="not the one that was given"):
        read_take_over(other, fingerprint=digest(files["root.cer"]), at=clock.now())
    for typed in ("", "00", digest(files["root.cer"])[:-1]):
        with pytest.raises(CeremonyRefused, match="not the one that was given"):
            read_take_over(files, fingerprint=typed, at=clock.now())
    assert read_take_over(files, fingerprint=digest(files["root.cer"]), at=clock.now())


@pytest.mark.parametrize("name", ["root.crl", "seals.cer"])
async def test_what_another_root_signed_is_refused(name: str, files: Files, clock: FakeClock) -> None:
    other = await Ground(clock=clock).found()
    with pytest.raises(CeremonyRefused, match=name):
        read_take_over(files | {name: other[name]}, fingerprint=digest(files["root.cer"]), at=clock.now())


@pytest.mark.parametrize("name", ["root.cer", "root.crl", "seals.cer"])
def test_junk_is_refused(name: str, files: Files, clock: FakeClock) -> None:
    for junk in (b"", b"junk", files[name][:-1] + bytes([files[name][-1] ^ 1])):
        spoiled = files | {name: junk}
        with pytest.raises(CeremonyRefused):
            read_take_over(spoiled, fingerprint=digest(spoiled["root.cer"]), at=clock.now())


async def test_an_older_list_does_not_come_back(files: Files, ground: Ground, clock: FakeClock) -> None:
    """Who hides a revocation brings back the list from before it."""
    former = read_former(files)
    orders = Orders("", {}, {former.protocol.issued[0].serial: "keyCompromise"})
    newer = await sign_with_root(orders, former, ground.room)
    published = read_root_list(newer["root.crl"], files["root.cer"], at=clock.now(), after=1)
    assert published.number == 2
    with pytest.raises(CeremonyRefused, match="has the number 1, and 2 is published already"):
        read_root_list(files["root.crl"], files["root.cer"], at=clock.now(), after=published.number)
    assert read_root_list(newer["root.crl"], files["root.cer"], at=clock.now(), after=published.number) == published
    taken = read_take_over(newer, fingerprint=digest(files["root.cer"]), at=clock.now())
    assert dict(taken.authorities) == {}  # revoked: not installed


def test_a_list_out_of_its_time_is_refused(files: Files, clock: FakeClock) -> None:
    clock.advance(396 * 86400)
    assert read_root_list(files["root.crl"], files["root.cer"], at=clock.now())
    clock.advance(1)
    with pytest.raises(CeremonyRefused, match="not of this time"):
        read_root_list(files["root.crl"], files["root.cer"], at=clock.now())
    clock.advance(-397 * 86400)
    with pytest.raises(CeremonyRefused, match="not of this time"):
        read_root_list(files["root.crl"], files["root.cer"], at=clock.now())


async def test_a_list_with_a_critical_extension_is_refused(clock: FakeClock) -> None:
    """RFC 5280 §5.2: what we do not understand and must, makes the list unusable, though the root signed it."""
    signer = fixed_signer(SignatureAlgorithm.ES384, "root")
    root = await Root.found(signer, organisation="示例市", common_name="Root", at=clock.now())
    plain = crl.CertificateList.load(await root.revocation_list((), number=1, at=clock.now()))
    marked = plain["tbs_cert_list"].copy()
    marked["crl_extensions"][0]["critical"] = True
    for content, taken in ((plain["tbs_cert_list"], True), (marked, False)):
        encoded = crl.CertificateList(
            {
                "tbs_cert_list": content,
                "signature_algorithm": plain["signature_algorithm"],
                "signature": signer.sign(content.dump(force=True)),
            }
        ).dump()
        if taken:
            assert read_root_list(encoded, root.certificate, at=clock.now()).number == 1
        else:
            with pytest.raises(CeremonyRefused, match="no valid list"):
                read_root_list(encoded, root.certificate, at=clock.now())
