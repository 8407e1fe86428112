"""Machines on which the service runs, is lost, and comes back: real processes, real HTTP, the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from api.demo import catalogue, city
from api.journey.instance import Instance
from api.journey.visitor import Visitor
from api.settings import child_environment

ID_NUMBER = "410199197606187718"
NAME = "金丝雀甲乙"
ADDRESS = "金丝雀路 77 号"


class Machine(Instance):
    """An instance that may take the place, and so the address, of another one."""

    def __init__(self, settings: Mapping[str, str] | None = None, *, instead_of: Machine | None = None) -> None:
        address = {"issuer": instead_of.issuer} if instead_of else {}
        super().__init__({"demo": "true", **address, **(settings or {})})
        if instead_of is not None:
            self.port, self.issuer = instead_of.port, instead_of.issuer

    @property
    def backups(self) -> Path:
        return self.folder / "backups"

    def yizheng(self, *words: object, code: int = 0) -> str:
        """Run a command that must end with this code; answers what it said."""
        done = self._run(words, code)
        return done.stdout + done.stderr

    def _run(self, words: tuple[object, ...], code: int) -> subprocess.CompletedProcess[str]:
        done = self.processes.run([*map(str, words)], child_environment(**self._given))
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done

    def tell(self, *words: object) -> dict[str, Any]:
        """Run a command with `--json`."""
        answer: dict[str, Any] = json.loads(self._run((*words, "--json"), 0).stdout)
        return answer

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.issuer, trust_env=False, timeout=60)


def token_of(http: httpx.Client, client: city.Client) -> dict[str, str]:
    scopes = " ".join(scope for scope in client.scopes if ":" in scope)
    form = {"grant_type": "client_credentials", "scope": scopes}
    answer = http.post("/token", auth=(client.id, client.secret), data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def issue(http: httpx.Client, headers: dict[str, str], number: str, holder: tuple[str, str]) -> dict[str, Any]:
    """A licence that a person may have several of."""
    code, name = holder
    body = {
        "type": catalogue.PROPERTY.code,
        "number": f"豫（2026）示例市不动产权第 {number} 号",
        "holders": [{"code_type": "111", "code": code, "name": name}],
        "data": {
            "location": ADDRESS,
            "area": 88.6,
            "registered_on": "2026-11-20",
            "ownership": "共同共有",
            "mortgage": "无",
        },
    }
    answer = http.post("/v1/licences", json=body, headers=headers | {"Idempotency-Key": f"drill-{number}"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def file_of(http: httpx.Client, headers: dict[str, str], licence: Mapping[str, Any]) -> bytes:
    answer = http.get(licence["file"], headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.content


def verdict_on(http: httpx.Client, content: bytes) -> dict[str, Any]:
    answer = http.post("/v1/verifications", files={"file": ("licence.pdf", content, "application/pdf")})
    assert answer.status_code == 200, answer.text
    verdict: dict[str, Any] = answer.json()
    return verdict


def log_in(machine: Machine) -> Visitor:
    """Lin, logged in, on the own page."""
    visitor = Visitor()
    visitor.open(f"{machine.issuer}/me")
    form = visitor.form()
    visitor.submit(form, **{form.field("text"): city.LIN.id_number, form.field("password"): city.PASSWORD})
    assert visitor.page_path() == "/me", visitor.page_path()
    return visitor
