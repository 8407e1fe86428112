"""The layers hold: import contracts are kept, and planted violations break each of them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGES, ROOT, modules, name_of

PLANTED = {
    "core/planted_layer.py": "import keys.spec\n",
    "idp/planted_neighbour.py": "import certstore\n",
    "yizheng_client/planted.py": "import core.text\n",
    "idp/planted_web.py": "import fastapi\n",
    "certstore/planted_crypto.py": "import cryptography\n",
    "idp/planted_adapter.py": "import core.kv.redis\n",
    "keys/planted_one/__init__.py": "",
    "keys/planted_one/a.py": "import keys.planted_other.a\n",
    "keys/planted_other/__init__.py": "",
    "keys/planted_other/a.py": "import keys.planted_one.a\n",
}


def _verdicts(root: Path) -> dict[str, str]:
    """Contract → KEPT or BROKEN, as import-linter says of the tree at `root`."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(root), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b.*$", done.stdout, re.MULTILINE))
    assert found, done.stdout + done.stderr
    if "BROKEN" in found.values():
        print(done.stdout)
    return found


def test_every_contract_is_kept() -> None:
    verdicts = _verdicts(ROOT)
    assert len(verdicts) >= 5
    assert {name for name, verdict in verdicts.items() if verdict != "KEPT"} == set()


def test_planted_violations_break_every_contract(tmp_path: Path) -> None:
    for path in modules():
        place = tmp_path / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, content in PLANTED.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    assert set(_verdicts(tmp_path).values()) == {"BROKEN"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_and_not_one_of_the_same_name(package: str) -> None:
    """Names as plain as `core` and `api` are easily shadowed by an installed package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == ROOT / package / "__init__.py"


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in modules()}
    assert [name_of(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
