"""`yizheng doctor` on custody: what it says about the master key, about a token, and about keys that could leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag

from api.cli.doctor_keys import custody_findings
from api.settings import Settings
from api.wiring.keys import KeysServices, build_keys
from core.clock import SystemClock
from keys.backends import pkcs11_token
from keys.backends.pkcs11 import token_of
from keys.backends.pkcs11_token import TokenSession
from keys.spec import SignatureAlgorithm
from tests.conformance.signer_backends import token_settings
from tests.support.servers import SoftHsmToken


@pytest.fixture(autouse=True)
def no_pin_was_refused() -> None:
    pkcs11_token._logins.clear()


def _settings(folder: Path, token: SoftHsmToken | None = None, **changes: object) -> Settings:
    on_token: dict[str, object] = {}
    if token is not None:
        pin = folder / "pin"
        pin.write_text(token.pin)
        on_token = {"pkcs11_module": token.module, "pkcs11_token": token.label, "pkcs11_pin_file": pin}
    return Settings(data=folder, **(on_token | changes))  # type: ignore[arg-type]  # as the environment gives them


async def _services(settings: Settings) -> KeysServices:
    return await build_keys(settings.keys, SystemClock())


async def _told(settings: Settings, services: KeysServices) -> tuple[list[str], list[str]]:
    findings = await custody_findings(settings, services)
    return [one.what for one in findings if one.good], [f"{one.what}: {one.remedy}" for one in findings if not one.good]


async def test_keys_in_memory_need_no_device(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    services = await _services(settings)
    await services.ring.create("oidc.es256", SignatureAlgorithm.ES256)
    good, bad = await _told(settings, services)
    assert (good, bad) == ([f"master key is in {tmp_path}/keys/master"], [])
    in_production = settings.model_copy(update={"mode": "production"})
    assert "move it out of the data folder" in (await _told(in_production, services))[1][0]
    await services.close()


async def test_a_token_and_its_keys_are_looked_at(tmp_path: Path, softhsm: SoftHsmToken) -> None:
    settings = _settings(tmp_path, softhsm)
    services = await _services(settings)
    await services.ring.create("oidc.es256", SignatureAlgorithm.ES256, backend="pkcs11")
    good, bad = await _told(settings, services)
    assert bad == []
    assert any("device pkcs11 answers" in line and "ES256" in line for line in good)

    def imported(session: TokenSession) -> None:
        session.raw.generate_keypair(
            KeyType.RSA,
            2048,
            id=b"\xd0\xc7",
            label="was outside",
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template={Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: False},
        )
        (key,) = [one for one in session.objects({Attribute.ID: b"\xd0\xc7"}) if one.object_class.name == "PRIVATE_KEY"]
        key[Attribute.SENSITIVE] = True

    token_of(token_settings(softhsm)).run(imported)
    await services.ring.adopt(
        "seal/s_1", f"pkcs11:token={softhsm.label};id=%D0%C7", SignatureAlgorithm.RS256, imported=True
    )
    _, bad = await _told(settings, services)
    assert len(bad) == 1
    assert "seal/s_1" in bad[0]
    assert "never left" in bad[0]
    await services.close()


async def test_a_token_that_is_gone_is_one_fault(tmp_path: Path, softhsm: SoftHsmToken) -> None:
    settings = _settings(tmp_path, softhsm, pkcs11_token="elsewhere")  # type: ignore[arg-type]
    services = await _services(settings)
    _, bad = await _told(settings, services)
    assert len(bad) == 1
    assert "is not there" in bad[0]
    await services.close()
