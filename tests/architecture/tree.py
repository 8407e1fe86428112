"""What the repository holds, for tests that read it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "keys", "idp", "certstore", "signing", "api", "yizheng_client")
_BUILT = {".git", ".venv", ".tools", "var", "node_modules", "__pycache__", ".hypothesis", "dist"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or would be, under version control; a tree without git is walked instead."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not _BUILT & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in found if path.is_file()))


def modules() -> list[Path]:
    """Python files of the packages; generated migrations are left out."""
    versions = ROOT / "api" / "migrations" / "versions"
    return [
        path
        for path in files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES and versions not in path.parents
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str | None:
    """The file's text, or None for one that holds bytes."""
    content = path.read_bytes()
    try:
        return None if b"\0" in content else content.decode()
    except UnicodeDecodeError:
        return None
