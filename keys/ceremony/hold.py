"""Holding a ceremony from its first question to the folder that it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from core.text import Text
from keys.ceremony.canonical import digest
from keys.ceremony.outputs import check_free, write_folder
from keys.ceremony.protocol import FILE
from keys.ceremony.room import Room
from keys.ceremony.verify import check_folder


async def hold(ceremony: Callable[[Room], Awaitable[Mapping[str, bytes]]], room: Room, folder: Path) -> None:
    """Hold it and write its folder. However it ends before that, nothing is left of it.

    Raises:
        keys.errors.KeysError: as the ceremony does.
        CeremonyRefused: the folder is there already; or the ceremony has come to something that does not verify.
        OSError: the folder cannot be written.
    """
    check_free(folder)
    try:
        files = await ceremony(room)
        check_folder(files)  # as an auditor will
        write_folder(folder, files)
    except BaseException:
        room.custody.abandon()
        raise
    finally:
        room.custody.forget()
    _say_what_remains(room, folder, files)


def _say_what_remains(room: Room, folder: Path, files: Mapping[str, bytes]) -> None:
    root, protocol = digest(files["root.cer"]), digest(files[FILE])
    room.dialogue.tell(
        Text(
            f"\n仪式完成，文件在 {folder}。\n  根证书 SHA-256：{root}\n  记录 SHA-256：  {protocol}\n"
            "请打印 protocol.html，各人亲笔签名；文件夹抄录两份分开保存；关闭计算机电源。",
            f"\nThe ceremony is done; its files are in {folder}.\n  root, SHA-256:     {root}\n"
            f"  protocol, SHA-256: {protocol}\n"
            "Print protocol.html and let everybody sign it; copy the folder twice and keep the copies apart;"
            " switch the machine off.",
        )
    )
