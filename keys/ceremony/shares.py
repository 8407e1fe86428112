"""Handing out shares and taking them back: one person at a time at the screen, and what was written down is proved."""

from __future__ import annotations

from collections.abc import Sequence

from core.text import Text
from keys.ceremony.errors import CeremonyStopped
from keys.ceremony.model import RECOVER, SHARES, Holder
from keys.ceremony.ports import Dialogue
from keys.ceremony.sealed_root import SealedRoot
from keys.ceremony.session import Session
from keys.errors import ShareRefused
from keys.secrets.share_text import LINES, line_is_right, read_share, write_share
from keys.secrets.split import Share

_ATTEMPTS = 5


def hand_out(session: Session, shares: Sequence[Share], names: Sequence[str]) -> tuple[Holder, ...]:
    """Show each share to its holder alone, who types it from the paper before the next one comes.

    Raises:
        CeremonyStopped: somebody could not prove what they wrote down.
    """
    session.begin(SHARES)
    holders = []
    for share, name in zip(shares, names, strict=True):
        _show(session, share, name)
        session.note(
            Text(f"分片 {share.index} 已交{name}抄写并核对。", f"Share {share.index} was written down and proved."),
            who=name,
        )
        holders.append(Holder(share.index, name, share.fingerprint))
    return tuple(holders)


def take_back(session: Session, sealed: SealedRoot, holders: Sequence[Holder]) -> bytes:
    """Let each of `holders` type their share, and open the file.

    Raises:
        CeremonyStopped: somebody's share stays wrong.
        CeremonyRefused: the file was changed.
    """
    session.begin(RECOVER)
    shares = [_typed(session, sealed, holder) for holder in holders]
    secret = sealed.open(shares)
    session.show(
        Text(f"已用 {len(shares)} 个分片恢复根密钥。", f"The root's key was opened with {len(shares)} shares.")
    )
    return secret


def check_one(dialogue: Dialogue, sealed: SealedRoot) -> int:
    """Let somebody type one share and say whose number it has, if it belongs to the file.

    Raises:
        keys.errors.ShareRefused: it was mistyped too often, or it does not belong to the file.
        CeremonyStopped: they gave up.
    """
    share = _typed_at(dialogue, Text("分片持有人", "Share holder"))
    sealed.check(share)
    return share.index


def _show(session: Session, share: Share, name: str) -> None:
    title = Text(
        f"分片 {share.index}（共 {share.total} 个，恢复需 {share.threshold} 个）——只给{name}看。请用笔逐行抄写。",
        f"Share {share.index} of {share.total} ({share.threshold} open the key), for {name} only: copy it by hand.",
    )
    for _ in range(_ATTEMPTS):
        session.dialogue.reveal(name, title, _numbered(write_share(share)))
        try:
            if _typed_at(session.dialogue, Text(name, name)) == share:
                return
        except ShareRefused as refused:
            session.dialogue.tell(refused.text)
        session.dialogue.tell(
            Text("抄写的内容与分片不符，再看一次。", "What is on the paper is not the share: look again.")
        )
    raise _gave_up(name)


def _typed(session: Session, sealed: SealedRoot, holder: Holder) -> Share:
    for _ in range(_ATTEMPTS):
        try:
            share = _typed_at(session.dialogue, Text(holder.name, holder.name))
            sealed.check(share)
            _check_own(share, holder)
        except ShareRefused as refused:
            session.dialogue.tell(refused.text)
            session.note(refused.text, who=holder.name)
            continue
        session.note(
            Text(f"分片 {share.index} 已录入，核对无误。", f"Share {share.index} was typed and is right."),
            who=holder.name,
        )
        return share
    raise _gave_up(holder.name)


def _check_own(share: Share, holder: Holder) -> None:
    if share.index != holder.index:
        text = Text(
            f"这是分片 {share.index}，{holder.name}持有的应是分片 {holder.index}。",
            f"This is share {share.index}; {holder.name} holds share {holder.index}.",
        )
        raise ShareRefused(text, index=share.index)


def _typed_at(dialogue: Dialogue, who: Text) -> Share:
    """A share, typed line by line; a line with a mistake is asked for again at once."""
    dialogue.clear()
    dialogue.tell(
        Text(
            f"请{who.zh}一人到键盘前，照纸录入分片（不显示）。空格和大小写不限。",
            f"{who.en}, alone at the keyboard: type the share from your paper. It is not shown. Spaces do not matter.",
        )
    )
    lines = [_line(dialogue, number) for number in range(1, LINES + 1)]
    dialogue.clear()
    return read_share(lines)


def _line(dialogue: Dialogue, number: int) -> str:
    for _ in range(_ATTEMPTS):
        line = dialogue.ask_secret(Text(f"第 {number} 行：", f"Line {number}:"))
        if line_is_right(number, line):
            return line
        dialogue.tell(Text(f"第 {number} 行有误，请重新录入。", f"There is a mistake in line {number}: type it again."))
    raise ShareRefused(Text(f"第 {number} 行多次有误。", f"Line {number} was wrong too often."))


def _numbered(lines: Sequence[str]) -> list[str]:
    return [f"{number}:  {line}" for number, line in enumerate(lines, 1)]


def _gave_up(name: str) -> CeremonyStopped:
    return CeremonyStopped(
        Text(
            f"{name}的分片多次核对不符，仪式终止，没有写入任何文件。",
            f"The share of {name} was wrong too often: the ceremony has ended, and nothing was written.",
        )
    )
