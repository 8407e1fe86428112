"""Ceremonies with a root that exists: sign and revoke, or split its key anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.text import Text
from keys.ceremony.authority import Request, Root, agree_on_requests, agree_on_revocations, read_requests
from keys.ceremony.closing import Result, conclude, forget
from keys.ceremony.former import Former
from keys.ceremony.machine import look_at_machine
from keys.ceremony.model import PLAN, SIGNING, Holder, Kind
from keys.ceremony.people import gather_holders
from keys.ceremony.ports import RootKey
from keys.ceremony.protocol import Sharing, digests
from keys.ceremony.room import Orders, Resharing, Room
from keys.ceremony.sealed_root import FILE, SealedRoot, seal_root
from keys.ceremony.session import Session
from keys.ceremony.shares import hand_out, take_back
from keys.secrets.split import check_numbers


async def sign_with_root(orders: Orders, former: Former, room: Room) -> dict[str, bytes]:
    """Sign issuing authorities, revoke some, and make a new revocation list with the next number.

    Answers the files of the ceremony's folder: all of the one before, with what is new.

    Raises:
        CeremonyStopped: somebody did not confirm, or their share stayed wrong.
        CeremonyRefused: a request, a serial number or a reason cannot be used.
        keys.errors.KeysError: the token does not answer.
    """
    requests = read_requests(orders.requests, pki_url=orders.pki_url, at=room.clock.now())
    former.check_clock(room.clock.now())
    former.check_alive(room.clock.now())
    former.check_revocations(orders.revocations)
    session = Session(Kind.SIGN, room.dialogue, room.clock)
    come, _ = gather_holders(session, former.holders, needed=former.sealed.threshold)
    machine = look_at_machine(session, room.machine)
    _agree_on_orders(session, former, requests, orders.revocations)
    key = _open(session, former.sealed, come, room)

    session.begin(SIGNING)
    root = Root(former.certificate, key.signer)
    issued = await root.issue_all(requests, session)
    register = (*former.revoked(orders.revocations, at=session.now()), *issued.register)
    number = former.protocol.crl_number + 1
    revocations = await root.revocation_list(register, number=number, at=session.now())
    session.show(Text(f"吊销列表第 {number} 号已签发。", f"Revocation list {number} is signed."))
    files = former.carried | {"root.crl": revocations}
    files |= {f"{name}.cer": certificate for name, certificate in issued.certificates.items()}
    result = Result(
        machine=machine,
        root=former.protocol.root,
        sharing=former.protocol.sharing,
        inputs=former.inputs | digests({f"{name}.csr": content for name, content in orders.requests.items()}),
        issued=register,
        crl_number=number,
    )
    before = former.protocol, former.files
    return await conclude(session, result, files, signer=key.signer, certificate=former.certificate, before=before)


async def reshare_root(plan: Resharing, former: Former, room: Room) -> dict[str, bytes]:
    """Seal the root's key under a new key with new shares; answers the files of the ceremony's folder.

    The old shares are void for the new file. They still open old copies of the old one: those must be destroyed.

    Raises:
        CeremonyStopped: somebody did not confirm, or their share stayed wrong.
        keys.errors.KeysError: numbers are not allowed; the token does not answer.
    """
    check_numbers(plan.threshold, plan.total)
    former.check_clock(room.clock.now())
    session = Session(Kind.RESHARE, room.dialogue, room.clock)
    come, names = gather_holders(session, former.holders, needed=former.sealed.threshold, new_shares=plan.total)
    machine = look_at_machine(session, room.machine)
    _agree_on_resharing(session, plan)
    sealed, holders = _share_again(session, plan, former, come, names, room)
    forget(session, room.custody)
    key = _open(session, sealed, holders[: plan.threshold], room)
    result = Result(
        machine=machine,
        root=former.protocol.root,
        sharing=Sharing(sealed.set_id.hex(), sealed.threshold, holders),
        inputs=former.inputs,
        issued=former.protocol.issued,
        crl_number=former.protocol.crl_number,
    )
    files = former.carried | {FILE: sealed.to_bytes()}
    before = former.protocol, former.files
    return await conclude(session, result, files, signer=key.signer, certificate=former.certificate, before=before)


def _open(session: Session, sealed: SealedRoot, holders: Sequence[Holder], room: Room) -> RootKey:
    secret = take_back(session, sealed, holders)
    return room.custody.open(sealed.algorithm, sealed.public_key, sealed.location, secret)


def _share_again(
    session: Session, plan: Resharing, former: Former, come: Sequence[Holder], names: Sequence[str], room: Room
) -> tuple[SealedRoot, tuple[Holder, ...]]:
    """When this returns, the key is closed again."""
    key = _open(session, former.sealed, come, room)
    key = room.custody.renew(key)
    sealed, shares = seal_root(key, custody=former.sealed.custody, threshold=plan.threshold, total=plan.total)
    return sealed, hand_out(session, shares, names)


def _agree_on_orders(
    session: Session, former: Former, requests: Sequence[Request], revocations: Mapping[str, str]
) -> None:
    session.begin(PLAN)
    root = former.protocol.root
    session.confirm_by_leads(
        Text(
            f"使用根证书 {root.subject}，SHA-256：\n  {root.sha256}",
            f"The root is {root.subject}, SHA-256:\n  {root.sha256}",
        )
    )
    agree_on_requests(session, requests)
    agree_on_revocations(session, [former.issued(serial) for serial in revocations], revocations)


def _agree_on_resharing(session: Session, plan: Resharing) -> None:
    session.begin(PLAN)
    session.confirm_by_leads(
        Text(
            f"根密钥重新分成 {plan.total} 片，任意 {plan.threshold} 片可恢复。",
            f"The root's key is split anew into {plan.total} shares, of which any {plan.threshold} open it.",
        )
    )
    session.confirm_by_leads(
        Text(
            f"已知旧分片仍能打开旧的 {FILE}：仪式结束后销毁它的全部副本和旧分片。",
            f"Old shares still open old copies of {FILE}: all of them, and the old shares, are destroyed afterwards.",
        )
    )
