"""`yizheng ca ceremony …`: works on a machine without network and without the service's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from api.cli.ceremony_terminal import TerminalDialogue
from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.startup import StartupFault
from api.wiring.ceremony import SoftwareCustody, TokenCustody, build_install, ceremony_room
from api.wiring.keys import build_keys
from api.wiring.pki import build_pki
from core.audit.event import AuditEvent
from core.clock import SystemClock
from core.principal import SYSTEM
from core.text import Language, Text
from keys.ceremony.former import Former, read_former
from keys.ceremony.found import found_root
from keys.ceremony.hold import hold
from keys.ceremony.later import reshare_root, sign_with_root
from keys.ceremony.outputs import read_folder
from keys.ceremony.ports import Custody
from keys.ceremony.room import Founding, Orders, Resharing
from keys.ceremony.sealed_root import FILE, read_sealed_root
from keys.ceremony.shares import check_one
from keys.ceremony.verify import Finding, verify_folder


@dataclass(frozen=True, slots=True)
class TokenOptions:
    """Where the root's key lives, when that is a token."""

    module: Path | None = None
    label: str = ""
    pin_file: Path | None = None

    def custody(self, *, new: bool) -> Custody:
        """
        Raises:
            StartupFault: half of what is needed was given, or the PIN file cannot be read.
        """
        if self.module is None and not self.label:
            return SoftwareCustody()
        if self.module is None or not self.label or (new and self.pin_file is None):
            raise StartupFault("a token needs --token-module and --token-label, and for a new root --pin-file")
        pin = self.pin_file.read_text(encoding="utf-8").strip() if self.pin_file else ""
        return TokenCustody(self.module, self.label, pin)


async def found(plan: Founding, out: Path, token: TokenOptions, language: Language) -> None:
    """Hold the founding ceremony; `plan.organisation` is asked for when it is empty."""
    dialogue = TerminalDialogue(language)
    if not plan.organisation:
        asked = Text("根证书所属单位（证书的 O）：", "Organisation that the root belongs to (its O):")
        plan = replace(plan, organisation=dialogue.ask(asked))
    room = ceremony_room(dialogue, token.custody(new=True))
    await hold(partial(found_root, plan), room, out)


async def sign(orders: Orders, folder: Path, out: Path, token: TokenOptions, language: Language) -> None:
    """Sign, revoke, and make a new revocation list with the root of `folder`."""
    former = read_former(read_folder(folder))
    room = ceremony_room(TerminalDialogue(language), _custody_of(former, token))
    await hold(partial(sign_with_root, orders, former), room, out)


async def reshare(plan: Resharing, folder: Path, out: Path, token: TokenOptions, language: Language) -> None:
    """Split the key of the root of `folder` anew."""
    former = read_former(read_folder(folder))
    room = ceremony_room(TerminalDialogue(language), _custody_of(former, token))
    await hold(partial(reshare_root, plan, former), room, out)


def check(folder: Path, language: Language) -> str:
    """Whether one share belongs to the root of `folder`; says which, and nothing else.

    Raises:
        core.errors.AppError: it does not, or it was mistyped.
    """
    sealed = read_sealed_root(_sealed_file(folder))
    index = check_one(TerminalDialogue(language), sealed)
    said = Text(
        f"分片 {index} 正确，属于此根证书（套号 {sealed.set_id.hex()}，恢复需 {sealed.threshold} 个）。",
        f"share {index} is right and belongs to this root (set {sealed.set_id.hex()}, {sealed.threshold} open it)",
    )
    return said.to(language)


def verify(folder: Path, root: str | None) -> list[Finding]:
    """Check a folder that a ceremony left."""
    return verify_folder(read_folder(folder), root=root)


async def install(settings: Settings, folder: Path, fingerprint: str) -> list[str]:
    """Take what a ceremony handed out into service; a line for each part. An audit event of the service.

    Raises:
        core.errors.AppError: it is of another root, or older than what is published.
    """
    await check_current(settings)
    files, clock = read_folder(folder), SystemClock()
    await with_database(settings, lambda db: db.record(AuditEvent("root.install", "attempted", SYSTEM, "ca.root")))
    keys = await build_keys(settings.keys, clock)
    try:
        done = await build_install(keys, await build_pki(keys, clock, settings.pki), clock)(
            files, fingerprint=fingerprint
        )
    finally:
        await keys.close()
    event = AuditEvent("root.install", "done", SYSTEM, "ca.root", detail={"sha256": done.root.sha256})
    await with_database(settings, lambda db: db.record(event))
    return [
        f"root: {done.root.subject}, revocation list {done.list_number}",
        *(f"{name}: {one.subject} issues until {one.not_after:%Y-%m-%d}" for name, one in done.authorities.items()),
        *(f"revoked: {one.subject}, serial {one.serial}" for one in done.revoked),
        *(f"{name}: not for a key of this system, left alone" for name in done.foreign),
    ]


def read_requests(named: Sequence[str]) -> dict[str, bytes]:
    """Requests by the name of their authority, from `NAME=FILE` or from `NAME.csr`.

    Raises:
        StartupFault: a file cannot be read, or a name comes twice.
    """
    requests: dict[str, bytes] = {}
    for one in named:
        name, _, path = one.rpartition("=")
        name = name or Path(path).stem
        if name in requests:
            raise StartupFault(f"two requests for {name}: name each authority once")
        try:
            requests[name] = Path(path).read_bytes()
        except OSError as error:
            raise StartupFault(f"cannot read {path} ({error.strerror}): name the file of a request") from None
    return requests


def read_revocations(named: Sequence[str]) -> Mapping[str, str]:
    """Serial numbers and reasons, from `SERIAL=REASON`.

    Raises:
        StartupFault: no reason is given.
    """
    revocations = {}
    for one in named:
        serial, _, reason = one.partition("=")
        if not reason:
            raise StartupFault("--revoke takes SERIAL=REASON, such as 7f3a…=superseded; serials are in protocol.txt")
        revocations[serial.strip().lower()] = reason.strip()
    return revocations


def next_folder(folder: Path) -> Path:
    """Where a later ceremony leaves its files unless told otherwise: root-1, root-2, …"""
    stem, _, number = folder.absolute().name.rpartition("-")
    name = f"{stem}-{int(number) + 1}" if stem and number.isdigit() else f"{folder.absolute().name}-2"
    return folder.absolute().with_name(name)


def _custody_of(former: Former, token: TokenOptions) -> Custody:
    if former.sealed.custody == SoftwareCustody.name:
        return SoftwareCustody()
    if token.module is None:
        raise StartupFault("the key of this root is on a token: name it with --token-module and --token-label")
    return token.custody(new=False)


def _sealed_file(folder: Path) -> bytes:
    path = folder / FILE if folder.is_dir() else folder
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartupFault(f"cannot read {path} ({error.strerror}): name the folder of a ceremony") from None
