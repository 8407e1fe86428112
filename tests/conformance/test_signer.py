"""`keys.ports.KeyBackend` in memory and on a PKCS#11 token: the contract, and what only a token promises."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import SecretStr

from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.pkcs11_token import Pkcs11Module
from keys.backends.software import SoftwareBackend
from keys.errors import KeyRefused, KeyStoreDamaged, KeyUnavailable
from keys.settings import Pkcs11Settings
from keys.spec import SignatureAlgorithm
from tests.conformance.harness import parametrised
from tests.conformance.signer import SignerBasic, SignerContention, SignerRestart, accepts, made
from tests.conformance.signer_backends import BACKENDS, token_settings
from tests.support.servers import SoftHsmToken


@parametrised(BACKENDS)
class TestSignerBasic(SignerBasic):
    pass


@parametrised(BACKENDS)
class TestSignerRestart(SignerRestart):
    pass


@parametrised(BACKENDS)
class TestSignerContention(SignerContention):
    pass


def test_a_private_key_beside_another_public_key_is_refused() -> None:
    backend = SoftwareBackend()
    ours, other = (backend.generate(SignatureAlgorithm.ES256, bits=256, label="pair") for _ in range(2))
    with pytest.raises(KeyStoreDamaged):
        backend.open(ours.uri, SignatureAlgorithm.ES256, other.public_key, ours.private)


def test_a_lost_session_is_opened_again(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(Pkcs11Backend(token_settings(softhsm)))
    signer.sign(b"law")
    session = Pkcs11Module.at(softhsm.module).sessions[softhsm.label]
    session.close()
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_a_token_that_was_away_is_found_again(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(Pkcs11Backend(token_settings(softhsm)))
    signer.sign(b"law")
    tokens = softhsm.config.parent / "tokens"
    away = softhsm.config.parent / "away"
    shutil.move(tokens, away)
    tokens.mkdir()
    try:
        with pytest.raises(KeyUnavailable) as refused:
            signer.sign(b"law")
        assert refused.value.code == "key-unavailable"
    finally:
        tokens.rmdir()
        shutil.move(away, tokens)
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_a_refused_pin_is_not_tried_again(softhsm: SoftHsmToken, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Pkcs11Backend(token_settings(softhsm))
    uri, signer, _ = made(good)
    wrong = token_settings(softhsm).model_copy(update={"pin": SecretStr("000000")})
    Pkcs11Module.at(softhsm.module).restart()  # nobody is logged in
    refused = Pkcs11Backend(wrong).open(uri, SignatureAlgorithm.ES256, signer.public_key, b"")
    with pytest.raises(KeyUnavailable, match="PinIncorrect"):
        refused.sign(b"law")

    def no_more(self: Pkcs11Module, token: str, pin: str) -> None:
        raise AssertionError("three wrong PINs lock a token")

    with monkeypatch.context() as patch:
        patch.setattr(Pkcs11Module, "session", no_more)
        with pytest.raises(KeyUnavailable, match="refused"):
            refused.sign(b"law")
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_a_destroyed_key_is_gone_from_the_token(softhsm: SoftHsmToken) -> None:
    backend = Pkcs11Backend(token_settings(softhsm))
    uri, signer, _ = made(backend)
    backend.destroy(uri)
    with pytest.raises(KeyUnavailable, match="no such key"):
        signer.sign(b"law")
    with pytest.raises(KeyUnavailable, match="no such key"):
        backend.extractable(uri)


def test_a_key_of_another_token_is_refused(softhsm: SoftHsmToken) -> None:
    backend = Pkcs11Backend(token_settings(softhsm))
    uri, signer, _ = made(backend)
    with pytest.raises(KeyRefused):
        backend.open(uri.replace(softhsm.label, "other"), SignatureAlgorithm.ES256, signer.public_key, b"")


def test_the_pin_may_come_from_a_file(softhsm: SoftHsmToken, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    settings = Pkcs11Settings(module=Path(softhsm.module), token=softhsm.label, pin_file=file)
    Pkcs11Module.at(softhsm.module).restart()
    with pytest.raises(KeyUnavailable, match="PIN file"):
        made(Pkcs11Backend(settings))
    file.write_text(f"{softhsm.pin}\n")
    _, signer, _ = made(Pkcs11Backend(settings))
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")
