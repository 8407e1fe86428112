"""The machine of a ceremony: no network, a seeded random generator, the right time, the program that was reviewed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import socket
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography.hazmat.backends.openssl.backend import backend

from core.clock import SHANGHAI
from core.text import Text
from keys.ceremony.model import MACHINE
from keys.ceremony.ports import Machine, Surroundings
from keys.ceremony.session import Session

_PACKAGES = ("api", "certstore", "core", "idp", "keys", "signing")
_IFF_UP = 0x1  # linux/if.h
_RNDGETENTCNT = 0x80045200  # random(4): _IOR('R', 0, int)


def look_at_machine(session: Session, machine: Machine) -> Surroundings:
    """Show what the machine is like; leader and witness confirm the clock, the program and every warning.

    Raises:
        CeremonyStopped: one of them does not confirm.
    """
    session.begin(MACHINE)
    found = machine.examine()
    moment = session.now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    session.confirm_by_leads(
        Text(f"计算机时间（北京时间）{moment} 与手表一致。", f"The clock says {moment} (UTC+8), and so does my watch.")
    )
    session.show(
        Text(
            "软件环境：" + "，".join(f"{name} {number}" for name, number in found.versions.items()),
            "Software: " + ", ".join(f"{name} {number}" for name, number in found.versions.items()),
        )
    )
    session.confirm_by_leads(
        Text(
            f"程序摘要（SHA-256）与审查过的版本一致：\n  {found.program}",
            f"The digest of the program (SHA-256) is that of the version that was reviewed:\n  {found.program}",
        )
    )
    for warning in _warnings(found):
        session.confirm_by_leads(warning)
    return found


def _warnings(found: Surroundings) -> list[Text]:
    texts = []
    if found.networks:
        named = ", ".join(found.networks)
        texts.append(
            Text(
                f"警告：网络接口 {named} 已启用。应拔除网线、关闭无线网络后重新开始。是否仍要继续？",
                f"WARNING: the network interfaces {named} are up. Unplug them and begin again. Go on all the same?",
            )
        )
    if found.swap:
        texts.append(
            Text(
                "警告：交换分区已启用，密钥可能被写入磁盘。应执行 swapoff -a 后重新开始。是否仍要继续？",
                "WARNING: swap is on, so keys may reach the disk. Run swapoff -a and begin again. Go on all the same?",
            )
        )
    if not found.random_ready:
        texts.append(
            Text(
                "警告：系统随机数发生器的熵不足。应等待后重新开始。是否仍要继续？",
                "WARNING: the system's random generator is not ready. Wait and begin again. Go on all the same?",
            )
        )
    return texts


class LinuxMachine:
    """Asks the system that it runs on.

    Args:
        root: folder that holds the packages of this program.
        networks: where the kernel shows its interfaces.
    """

    def __init__(self, root: Path, networks: Path = Path("/sys/class/net")) -> None:
        self._root = root
        self._networks = networks

    def examine(self) -> Surroundings:
        return Surroundings(
            networks=tuple(sorted(self._up())),
            swap=_swap_is_on(),
            random_ready=_random_ready(),
            program=program_digest(self._root),
            versions={
                "yizheng": _own_version(),
                "Python": platform.python_version(),
                "OpenSSL": backend.openssl_version_text().removeprefix("OpenSSL "),
                platform.system(): platform.release(),
            },
        )

    def _up(self) -> Iterable[str]:
        """Names of the interfaces that are up. A machine that does not say counts as one with a network."""
        try:
            names = [name for _, name in socket.if_nameindex() if name != "lo"]
        except OSError:
            return ["?"]
        return [name for name in names if self._is_up(name)]

    def _is_up(self, name: str) -> bool:
        try:
            return bool(int((self._networks / name / "flags").read_text(), 16) & _IFF_UP)
        except (OSError, ValueError):
            return True


def program_digest(root: Path) -> str:
    """SHA-256 over the names and contents of all files of our packages, in the order of their names.

    Auditors compute the same: `sha256sum` of each file, names relative to the folder, sorted, without caches.
    """
    digest = hashlib.sha256()
    paths = [path for package in _PACKAGES for path in (root / package).rglob("*")]
    for path in sorted(paths, key=lambda one: one.relative_to(root).as_posix()):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{content}  {path.relative_to(root).as_posix()}\n".encode())
    return digest.hexdigest()


def _swap_is_on() -> bool:
    """A machine that does not say counts as one with swap."""
    try:
        return len(Path("/proc/swaps").read_text().splitlines()) > 1
    except OSError:
        return True


def _random_ready() -> bool:
    """Since Linux 5.18 the count is 256 once the generator is seeded, and stays so."""
    try:
        os.getrandom(1, os.GRND_NONBLOCK)
        with open("/dev/random", "rb", buffering=0) as device:
            count = int.from_bytes(fcntl.ioctl(device, _RNDGETENTCNT, b"\x00" * 4), "little")
    except OSError:
        return False
    return count >= 128


def _own_version() -> str:
    try:
        return version("yizheng")
    except PackageNotFoundError:
        return "0"


_: type[Machine] = LinuxMachine
