"""Keys on a PKCS#11 token: what is promised when the token goes, hangs, fails, forgets us or lets a key out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pkcs11 import Attribute, KeyType, MechanismFlag
from pydantic import SecretStr

from keys.backends import pkcs11_token
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_mechanisms import FAMILIES, Way, sign
from keys.backends.pkcs11_token import Pkcs11Token, TokenSession
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyRefused, KeyUnavailable
from keys.settings import Pkcs11Settings
from keys.spec import ALGORITHMS, SignatureAlgorithm
from tests.conformance.signer import accepts, made
from tests.conformance.signer_backends import token_settings
from tests.support import token_faults
from tests.support.servers import SoftHsmToken

ES256 = SignatureAlgorithm.ES256


def _backend(token: SoftHsmToken, **changes: Any) -> Pkcs11Backend:
    return Pkcs11Backend(token_settings(token).model_copy(update=changes))


def _direct(token: SoftHsmToken) -> Pkcs11Token:
    return Pkcs11Token(token.module, token.label, lambda: token.pin)


@pytest.fixture(autouse=True)
def as_a_new_process(softhsm: SoftHsmToken) -> Iterator[None]:
    """Nobody is logged in, and no PIN was refused."""
    pkcs11_token._logins.clear()
    library = Pkcs11Library.at(softhsm.module)
    if library.epoch:
        library.restart(library.epoch, seconds=20)
    yield
    pkcs11_token._logins.clear()


@contextmanager
def _away(token: SoftHsmToken) -> Iterator[None]:
    """The token's store is moved away, and comes back at the end."""
    tokens, away = token.config.parent / "tokens", token.config.parent / "away"
    shutil.move(tokens, away)
    tokens.mkdir()
    try:
        yield
    finally:
        tokens.rmdir()
        shutil.move(away, tokens)


def test_every_algorithm_of_the_table_is_on_the_token_but_sm2(softhsm: SoftHsmToken) -> None:
    assert _backend(softhsm).algorithms() == ALGORITHMS.keys() - {SignatureAlgorithm.SM2_SM3}  # no mechanism for it


@pytest.mark.parametrize("algorithm", [a for a, family in FAMILIES.items() if len(family.ways) > 1])
def test_a_token_that_does_not_hash_signs_as_well(algorithm: SignatureAlgorithm, softhsm: SoftHsmToken) -> None:
    uri, signer, _ = made(_backend(softhsm), algorithm)

    def by(way: Way) -> bytes:
        return _direct(softhsm).run(lambda session: sign(session.key(Pkcs11Uri.parse(uri)), algorithm, way, b"law"))

    for way in FAMILIES[algorithm].ways:
        assert accepts(signer.public_key, by(way), b"law", algorithm)


@pytest.mark.parametrize("bits", [3072, 4096])
@pytest.mark.slow
def test_long_rsa_keys_are_made_and_sign(bits: int, softhsm: SoftHsmToken) -> None:
    backend = _backend(softhsm)
    key = backend.generate(SignatureAlgorithm.PS256, bits=bits, label="long")
    signer = backend.open(key.uri, SignatureAlgorithm.PS256, key.public_key, b"")
    assert len(signer.sign(b"law")) == bits // 8
    assert accepts(key.public_key, signer.sign(b"law"), b"law", SignatureAlgorithm.PS256)


# -- sessions ----------------------------------------------------------------------------------------------------


def test_a_lost_session_is_opened_again(softhsm: SoftHsmToken) -> None:
    backend = _backend(softhsm)
    _, signer, _ = made(backend)
    slot = _direct(softhsm).run(lambda session: session.token.slot.slot_id)
    token_faults.end_all_sessions(softhsm.module, slot)
    with ThreadPoolExecutor(6) as pool:
        signatures = list(pool.map(signer.sign, [b"law"] * 12))
    assert all(accepts(signer.public_key, signature, b"law") for signature in signatures)


def test_a_token_that_was_away_is_found_again(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm))
    signer.sign(b"law")
    with _away(softhsm), pytest.raises(KeyUnavailable) as refused:
        signer.sign(b"law")
    assert refused.value.code == "key-unavailable"
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_a_token_that_was_away_is_found_again_by_all_at_once(softhsm: SoftHsmToken) -> None:
    backend = _backend(softhsm)
    signers = [made(backend)[1] for _ in range(3)]
    with _away(softhsm), ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(_outcome, signers * 4))
    assert answers == ["key-unavailable"] * 12
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(_outcome, signers * 4)) == ["signed"] * 12


def _outcome(signer: Any) -> str:
    try:
        return "signed" if accepts(signer.public_key, signer.sign(b"law"), b"law") else "wrong"
    except KeyUnavailable as error:
        return error.code


def test_an_error_of_the_device_is_tried_once_more_and_then_told(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm))
    with token_faults.failing(softhsm.module, times=1):
        assert accepts(signer.public_key, signer.sign(b"law"), b"law")
    with token_faults.failing(softhsm.module, times=1000) as left, pytest.raises(KeyUnavailable, match="DeviceError"):
        signer.sign(b"law")
    assert left[0] == 998
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_several_sessions_sign_at_the_same_time(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm, sessions=4))
    with token_faults.delayed(softhsm.module, 0.05) as most, ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(signer.sign, [b"law"] * 16))
    assert all(accepts(signer.public_key, signature, b"law") for signature in signatures)
    assert most[0] == 4  # all sessions, and not one more


def test_a_library_that_cannot_lock_is_entered_by_one_at_a_time(
    softhsm: SoftHsmToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, signer, _ = made(_backend(softhsm, sessions=4))
    with monkeypatch.context() as patch:
        patch.setattr(Pkcs11Library.at(softhsm.module), "parallel", False)
        with token_faults.delayed(softhsm.module, 0.01) as most, ThreadPoolExecutor(8) as pool:
            list(pool.map(signer.sign, [b"law"] * 8))
    assert most[0] == 1


def test_a_child_process_opens_sessions_of_its_own(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm))
    signer.sign(b"law")  # threads and sessions are there when the process forks
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(write, signer.sign(b"law"))
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        signature = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert accepts(signer.public_key, signature, b"law")
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


# -- a token that hangs ------------------------------------------------------------------------------------------


def test_a_token_that_hangs_keeps_nobody_waiting(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm, sessions=2, timeout_seconds=0.3))
    signer.sign(b"law")
    threads = threading.active_count()
    with token_faults.hanging(softhsm.module) as held:
        with pytest.raises(KeyUnavailable, match="no answer in time"):
            signer.sign(b"law")
        held.wait_inside(1)
        for _ in range(200):  # refused at once: 200 time-outs would take a minute, and 200 threads
            with pytest.raises(KeyUnavailable, match="does not come back"):
                signer.sign(b"law")
        assert held.inside == 1
        assert threading.active_count() <= threads + 2
    # it answers again: the call that was given up comes back, and the next one is made
    _until_signed(signer)


def test_after_a_pause_another_session_tries_whether_the_token_works(softhsm: SoftHsmToken) -> None:
    token = Pkcs11Token(softhsm.module, softhsm.label, lambda: softhsm.pin, sessions=2, seconds=0.2)
    token._calls._pause = 0.0  # the next call is the one that tries
    lost, found = threading.Event(), threading.Event()
    try:
        with pytest.raises(KeyUnavailable, match="no answer in time"):
            token.run(lambda _session: lost.wait(60))  # one answer got lost; the token itself is well
        assert token.run(lambda _session: "well") == "well"
        assert not token._calls.overdue
        for _ in range(2):
            with pytest.raises(KeyUnavailable):
                token.run(lambda _session: found.wait(60))
        with pytest.raises(KeyUnavailable):  # every session is lost: no further thread is made for it
            token.run(lambda _session: "never made")
    finally:
        lost.set()
        found.set()


def test_many_callers_of_a_token_that_hangs_are_all_told_in_time(softhsm: SoftHsmToken) -> None:
    _, signer, _ = made(_backend(softhsm, sessions=2, timeout_seconds=0.3))
    with token_faults.hanging(softhsm.module) as held, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(_outcome, [signer] * 32))
        assert answers == ["key-unavailable"] * 32
        assert held.inside <= 2
    _until_signed(signer)


def _until_signed(signer: Any) -> None:
    for _ in range(200):
        if _outcome(signer) == "signed":
            return
        threading.Event().wait(0.05)
    raise AssertionError("the token answers, and nobody asks it")


# -- PIN ---------------------------------------------------------------------------------------------------------


def test_a_refused_pin_is_given_once_and_never_again(softhsm: SoftHsmToken) -> None:
    good = _backend(softhsm)
    uri, signer, _ = made(good)
    library = Pkcs11Library.at(softhsm.module)
    library.restart(library.epoch, seconds=10)  # nobody is logged in
    wrong = _backend(softhsm, pin=SecretStr("000000")).open(uri, ES256, signer.public_key, b"")
    with token_faults.counted_logins(softhsm.module) as count:
        with pytest.raises(KeyUnavailable, match="PinIncorrect"):
            wrong.sign(b"law")
        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(_outcome, [wrong] * 12)) == ["key-unavailable"] * 12
        other = _backend(softhsm, pin=SecretStr("111111")).open(uri, ES256, signer.public_key, b"")
        assert _outcome(other) == "key-unavailable"  # a second guess is a second try of three
        assert count[0] == 1
        assert accepts(signer.public_key, signer.sign(b"law"), b"law")  # one that the token took before is given
        assert count[0] == 2


def test_a_locked_token_is_told(softhsm: SoftHsmToken, monkeypatch: pytest.MonkeyPatch) -> None:
    _, signer, _ = made(_backend(softhsm))
    library = Pkcs11Library.at(softhsm.module)
    library.restart(library.epoch, seconds=10)

    def locked(*_arguments: Any, **_named: Any) -> None:
        raise pkcs11_token.PinLocked

    class Locked:
        open = locked
        label = softhsm.label

    monkeypatch.setattr(Pkcs11Library, "token", lambda *_: Locked())
    for expected in ("PinLocked", "correct it and restart"):
        with pytest.raises(KeyUnavailable, match=expected):
            signer.sign(b"law")


def test_the_pin_shows_in_no_error(softhsm: SoftHsmToken) -> None:
    secret = "nobody-may-see-this"
    backend = _backend(softhsm, pin=SecretStr(secret))
    with pytest.raises(KeyUnavailable) as refused:
        made(backend)
    assert secret not in f"{refused.value} {refused.value!r} {refused.value.private} {refused.value.__context__!r}"


def test_the_pin_may_come_from_a_file(softhsm: SoftHsmToken, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    settings = Pkcs11Settings(module=Path(softhsm.module), token=softhsm.label, pin_file=file)
    with pytest.raises(KeyUnavailable, match="PIN file"):
        made(Pkcs11Backend(settings))
    file.write_text(f"{softhsm.pin}\n")
    _, signer, _ = made(Pkcs11Backend(settings))
    assert accepts(signer.public_key, signer.sign(b"law"), b"law")


def test_a_library_that_is_none_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.so", Path("/bin/true")):
        with pytest.raises(KeyUnavailable, match="no PKCS#11 library"):
            made(Pkcs11Backend(Pkcs11Settings(module=path, token="t", pin=SecretStr("1"))))


# -- keys that others made, and keys that could leave ------------------------------------------------------------


def _foreign(token: SoftHsmToken, identifier: bytes, template: dict[Attribute, bool] | None = None) -> None:
    """A key pair made past our code."""
    private = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False} | (template or {})

    def make(session: TokenSession) -> None:
        session.raw.generate_keypair(
            KeyType.RSA,
            2048,
            id=identifier,
            label="department",
            store=True,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template=private,
        )

    _direct(token).run(make)


def _adopted(token: SoftHsmToken, uri: str, *, imported: bool = False) -> tuple[str, Any]:
    backend = _backend(token)
    found = backend.adopt(uri, SignatureAlgorithm.RS256, imported=imported)
    return found.uri, backend.open(found.uri, SignatureAlgorithm.RS256, found.public_key, b"")


@pytest.mark.parametrize("name", ["id=%AD%01", "object=department;id=%AD%01;manufacturer=SoftHSM%20project"])
def test_a_key_that_was_there_is_adopted_and_never_destroyed(name: str, softhsm: SoftHsmToken) -> None:
    if not _direct(softhsm).run(lambda session: list(session.raw.get_objects({Attribute.ID: b"\xad\x01"}))):
        _foreign(softhsm, b"\xad\x01")
    uri, signer = _adopted(softhsm, f"pkcs11:token={softhsm.label};{name}?module-path=/tmp/evil.so")
    assert accepts(signer.public_key, signer.sign(b"law"), b"law", SignatureAlgorithm.RS256)
    assert "serial=" in uri
    assert "id=%AD%01" in uri
    _backend(softhsm).destroy(uri)
    assert accepts(signer.public_key, signer.sign(b"law"), b"law", SignatureAlgorithm.RS256)


def test_a_key_is_adopted_with_a_pin_from_the_file_that_the_uri_names(softhsm: SoftHsmToken, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text(softhsm.pin)
    _foreign(softhsm, b"\xad\x02")
    settings = Pkcs11Settings(module=Path(softhsm.module), token=softhsm.label)
    library = Pkcs11Library.at(softhsm.module)
    library.restart(library.epoch, seconds=10)
    uri = f"pkcs11:token={softhsm.label};id=%AD%02"
    with pytest.raises(KeyUnavailable, match="no PIN"):
        Pkcs11Backend(settings).adopt(uri, SignatureAlgorithm.RS256, imported=False)
    found = Pkcs11Backend(settings).adopt(f"{uri}?pin-source=file:{file}", SignatureAlgorithm.RS256, imported=False)
    assert str(file) not in found.uri


def test_a_key_that_can_leave_is_neither_adopted_nor_used(softhsm: SoftHsmToken) -> None:
    _foreign(softhsm, b"\xad\x03", {Attribute.EXTRACTABLE: True})
    uri = f"pkcs11:token={softhsm.label};id=%AD%03"
    for imported in (False, True):
        with pytest.raises(KeyRefused, match="leave"):
            _adopted(softhsm, uri, imported=imported)
    backend = _backend(softhsm)
    assert backend.extractable(uri)
    _, ours, _ = made(backend, SignatureAlgorithm.RS256)
    sneaked = backend.open(uri, SignatureAlgorithm.RS256, ours.public_key, b"")
    with pytest.raises(KeyUnavailable, match="leave"):
        sneaked.sign(b"law")


def test_a_key_that_was_outside_once_is_adopted_only_when_that_is_said(softhsm: SoftHsmToken) -> None:
    _foreign(softhsm, b"\xad\x04", {Attribute.SENSITIVE: False})

    def harden(session: TokenSession) -> None:
        (key,) = [
            k for k in session.raw.get_objects({Attribute.ID: b"\xad\x04"}) if k.object_class.name == "PRIVATE_KEY"
        ]
        key[Attribute.SENSITIVE] = True

    _direct(softhsm).run(harden)
    uri = f"pkcs11:token={softhsm.label};id=%AD%04"
    with pytest.raises(KeyRefused, match="outside"):
        _adopted(softhsm, uri)
    _, signer = _adopted(softhsm, uri, imported=True)
    assert accepts(signer.public_key, signer.sign(b"law"), b"law", SignatureAlgorithm.RS256)
    assert _backend(softhsm).extractable(uri)  # so doctor tells it


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("pkcs11:token={label};id=%AD%FF", "no such key"),
        ("pkcs11:token=other;id=%AD%01", "another token"),
        ("pkcs11:token={label};serial=0000;id=%AD%01", "another serial"),
        ("pkcs11:token={label};model=other;id=%AD%01", "another model"),
    ],
)
def test_a_key_that_is_not_there_is_not_adopted(uri: str, why: str, softhsm: SoftHsmToken) -> None:
    with pytest.raises((KeyRefused, KeyUnavailable), match=why):
        _adopted(softhsm, uri.format(label=softhsm.label))


def test_a_key_of_another_kind_is_not_adopted(softhsm: SoftHsmToken) -> None:
    uri, _, _ = made(_backend(softhsm), ES256)
    with pytest.raises(KeyRefused):
        _adopted(softhsm, uri)


def test_openssl_accepts_what_an_adopted_key_signs(softhsm: SoftHsmToken, tmp_path: Path) -> None:
    _foreign(softhsm, b"\xad\x05")
    _, signer = _adopted(softhsm, f"pkcs11:token={softhsm.label};id=%AD%05")
    for name, content in (("key.der", signer.public_key), ("signature", signer.sign(b"law")), ("message", b"law")):
        (tmp_path / name).write_bytes(content)
    command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", "key.der", "-signature", "signature"]
    assert subprocess.run([*command, "message"], cwd=tmp_path, capture_output=True).returncode == 0


def test_a_destroyed_key_is_gone_from_the_token(softhsm: SoftHsmToken) -> None:
    backend = _backend(softhsm)
    uri, signer, _ = made(backend)
    backend.destroy(uri)
    with pytest.raises(KeyUnavailable):
        signer.sign(b"law")
    with pytest.raises(KeyUnavailable, match="no such key"):
        backend.extractable(uri)


def test_a_key_of_another_token_is_refused(softhsm: SoftHsmToken) -> None:
    backend = _backend(softhsm)
    uri, signer, _ = made(backend)
    with pytest.raises(KeyRefused):
        backend.open(uri.replace(softhsm.label, "other"), ES256, signer.public_key, b"")


_SIGNS_AND_ENDS = """
import sys
from pathlib import Path
from pydantic import SecretStr
from keys.backends.pkcs11 import Pkcs11Backend
from keys.settings import Pkcs11Settings
from keys.spec import SignatureAlgorithm

backend = Pkcs11Backend(Pkcs11Settings(module=Path(sys.argv[1]), token=sys.argv[2], pin=SecretStr(sys.argv[3])))
made = backend.generate(SignatureAlgorithm.ES256, bits=256, label="end")
backend.open(made.uri, SignatureAlgorithm.ES256, made.public_key, b"").sign(b"law")
"""


def test_a_process_that_used_a_token_ends_without_a_word(softhsm: SoftHsmToken) -> None:
    arguments = [sys.executable, "-c", _SIGNS_AND_ENDS, softhsm.module, softhsm.label, softhsm.pin]
    ended = subprocess.run(arguments, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
