"""Ceremonies held by scripted people: what they leave, what stops them, and that nothing is left when they stop."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from keys.ceremony.errors import CeremonyRefused, CeremonyStopped
from keys.ceremony.former import read_former
from keys.ceremony.hold import hold
from keys.ceremony.later import reshare_root, sign_with_root
from keys.ceremony.model import PEOPLE, PLAN, STEPS, Kind, Role
from keys.ceremony.protocol import read_protocol
from keys.ceremony.room import Orders, Resharing
from keys.ceremony.sealed_root import FILE, read_sealed_root
from keys.ceremony.session import Session
from keys.ceremony.verify import verify_folder
from keys.errors import ShareRefused
from keys.secrets.share_text import read_share
from keys.spec import SignatureAlgorithm
from keys.x509.chain import check_chain
from tests.support.ceremony_room import HOLDERS, LEAD, WITNESS, CalmMachine, People
from tests.support.ceremony_root import PKI_URL, Ground, request_for
from tests.support.clock import FakeClock

REVOKED = "superseded"


def _faults(files: dict[str, bytes]) -> list[str]:
    return [finding.what.en for finding in verify_folder(files) if not finding.good]


async def test_a_founding_leaves_a_folder_that_checks() -> None:
    ground = Ground()
    files = await ground.found()
    assert sorted(files) == [
        "protocol.html",
        "protocol.json",
        "protocol.p7s",
        "protocol.txt",
        "root.cer",
        "root.crl",
        "root.key.sealed",
        "seals.cer",
    ]
    assert _faults(files) == []


async def test_the_root_is_what_it_should_be() -> None:
    ground = Ground()
    files = await ground.found()
    root = x509.load_der_x509_certificate(files["root.cer"])
    key = root.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp384r1"
    assert root.not_valid_after_utc - root.not_valid_before_utc >= dt.timedelta(days=20 * 365)
    check_chain([files["seals.cer"], files["root.cer"]], moment=ground.clock.now())
    revocations = x509.load_der_x509_crl(files["root.crl"])
    assert [*revocations] == []
    assert revocations.next_update_utc - revocations.last_update_utc == dt.timedelta(days=396)


async def test_an_rsa_root_has_4096_bits() -> None:
    files = await Ground().found(algorithm=SignatureAlgorithm.RS384, bits=4096)
    key = x509.load_der_x509_certificate(files["root.cer"]).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 4096
    assert _faults(files) == []


async def test_the_protocol_says_who_did_what() -> None:
    files = await Ground().found()
    protocol = read_protocol(files["protocol.json"])
    assert [(person.name, person.roles) for person in protocol.people][:2] == [
        (LEAD, (Role.LEAD,)),
        (WITNESS, (Role.WITNESS,)),
    ]
    assert [holder.name for holder in protocol.sharing.holders] == [*HOLDERS]
    assert {event.step for event in protocol.events} == {step.name for step in STEPS[Kind.FOUND][:-1]}
    assert [one.name for one in protocol.acknowledgements] == [LEAD, WITNESS, *HOLDERS]
    confirmed = [event.who for event in protocol.events if event.answer == "yes"]
    assert confirmed.count(LEAD) == confirmed.count(WITNESS) > 0
    said = files["protocol.txt"].decode()
    assert all(name in said for name in (LEAD, WITNESS, *HOLDERS, protocol.root.sha256, protocol.machine.program))


async def test_neither_key_nor_share_is_in_what_is_left() -> None:
    ground = Ground()
    files = await ground.found()
    sealed = read_sealed_root(files[FILE])
    shares = [read_share(lines) for lines in ground.people.paper.values()]
    secrets = [sealed.open(shares[:3]), *(share.value for share in shares)]
    for content in files.values():
        assert not any(secret in content or secret.hex().encode() in content for secret in secrets)
        assert not any(line.encode() in content for lines in ground.people.paper.values() for line in lines)


async def test_leaders_may_hold_shares_too() -> None:
    ground = Ground(People(holders=("王一", WITNESS, LEAD, "孙四", "周五")))
    files = await ground.found()
    assert _faults(files) == []
    protocol = read_protocol(files["protocol.json"])
    assert [holder.name for holder in protocol.sharing.holders] == ["王一", WITNESS, LEAD, "孙四", "周五"]
    assert next(one for one in protocol.people if one.name == LEAD).roles == (Role.LEAD, Role.HOLDER)


@pytest.mark.parametrize("come", [(1, 2, 3), (5, 3, 1), (2, 4, 5)])
async def test_any_three_of_five_sign_again(come: tuple[int, ...]) -> None:
    ground = Ground()
    former = await ground.former()
    ground.people.come = [*come]
    files = await sign_with_root(Orders(PKI_URL, {"persons": request_for("persons")}), former, ground.room)
    assert _faults(files) == []
    protocol = read_protocol(files["protocol.json"])
    assert (protocol.number, protocol.crl_number) == (2, 2)
    assert [one.name for one in protocol.issued] == ["seals", "persons"]
    assert files["root.cer"] == former.certificate
    assert files["seals.cer"] == former.files["seals.cer"]


async def test_an_authority_is_renewed_and_the_old_one_revoked() -> None:
    ground = Ground()
    former = await ground.former()
    old = former.protocol.issued[0].serial
    orders = Orders(PKI_URL, {"seals": request_for("seals")}, {old: REVOKED})
    files = await sign_with_root(orders, former, ground.room)
    assert _faults(files) == []
    assert files["seals.cer"] != former.files["seals.cer"]
    (entry,) = x509.load_der_x509_crl(files["root.crl"])
    assert f"{entry.serial_number:x}" == old
    assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is x509.ReasonFlags.superseded
    again = read_former(files)
    with pytest.raises(CeremonyRefused, match="revoked already"):
        await sign_with_root(Orders(PKI_URL, {}, {old: REVOKED}), again, ground.room)
    only_list = await sign_with_root(Orders(""), again, ground.room)
    assert _faults(only_list) == []
    assert read_protocol(only_list["protocol.json"]).crl_number == 3
    assert len([*x509.load_der_x509_crl(only_list["root.crl"])]) == 1


async def test_protocols_are_chained() -> None:
    ground = Ground()
    first = await ground.found()
    second = await sign_with_root(Orders(""), read_former(first), ground.room)
    third = await sign_with_root(Orders(""), read_former(second), ground.room)
    assert third["history/0001.protocol.json"] == first["protocol.json"]
    assert third["history/0002.protocol.json"] == second["protocol.json"]
    assert _faults(third) == []


async def test_sharing_anew_voids_the_old_shares() -> None:
    ground = Ground()
    former = await ground.former()
    old = [read_share(lines) for lines in ground.people.paper.values()]
    ground.people.holders = ("甲", "乙", "丙", "丁")
    files = await reshare_root(Resharing(2, 4), former, ground.room)
    assert _faults(files) == []
    sealed = read_sealed_root(files[FILE])
    with pytest.raises(ShareRefused, match="another ceremony"):
        sealed.open(old)
    new = [read_share(ground.people.paper[name]) for name in ("丙", "丁")]
    assert sealed.open(new) == former.sealed.open(old[:3])
    ground.people.come = [3, 1]
    assert _faults(await sign_with_root(Orders(""), read_former(files), ground.room)) == []


# --- what stops a ceremony, each beside a ceremony that does not stop


@pytest.mark.parametrize(
    "what", ["clock says", "digest of the program", "A root is made", "Certify seals", "who everybody"]
)
async def test_who_does_not_confirm_stops_it(what: str, tmp_path: Path) -> None:
    ground = Ground()
    ground.people.refuse = what
    with pytest.raises(CeremonyStopped, match="did not confirm"):
        await hold(lambda _room: ground.found(), ground.room, tmp_path / "root")
    assert [*tmp_path.iterdir()] == []
    ground.people.refuse = None
    await hold(lambda _room: ground.found(), ground.room, tmp_path / "root")
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


async def test_the_witness_alone_can_stop_it() -> None:
    ground = Ground()
    ground.people.refuse = f"{WITNESS} .*clock says"
    with pytest.raises(CeremonyStopped, match=WITNESS):
        await ground.found()


async def test_each_interruption_leaves_nothing(tmp_path: Path) -> None:
    """Broken off at every single question, and begun anew after each."""
    asked = Ground()
    await asked.found()
    total = _questions(asked.people)
    assert total > 60
    for stop in range(total):
        ground = Ground(_Interrupted(stop))
        with pytest.raises(CeremonyStopped, match="broken off"):
            await hold(lambda _room, ground=ground: ground.found(), ground.room, tmp_path / "root")
        assert [*tmp_path.iterdir()] == []
    await hold(lambda _room: asked.found(), asked.room, tmp_path / "root")
    assert (tmp_path / "root" / "root.cer").is_file()


async def test_no_disk_no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ground = Ground()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            await hold(lambda _room: ground.found(), ground.room, tmp_path / "root")
    assert [*tmp_path.iterdir()] == []
    await hold(lambda _room: ground.found(), ground.room, tmp_path / "root")


async def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    ground = Ground()
    with pytest.raises(CeremonyRefused, match="there already"):
        await hold(lambda _room: ground.found(), ground.room, tmp_path / "root")
    assert ground.people.said == []  # said before people spend an hour
    await hold(lambda _room: ground.found(), ground.room, tmp_path / "other")


@pytest.mark.parametrize(
    ("holders", "names", "why"),
    [
        (("王一", "王一", "钱三", "孙四", "周五"), {}, "one share only"),
        (HOLDERS, {"witness": LEAD}, "two people"),
        (("", "赵二", "钱三", "孙四", "周五"), {}, "has 1 to 64 characters"),
        (("王\x1b[2J一", "赵二", "钱三", "孙四", "周五"), {}, "all of them visible"),
        (("王\u202e一", "赵二", "钱三", "孙四", "周五"), {}, "all of them visible"),
    ],
)
async def test_people_must_be_different_people(holders: tuple[str, ...], names: dict[str, str], why: str) -> None:
    ground = Ground(People(holders=holders))
    ground.people.names |= names
    with pytest.raises(CeremonyRefused, match=why):
        await ground.found()


async def test_a_machine_with_faults_is_confirmed_and_written_down() -> None:
    ground = Ground(machine=CalmMachine(networks=("eth0",), swap=True, random_ready=False))
    files = await ground.found()
    warned = [text for text in ground.people.confirmed if "WARNING" in text]
    assert len(warned) == 6  # leader and witness, three each
    said = files["protocol.txt"].decode()
    assert "eth0" in said
    assert "NOT ready" in said
    ground.people.refuse = "WARNING: the network"
    with pytest.raises(CeremonyStopped):
        await ground.found()


async def test_a_share_that_was_copied_wrongly_is_shown_again() -> None:
    ground = Ground()
    reveals: list[str] = []
    show = ground.people.reveal

    def reveal(person: str, title: object, lines: list[str]) -> None:
        reveals.append(person)
        show(person, title, lines)  # type: ignore[arg-type]  # as the port has it
        if reveals.count("钱三") == 1 and person == "钱三":
            ground.people.paper[person] = ground.people.paper["王一"]  # took the wrong sheet

    ground.people.reveal = reveal  # type: ignore[method-assign]  # a person who errs once
    files = await ground.found()
    assert reveals.count("钱三") == 2
    assert _faults(files) == []


async def test_a_typing_error_is_asked_again_by_its_line() -> None:
    ground = Ground()
    typed: list[tuple[str, int]] = []

    def types(person: str, number: int, line: str) -> str:
        typed.append((person, number))
        return line[::-1] if (person, number) == ("赵二", 4) and typed.count((person, number)) == 1 else line

    ground.people.types = types
    files = await ground.found()
    assert typed.count(("赵二", 4)) == 3  # wrong, right, and once more to open the key
    assert typed.count(("赵二", 3)) == 2
    assert "There is a mistake in line 4: type it again." in ground.people.said
    assert _faults(files) == []


async def test_who_does_not_acknowledge_stops_it() -> None:
    ground = Ground()
    ground.people.acknowledge = lambda name: "" if name == "孙四" else name
    with pytest.raises(CeremonyStopped, match="孙四"):
        await ground.found()


async def test_the_folder_is_private(tmp_path: Path) -> None:
    ground = Ground()
    former = await ground.former()
    await hold(lambda room: sign_with_root(Orders(""), former, room), ground.room, tmp_path / "root-2")
    folder = tmp_path / "root-2"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))


async def test_a_root_whose_time_is_over_signs_no_more() -> None:
    ground = Ground()
    former = await ground.former()
    orders = Orders(PKI_URL, {"persons": request_for("persons")})
    assert isinstance(ground.clock, FakeClock)
    ground.clock.advance(20 * 365 * 86400 + 1)
    with pytest.raises(CeremonyRefused, match="over"):
        await sign_with_root(orders, former, ground.room)


async def test_a_clock_behind_the_last_ceremony_is_set_right_first(clock: FakeClock) -> None:
    ground = Ground(clock=clock)
    former = await ground.former()
    clock.advance(-3600)
    with pytest.raises(CeremonyRefused, match="behind the last ceremony"):
        await sign_with_root(Orders(""), former, ground.room)
    with pytest.raises(CeremonyRefused, match="behind the last ceremony"):
        await reshare_root(Resharing(2, 3), former, ground.room)
    clock.advance(3600)
    assert _faults(await sign_with_root(Orders(""), former, ground.room)) == []


async def test_what_does_not_verify_is_not_written(tmp_path: Path) -> None:
    ground = Ground()
    files = await ground.found()

    async def spoiled(_room: object) -> dict[str, bytes]:
        return files | {"root.crl": b"spoiled on the way"}

    with pytest.raises(CeremonyRefused, match="changed after the ceremony"):
        await hold(spoiled, ground.room, tmp_path / "root")
    assert [*tmp_path.iterdir()] == []


def test_steps_are_begun_in_their_order_only() -> None:
    session = Session(Kind.FOUND, People(), FakeClock())
    session.begin(PEOPLE)
    with pytest.raises(AssertionError, match="plan is not the next step"):
        session.begin(PLAN)
    with pytest.raises(AssertionError, match="is not the last step"):
        session.finish()
    for step in STEPS[Kind.FOUND][1:]:
        session.begin(step)
    session.finish()


class _Interrupted(People):
    """They break it off at one question, counted from 0."""

    def __init__(self, stop: int) -> None:
        super().__init__()
        self._left = stop

    def _count(self) -> None:
        if self._left == 0:
            from core.text import Text

            raise CeremonyStopped(Text("中断", "broken off"))
        self._left -= 1

    def ask(self, question: object) -> str:
        self._count()
        return super().ask(question)  # type: ignore[arg-type]  # as the port has it

    def confirm(self, question: object) -> bool:
        self._count()
        return super().confirm(question)  # type: ignore[arg-type]  # as the port has it

    def ask_secret(self, question: object) -> str:
        self._count()
        return super().ask_secret(question)  # type: ignore[arg-type]  # as the port has it


def _questions(people: People) -> int:
    starts = ("Name of", "Place", "Organisation and post", "Holder ")
    asked = [text for text in people.said if text.startswith(starts) or "type your own name" in text]
    return len(asked) + len(people.confirmed) + 5 * (len(HOLDERS) + 3)
