"""Habits of the tree: no key material, no traces of a machine, docstrings, texts in both languages."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from pathlib import Path

import jinja2
from jinja2 import nodes

from tests.architecture.tree import PACKAGES, ROOT, files, modules, name_of, text_of

CHINESE = re.compile(r"[\u3400-\u9fff]")
KEY_FILES = {".pem", ".p12", ".pfx", ".key", ".jks", ".der"}
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*" + "PRIVATE" + " KEY-----\n[A-Za-z0-9+/]")
# put together so that this file does not find itself
FOREIGN = [
    *("/wo" + "rk/", "/ro" + "ot/", "/home/us" + "er", "/tmp/scr" + "atch"),
    *("py" + "pi.org", "pythonho" + "sted.org", "npm" + "js.org", "proxy.gol" + "ang"),
]
BILINGUAL = {"t", "say"}  # what templates call with Chinese and English
NAMED_CHINESE = re.compile(r'lang="zh-CN"[^>]*>[^<]*<')  # marked as Chinese in either language, such as our name
LOCK_FILES = {"uv.lock", "package-lock.json"}
MANY_LINES = 500


def _vectors(path: Path) -> bool:
    return ROOT / "tests" / "vectors" in path.parents


def test_no_key_material_is_in_the_tree() -> None:
    by_name = [name_of(path) for path in files() if path.suffix in KEY_FILES and not _vectors(path)]
    by_content = [name_of(path) for path in files() if not _vectors(path) and PRIVATE_KEY.search(text_of(path) or "")]
    assert by_name + by_content == []


def test_a_private_key_in_the_tree_would_be_seen() -> None:
    assert PRIVATE_KEY.search("-----BEGIN EC " + "PRIVATE KEY-----\nMHcCAQEE")


def test_no_trace_of_a_machine_or_a_registry_is_in_the_tree() -> None:
    found = [
        f"{name_of(path)}: {foreign}"
        for path in files()
        if path.name not in LOCK_FILES
        for foreign in FOREIGN
        if foreign in (text_of(path) or "")
    ]
    assert found == []


def test_no_half_merged_text_is_in_the_tree() -> None:
    marker = re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE)
    assert marker.search("a\n" + "<" * 7 + " HEAD\nb\n")
    assert [path.name for path in files() if marker.search(text_of(path) or "")] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = []
    for path in modules():
        tree = ast.parse(path.read_text())
        if tree.body and not ast.get_docstring(tree):
            silent.append(name_of(path))
    assert silent == []


def test_every_text_is_in_both_languages() -> None:
    lacking = []
    for path in modules():
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Text":
                lacking += [f"{name_of(path)}:{call.lineno}" for fault in [_fault_of(call)] if fault]
    assert lacking == []


def _fault_of(call: ast.Call) -> bool:
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False  # a pair that was kept, whose making is looked at where it happens
    if call.keywords or len(call.args) != 2:
        return True
    zh, en = (argument.value if isinstance(argument, ast.Constant) else None for argument in call.args)
    if isinstance(zh, str) and not CHINESE.search(zh):
        return zh != en  # the name of a standard is the same in both
    return isinstance(en, str) and (not en.strip() or CHINESE.search(en) is not None)


def test_every_template_text_is_in_both_languages() -> None:
    """Chinese stands in templates only within the first of the two arguments of `t(…)` or `say(…)`."""
    lacking = []
    for path in files():
        if path.suffix in {".html", ".j2"} and ROOT / "api" in path.parents:
            tree = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.do"]).parse(
                NAMED_CHINESE.sub("><", path.read_text())
            )
            lacking += [f"{name_of(path)}: {fault}" for fault in _template_faults(tree)]
    assert lacking == []


def _template_faults(tree: nodes.Template) -> list[str]:
    faults, translated = [], set()
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in BILINGUAL:
            zh, en = [*call.args, nodes.Const(""), nodes.Const("")][:2]
            translated |= {id(const) for const in _strings(zh)}
            words = "".join(const.value for const in _strings(en))
            if isinstance(en, nodes.Const) and (not words.strip() or CHINESE.search(words)):
                faults.append(f"line {call.lineno}: no English: {words}")
    alone = [*tree.find_all(nodes.Const), *tree.find_all(nodes.TemplateData)]
    for node in alone:
        text = getattr(node, "value", getattr(node, "data", None))
        if isinstance(text, str) and CHINESE.search(text) and id(node) not in translated:
            faults.append(f"line {node.lineno}: Chinese outside t() and say(): {text.strip()[:40]}")
    return faults


def _strings(node: nodes.Node) -> list[nodes.Const]:
    found = [node] if isinstance(node, nodes.Const) else list(node.find_all(nodes.Const))
    return [const for const in found if isinstance(const.value, str)]


def test_no_two_test_files_have_the_same_name() -> None:
    names = Counter(path.name for path in files() if path.name.startswith("test_") and path.suffix == ".py")
    assert [name for name, count in names.items() if count > 1] == []


def test_scripts_can_be_run_and_stop_at_the_first_fault() -> None:
    for path in files():
        if path.parent in {ROOT / "bin", ROOT / ".ci"} and (text_of(path) or "").startswith("#!"):
            assert os.access(path, os.X_OK), name_of(path)
            assert re.search(r"^set -e?uo? pipefail|^set -eu", path.read_text(), re.MULTILINE), name_of(path)


def test_files_stay_of_a_size_to_be_read() -> None:
    """A file that outgrows the habit is named here for a reviewer to think about; it fails nothing."""
    for path in files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in (*PACKAGES, "tests", "bench"):
            lines = len(path.read_text().splitlines())
            if lines > MANY_LINES:
                print(f"\nworth a look: {name_of(path)} has {lines} lines")
