"""A city in production gets its root: request, ceremony, installation, a seal, a sealed document that is genuine.

Everything goes through the command line as an operator would do it; the ceremony is held at a pseudo-terminal. The
seal itself is made and used as the service does it, with the same settings.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from api.journey.instance import Instance
from api.main import create_app
from api.settings import Settings, child_environment
from api.wiring.container import Container, build_container
from core.clock import SystemClock, calendar_day
from core.errors import Unavailable
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from keys.master_key import write_master_key
from signing.model import ANY_DOCUMENT, GranteeKind, SealPdfCommand
from signing.places import Placement
from signing.seals.grant import GrantSealCommand
from signing.seals.order import SealOrder
from tests.architecture.tree import ROOT
from tests.support.ceremony_terminal import Sitting, usual_answers
from tests.support.signing_fakes import pdf
from tests.support.signing_world import ORGANISATION

ISSUER = "https://id.example.gov.cn"
HOLDERS = ("王一", "赵二", "钱三")
AUTHORITIES = ("seals", "persons", "timestamps", "machines")
CLERK = Principal(PrincipalKind.CLIENT, "portal", organisation=ORGANISATION, scopes=frozenset({"seal:sign"}))


@dataclass
class City:
    """A deployment in production mode, and the machine without network on which its root is made."""

    folder: Path

    @property
    def offline(self) -> Path:
        return self.folder / "offline"

    @property
    def variables(self) -> dict[str, str]:
        return {
            "mode": "production",
            "issuer": ISSUER,
            "data": str(self.folder / "data"),
            "master_key_file": str(self.folder / "outside" / "master"),
            "city": "示例市",
        }

    @property
    def settings(self) -> Settings:
        return Settings(**self.variables)  # type: ignore[arg-type]  # read from text, as from the environment

    def run(self, *arguments: str, code: int = 0) -> str:
        """`yizheng …` with the settings of the deployment."""
        done = Instance.processes.run(arguments, child_environment(**self.variables), cwd=self.offline)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def hold(self, paper: dict[str, list[str]], *arguments: str) -> Sitting:
        """`yizheng ca ceremony …` at a terminal, without any setting of the deployment."""
        sitting = Sitting(usual_answers(HOLDERS), paper)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("YIZHENG_")}
        environment = kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "api.cli", "ca", "ceremony", *arguments, "--lang", "en"]
        sitting.hold(command, environment, str(self.offline))
        assert sitting.code == 0, sitting.output[-2000:]
        return sitting


@pytest.fixture
def city(tmp_path: Path) -> City:
    (tmp_path / "offline").mkdir()
    write_master_key(tmp_path / "outside" / "master")
    return City(tmp_path)


def _fingerprint(city: City) -> str:
    """As the people wrote it down from the screen."""
    return hashlib.sha256((city.offline / "root-1" / "root.cer").read_bytes()).hexdigest()


def _carry(city: City, folder: str) -> str:
    """What goes to the service; the sealed key stays where it is."""
    target = city.offline / f"stick-{folder}"
    target.mkdir()
    for path in (city.offline / folder).iterdir():
        if path.suffix in {".cer", ".crl"}:
            (target / path.name).write_bytes(path.read_bytes())
    return target.name


def _good(said: str, name: str) -> bool:
    return f"ok   certificate authority for {name}\n" in said


async def _seal_and_judge(container: Container) -> None:
    seal = await container.signing.create_seal(
        SealOrder(ORGANISATION, Text("示例市大数据管理局", "Example Data Office"), "4101000000017"), actor=SYSTEM
    )
    today = calendar_day(SystemClock().now())
    await container.signing.grant_seal(
        GrantSealCommand(
            seal.id, GranteeKind.CLIENT, CLERK.id, (ANY_DOCUMENT,), today, today + dt.timedelta(days=1), SYSTEM
        )
    )
    command = SealPdfCommand(pdf(), seal.id, CLERK, "document", Placement(1, 120, 200))
    sealed = await container.signing.seal_pdf(command)
    genuine = await container.signing.verify_pdf(sealed.content)
    assert genuine.conclusion == "genuine", genuine
    changed = sealed.content.replace(b"entitlement", b"entitlemenT", 1)
    assert (await container.signing.verify_pdf(changed)).conclusion != "genuine"


async def _check_published(city: City, container: Container, folder: str) -> None:
    """The addresses in the certificates of `folder` give the root and its list, octet for octet."""
    issuing = x509.load_der_x509_certificate((city.offline / folder / "seals.cer").read_bytes())
    access = issuing.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    points = issuing.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    addresses = {
        "root.cer": next(one.access_location.value for one in access),
        "root.crl": next(name.value for point in points for name in point.full_name or ()),
    }
    app = create_app(city.settings)
    app.state.container = container
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport) as client:
        for name, address in addresses.items():
            assert address.startswith(f"{ISSUER}/pki/")
            answer = await client.get(address)
            assert answer.status_code == 200, answer.text
            assert answer.content == (city.offline / folder / name).read_bytes()


@pytest.mark.slow
async def test_a_city_in_production_gets_its_root_and_seals_with_it(city: City) -> None:
    # 1. A new deployment has no authority, says so, and makes no seal
    city.run("migrate")
    assert not any(_good(city.run("doctor", code=1), name) for name in AUTHORITIES)
    container = await build_container(city.settings)
    try:
        with pytest.raises(Unavailable, match="key-missing"):
            await _seal_and_judge(container)
    finally:
        await container.close()

    # 2. Requests are carried to the machine without network
    said = [city.run("ca", "request", name) for name in AUTHORITIES]
    requests = [part for name in AUTHORITIES for part in ("--request", f"{name}.csr")]

    # 3. The ceremony
    founding = ["--shares", "3", "--threshold", "2", "--pki-url", ISSUER, *requests]
    sitting = city.hold({}, *founding)
    for line in said:  # what the service printed is what leader and witness compared
        digest = line.split("sha256 ")[1].split(",")[0]
        assert digest in sitting.output
    assert (city.offline / "root-1" / "root.key.sealed").is_file()

    # 4. A root with another fingerprint than the one on paper is not installed
    stick = _carry(city, "root-1")
    assert "not the one that was given" in city.run("ca", "ceremony", "install", stick, "--root", "00" * 32, code=1)
    assert not _good(city.run("doctor", code=1), "seals")

    # 5. Installed: all authorities are there, twice is as good as once
    for _ in range(2):
        installed = city.run("ca", "ceremony", "install", stick, "--root", _fingerprint(city))
        assert all(f"{name}: " in installed for name in AUTHORITIES)
    doctor = city.run("doctor", code=1)  # the time-stamp key is another matter
    assert all(_good(doctor, name) for name in AUTHORITIES)
    city.run("audit", "verify")

    # 6. A seal, a sealed document, a verdict; what certificates point to is published
    container = await build_container(city.settings)
    try:
        await _seal_and_judge(container)
        await _check_published(city, container, "root-1")
    finally:
        await container.close()

    # 7. Later the root revokes the authority for seals: no more seals are made; the old list does not come back
    serial = next(
        line.split()[1].removesuffix(":")
        for line in (city.offline / "root-1" / "protocol.txt").read_text().splitlines()
        if line.startswith("seals  ")
    )
    city.hold(sitting.paper, "sign", "root-1", "--revoke", f"{serial}=keyCompromise")
    revoked = city.run("ca", "ceremony", "install", _carry(city, "root-2"), "--root", _fingerprint(city))
    assert f"serial {serial}" in revoked
    assert "revocation list 2" in revoked
    doctor = city.run("doctor", code=1)
    assert not _good(doctor, "seals")
    assert _good(doctor, "persons")
    container = await build_container(city.settings)
    try:
        await _check_published(city, container, "root-2")
    finally:
        await container.close()
    older = city.run("ca", "ceremony", "install", stick, "--root", _fingerprint(city), code=1)
    assert "2 is published already" in older
    assert not _good(city.run("doctor", code=1), "seals")
