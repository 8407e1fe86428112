"""The end of every ceremony: everybody confirms, the protocol is signed with the root's key, the folder is made up."""

from __future__ import annotations

import gc
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from core.text import Text
from keys.ceremony import protocol as protocols
from keys.ceremony.errors import CeremonyStopped
from keys.ceremony.model import ACKNOWLEDGE, FORGET, Issued, Person
from keys.ceremony.ports import Custody, Surroundings
from keys.ceremony.protocol import Acknowledgement, Protocol, RootFacts, Sharing
from keys.ceremony.report import readable
from keys.ceremony.session import Session
from keys.ceremony.statement import sign_statement
from keys.ports import Signer

_ATTEMPTS = 3
_WORDS = Text(
    "本人自始至终在场，记录所述与实际经过一致；没有人看到过不属于自己的分片。",
    "I was present throughout. What the protocol says is what happened. Nobody saw a share that is not their own.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a ceremony has come to, before it is written down."""

    machine: Surroundings
    root: RootFacts
    sharing: Sharing
    inputs: Mapping[str, str]
    issued: tuple[Issued, ...]
    crl_number: int


def forget(session: Session, custody: Custody) -> None:
    """Let go of the key, which the caller has dropped before, and say what that is worth."""
    session.begin(FORGET)
    custody.forget()
    gc.collect()
    session.show(
        Text(
            "程序已释放内存中的根密钥和全部分片。软件不能保证内存中没有残留：仪式结束后请关闭计算机电源。",
            "The program has let go of the root's key and of all shares. Software cannot promise that memory holds no"
            " trace of them: switch the machine off after the ceremony.",
        )
    )


async def conclude(
    session: Session,
    result: Result,
    files: Mapping[str, bytes],
    *,
    signer: Signer,
    certificate: bytes,
    before: tuple[Protocol, Mapping[str, bytes]] | None = None,
) -> dict[str, bytes]:
    """All files of the ceremony: `files`, the signed protocol, the protocols before it.

    Args:
        before: the last protocol and the files of its folder; None for the founding ceremony.

    Raises:
        CeremonyStopped: somebody does not confirm.
    """
    acknowledgements = _acknowledge(session)
    session.finish()
    last, old_files = before or (None, {})
    outputs = {**files, **_history(last, old_files)}
    protocol = Protocol(
        kind=session.kind,
        number=last.number + 1 if last else 1,
        previous=protocols.digests(old_files)[protocols.FILE] if last else None,
        place=session.place,
        began=session.began,
        ended=session.now(),
        people=session.people,
        machine=result.machine,
        root=result.root,
        sharing=result.sharing,
        inputs=result.inputs,
        outputs=protocols.digests(outputs),
        issued=result.issued,
        crl_number=result.crl_number,
        events=tuple(session.events),
        acknowledgements=acknowledgements,
    )
    content = protocol.to_bytes()
    signature = await sign_statement(content, signer, certificate, protocol.ended)
    # what people read is made from what was signed, not from what was meant
    page = readable(protocols.read_protocol(content))
    return {**outputs, protocols.FILE: content, protocols.SIGNATURE_FILE: signature, **page}


def _history(last: Protocol | None, old_files: Mapping[str, bytes]) -> dict[str, bytes]:
    if last is None:
        return {}
    earlier = {name: content for name, content in old_files.items() if name.startswith(f"{protocols.HISTORY}/")}
    kept = (protocols.FILE, protocols.SIGNATURE_FILE)
    return earlier | {protocols.history_name(last.number, name): old_files[name] for name in kept}


def _acknowledge(session: Session) -> tuple[Acknowledgement, ...]:
    session.begin(ACKNOWLEDGE)
    session.dialogue.tell(_WORDS)
    return tuple(_acknowledged_by(session, person) for person in session.people)


def _acknowledged_by(session: Session, person: Person) -> Acknowledgement:
    question = Text(
        f"{person.name}：同意以上声明，请键入本人姓名：", f"{person.name}: if this is so, type your own name:"
    )
    for _ in range(_ATTEMPTS):
        if unicodedata.normalize("NFC", session.dialogue.ask(question)) == person.name:
            return Acknowledgement(person.name, session.now(), _WORDS)
    raise CeremonyStopped(
        Text(
            f"{person.name}未确认，仪式终止，没有写入任何文件。",
            f"{person.name} did not confirm: the ceremony has ended, and nothing was written.",
        )
    )
