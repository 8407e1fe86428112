"""Checking the folder of a ceremony: the protocol's signature, every digest, the chain of protocols, what was issued.

Everything is judged against the root in the folder; that it is the right root, people see by its fingerprint.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from cryptography import x509

from core.errors import AppError
from core.text import Text
from keys.ceremony import protocol as protocols
from keys.ceremony.canonical import digest
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.model import STEPS, Kind, Role
from keys.ceremony.protocol import HISTORY, READABLE_FILES, Protocol, history_name, read_protocol
from keys.ceremony.report import readable
from keys.ceremony.sealed_root import FILE, read_sealed_root
from keys.ceremony.statement import check_statement
from keys.errors import ChainRefused, SignatureRefused
from keys.public_key import public_key_of
from keys.spec import Use
from keys.x509.chain import check_chain
from keys.x509.signed_by import check_issued, check_signed

Files = Mapping[str, bytes]

_UNSIGNED = frozenset({protocols.FILE, protocols.SIGNATURE_FILE, *READABLE_FILES})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, in a sentence."""

    good: bool
    what: Text


def verify_folder(files: Files, *, root: str | None = None) -> list[Finding]:
    """Check everything, and go on after a fault.

    Args:
        files: of the folder, by name.
        root: SHA-256 of the root's certificate (hexadecimal; colons and case are free), when it is known from
            elsewhere.
    """
    try:
        chain = _protocols(files)
    except CeremonyRefused as refused:
        return [Finding(False, refused.text)]
    newest = chain[-1]
    checks: list[tuple[Text, Callable[[], None]]] = [
        (_named("根证书", "root certificate"), lambda: _check_root(files, newest, root)),
        *((_protocol_name(one), lambda one=one: _check_signature(files, newest, one)) for one in chain),
        (_named("记录的链接", "chain of protocols"), lambda: _check_chain(files, chain)),
        *(
            (_named(name, name), lambda name=name: _check_digest(files, newest, name))
            for name in sorted(newest.outputs)
        ),
        (_named("文件夹内容", "contents of the folder"), lambda: _check_strangers(files, newest)),
        (_named("可读记录", "readable protocol"), lambda: _check_readable(files, newest)),
        (_named("步骤和确认", "steps and confirmations"), lambda: _check_procedure(newest)),
        (_named("密封的根密钥", "sealed key"), lambda: _check_sealed(files, newest)),
        (_named("签发的证书", "certificates issued"), lambda: _check_certificates(files, newest)),
        (_named("吊销列表", "revocation list"), lambda: _check_list(files, newest)),
    ]
    return [_judged(name, check) for name, check in checks]


def check_folder(files: Files) -> None:
    """
    Raises:
        CeremonyRefused: the first thing that is wrong.
    """
    bad = next((finding for finding in verify_folder(files) if not finding.good), None)
    if bad is not None:
        raise CeremonyRefused(
            Text(f"仪式文件夹有问题：{bad.what.zh}", f"The folder of the ceremony is not good: {bad.what.en}")
        )


def _judged(name: Text, check: Callable[[], None]) -> Finding:
    try:
        check()
    except AppError as error:
        return Finding(False, Text(f"{name.zh}：{error.text.zh}", f"{name.en}: {error.text.en}"))
    return Finding(True, name)


def _protocols(files: Files) -> list[Protocol]:
    """All protocols, the oldest first."""
    newest = read_protocol(_file(files, protocols.FILE))
    names = [history_name(number, protocols.FILE) for number in range(1, newest.number)]
    return [*(read_protocol(_file(files, name)) for name in names), newest]


def _check_root(files: Files, newest: Protocol, expected: str | None) -> None:
    certificate = _file(files, "root.cer")
    found = digest(certificate)
    wanted = "".join(letter for letter in (expected or found).lower() if letter.isalnum())
    if found != wanted:
        raise _fault(f"指纹是 {found}，不是所给的", f"its fingerprint is {found}, not the one that was given")
    if found != newest.root.sha256:
        raise _fault("不是记录中的证书", "it is not the one in the protocol")
    try:
        check_chain([certificate], moment=newest.ended)
    except ChainRefused as refused:
        raise _fault(f"不是有效的根证书（{refused.private}）", f"it is no valid root ({refused.private})") from None


def _check_signature(files: Files, newest: Protocol, one: Protocol) -> None:
    last = one.number == newest.number
    signature = protocols.SIGNATURE_FILE if last else history_name(one.number, protocols.SIGNATURE_FILE)
    check_statement(one.to_bytes(), _file(files, signature), _file(files, "root.cer"), at=one.ended)


def _check_chain(files: Files, chain: list[Protocol]) -> None:
    first = chain[0]
    if (first.number, first.kind, first.previous) != (1, Kind.FOUND, None):
        raise _fault("第一份不是建立根证书的记录", "the first one is not of a founding")
    for before, after in pairwise(chain):
        if after.number != before.number + 1 or after.previous != digest(before.to_bytes()):
            raise _fault(f"第 {after.number} 号不接续前一份", f"number {after.number} does not follow the one before")
        if after.root != before.root or after.began < before.ended or after.kind is Kind.FOUND:
            raise _fault(f"第 {after.number} 号与前一份矛盾", f"number {after.number} contradicts the one before")
        _check_register(before, after)


def _check_register(before: Protocol, after: Protocol) -> None:
    """Nothing leaves the register, and only a revocation changes a row in it."""
    rows = {one.serial: one for one in after.issued}
    for one in before.issued:
        now = rows.get(one.serial)
        same = now is not None and (now.name, now.sha256, now.not_after) == (one.name, one.sha256, one.not_after)
        kept = now is not None and (
            one.revoked_at is None or (now.revoked_at, now.reason) == (one.revoked_at, one.reason)
        )
        if not (same and kept):
            raise _fault(f"登记中的 {one.serial} 被改动", f"{one.serial} was changed in the register")
    if after.crl_number < before.crl_number:
        raise _fault("吊销列表编号倒退", "the number of the revocation list went back")


def _check_digest(files: Files, newest: Protocol, name: str) -> None:
    if digest(_file(files, name)) != newest.outputs[name]:
        raise _fault("在仪式之后被改动", "it was changed after the ceremony")


def _check_strangers(files: Files, newest: Protocol) -> None:
    strangers = sorted(files.keys() - newest.outputs.keys() - _UNSIGNED)
    if strangers:
        named = ", ".join(strangers)
        raise _fault(f"{named} 不在记录中", f"{named} is not in the protocol")


def _check_readable(files: Files, newest: Protocol) -> None:
    for name, content in readable(newest).items():
        if _file(files, name) != content:
            raise _fault(f"{name} 与签名的记录不一致", f"{name} does not say what was signed")


def _check_procedure(newest: Protocol) -> None:
    steps = [event.step for event in newest.events]
    begun = [step for place, step in enumerate(steps) if place == 0 or steps[place - 1] != step]
    planned = [step.name for step in STEPS[newest.kind]]
    if begun != planned[: len(begun)] or len(begun) < len(planned) - 1:  # the last step leaves acknowledgements
        raise _fault("步骤不完整或顺序不对", "steps are missing or in the wrong order")
    if any(event.answer == "no" for event in newest.events):
        raise _fault("有人没有确认", "somebody did not confirm")
    people = [unicodedata.normalize("NFC", person.name) for person in newest.people]
    leads = [person.name for person in newest.people if {Role.LEAD, Role.WITNESS} & {*person.roles}]
    if len(set(leads)) != 2 or len(set(people)) != len(people):
        raise _fault("主持人和见证人不是两个人", "leader and witness are not two people")
    if [one.name for one in newest.acknowledgements] != [person.name for person in newest.people]:
        raise _fault("不是每个人都作了声明", "not everybody has acknowledged it")


def _check_sealed(files: Files, newest: Protocol) -> None:
    sealed = read_sealed_root(_file(files, FILE))
    sharing = newest.sharing
    kept = (sharing.set_id, sharing.threshold, tuple(holder.fingerprint for holder in sharing.holders))
    if (sealed.set_id.hex(), sealed.threshold, sealed.fingerprints) != kept:
        raise _fault("分片与记录不符", "its shares are not those of the protocol")
    if public_key_of(_certificate(files, "root.cer")) != sealed.public_key:
        raise _fault("不是该根证书的密钥", "it is not the key of this root")


def _check_certificates(files: Files, newest: Protocol) -> None:
    root = _certificate(files, "root.cer")
    rows = {one.sha256: one for one in newest.issued}
    for name in _issuing_files(newest):
        certificate = _certificate(files, name)
        row = rows.get(digest(files[name]))
        if row is None or (f"{row.name}.cer", row.serial) != (name, f"{certificate.serial_number:x}"):
            raise _fault(f"{name} 不在登记中", f"{name} is not in the register")
        try:
            check_issued(certificate, root, at=newest.ended)
        except SignatureRefused:
            raise _fault(f"{name} 不是该根证书签发的", f"{name} was not issued by this root") from None


def _check_list(files: Files, newest: Protocol) -> None:
    root = _certificate(files, "root.cer")
    try:
        found = x509.load_der_x509_crl(_file(files, "root.crl"))
        check_signed(_file(files, "root.crl"), root, use=Use.REVOCATION, at=newest.ended)
        good = found.issuer == root.subject
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (SignatureRefused, ValueError, TypeError, x509.ExtensionNotFound):
        good, number = False, 0
    if not good:
        raise _fault("不是该根证书签发的", "it was not issued by this root")
    listed = {f"{entry.serial_number:x}" for entry in found}
    if (number, listed) != (newest.crl_number, {one.serial for one in newest.issued if one.revoked_at}):
        raise _fault("编号或内容与记录不符", "its number or its entries are not those of the protocol")


def _issuing_files(newest: Protocol) -> Iterable[str]:
    return [name for name in newest.outputs if name.endswith(".cer") and name != "root.cer" and HISTORY not in name]


def _certificate(files: Files, name: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(_file(files, name))
    except ValueError:
        raise _fault(f"{name} 不是证书", f"{name} is no certificate") from None


def _file(files: Files, name: str) -> bytes:
    if name not in files:
        raise _fault(f"缺少文件 {name}", f"the file {name} is missing")
    return files[name]


def _named(zh: str, en: str) -> Text:
    return Text(zh, en)


def _protocol_name(one: Protocol) -> Text:
    return Text(f"第 {one.number} 号记录的签名", f"signature of protocol {one.number}")


def _fault(zh: str, en: str) -> CeremonyRefused:
    return CeremonyRefused(Text(f"{zh}。", f"{en}."))
