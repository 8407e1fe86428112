"""The first ceremony: making a root whose key only k of n people together can use.

Nothing is issued before the shares have proved that they open the key again: the root's own certificate, the issuing
authorities, the revocation list and the protocol are all signed with the key that came out of the shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.text import Text
from keys.ceremony.authority import Root, agree_on_requests, read_requests
from keys.ceremony.canonical import digest
from keys.ceremony.closing import Result, conclude, forget
from keys.ceremony.machine import look_at_machine
from keys.ceremony.model import KEY, PLAN, SIGNING, Holder, Kind
from keys.ceremony.people import gather_people
from keys.ceremony.protocol import Sharing, digests
from keys.ceremony.room import Founding, Room
from keys.ceremony.sealed_root import FILE, SealedRoot, seal_root
from keys.ceremony.session import Session
from keys.ceremony.shares import hand_out, take_back
from keys.secrets.split import check_numbers


async def found_root(plan: Founding, room: Room) -> dict[str, bytes]:
    """Hold the ceremony. Answers the files of its folder, by name; nothing is written before.

    Raises:
        CeremonyStopped: somebody did not confirm, or could not prove their share.
        CeremonyRefused: a request or a name cannot be used.
        keys.errors.KeysError: numbers, algorithm or size are not allowed; the token does not answer.
    """
    check_numbers(plan.threshold, plan.total)
    requests = read_requests(plan.requests, pki_url=plan.pki_url, at=room.clock.now())
    session = Session(Kind.FOUND, room.dialogue, room.clock)
    names = gather_people(session, shares=plan.total)
    machine = look_at_machine(session, room.machine)
    _agree(session, plan)
    agree_on_requests(session, requests)
    sealed, holders = _make_key(session, plan, room, names)
    forget(session, room.custody)
    secret = take_back(session, sealed, holders[: plan.threshold])
    key = room.custody.open(sealed.algorithm, sealed.public_key, sealed.location, secret)

    session.begin(SIGNING)
    root = await Root.found(key.signer, organisation=plan.organisation, common_name=plan.common_name, at=session.now())
    session.show(
        Text(
            f"根证书 SHA-256：\n  {digest(root.certificate)}",
            f"Root certificate, SHA-256:\n  {digest(root.certificate)}",
        )
    )
    issued = await root.issue_all(requests, session)
    revocations = await root.revocation_list((), number=1, at=session.now())
    files = {
        "root.cer": root.certificate,
        "root.crl": revocations,
        FILE: sealed.to_bytes(),
        **{f"{name}.cer": certificate for name, certificate in issued.certificates.items()},
    }
    result = Result(
        machine=machine,
        root=root.facts(sealed.custody),
        sharing=Sharing(sealed.set_id.hex(), sealed.threshold, holders),
        inputs=_inputs(plan.requests),
        issued=issued.register,
        crl_number=1,
    )
    return await conclude(session, result, files, signer=key.signer, certificate=root.certificate)


def _agree(session: Session, plan: Founding) -> None:
    session.begin(PLAN)
    size = f", {plan.bits} bit" if plan.bits else ""
    session.confirm_by_leads(
        Text(
            f"建立根证书：{plan.organisation} / {plan.common_name}，算法 {plan.algorithm}{size}；"
            f"密钥分成 {plan.total} 片，任意 {plan.threshold} 片可恢复。",
            f"A root is made for {plan.organisation} / {plan.common_name}, algorithm {plan.algorithm}{size};"
            f" its key is split into {plan.total} shares, of which any {plan.threshold} open it.",
        )
    )


def _make_key(
    session: Session, plan: Founding, room: Room, names: Sequence[str]
) -> tuple[SealedRoot, tuple[Holder, ...]]:
    """Make, seal and share; when this returns, nobody but the shares can open the key."""
    session.begin(KEY)
    key = room.custody.make(plan.algorithm, plan.bits)
    sealed, shares = seal_root(key, custody=room.custody.name, threshold=plan.threshold, total=plan.total)
    public = digest(sealed.public_key)
    session.show(Text(f"公钥 SHA-256：\n  {public}", f"Public key, SHA-256:\n  {public}"))
    return sealed, hand_out(session, shares, names)


def _inputs(requests: Mapping[str, bytes]) -> dict[str, str]:
    return digests({f"{name}.csr": content for name, content in requests.items()})
