"""Another master key, and a master key that a token locks: either the one opens everything or the other, never half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.cli import keys_master_commands
from api.cli.prepare import prepare
from api.settings import Settings
from api.startup import StartupFault
from api.wiring.keys import KeysServices, build_keys
from api.wiring.master_key import read_master_key
from core.errors import AppError, Unavailable
from keys.backends import pkcs11_token
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_wrapping import TokenWrapping
from keys.errors import KeyStoreDamaged, KeyUnavailable, MasterKeyMissing, MasterKeyUnsafe, MasterKeyWrong
from keys.key_wrap import KeyWrap
from keys.master_key import (
    format_master_key,
    generate_master_key,
    open_master_key,
    parse_master_key,
    wrapped_master_key,
    wrapping_uri,
    write_private_file,
)
from keys.master_key_change import next_of, reseal, take_place, write_next
from keys.settings import KeysSettings
from keys.spec import SignatureAlgorithm
from tests.conformance.signer_backends import token_settings
from tests.support.clock import FakeClock
from tests.support.servers import SoftHsmToken

ES256 = SignatureAlgorithm.ES256


def _settings(folder: Path, **changes: Any) -> KeysSettings:
    values = {
        "store_url": f"sqlite:///{folder}/keys/keyring.db",
        "master_key_file": folder / "keys" / "master",
        "production": False,
    }
    return KeysSettings(**(values | changes))


async def _started(folder: Path, clock: FakeClock, **changes: Any) -> KeysServices:
    return await build_keys(_settings(folder, **changes), clock)


async def test_a_running_worker_follows_to_another_master_key(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "keys" / "master"
    first, second = await _started(tmp_path, clock), await _started(tmp_path, clock)
    await first.ring.create("oidc.es256", ES256)
    secret = await first.ring.create_secret("field.people")
    await second.ring.refresh()
    former, new = parse_master_key(file.read_text()), parse_master_key(generate_master_key())
    write_next(file, format_master_key(new))
    assert await reseal(first.store, former, new, clock) == 2
    take_place(file, clock.now())
    await second.ring.refresh()
    assert second.ring.secret("field.people") == secret
    assert second.ring.signer("oidc.es256").sign(b"law")
    await second.ring.prepare_next("oidc.es256")  # sealed under the new one
    await first.ring.refresh()
    third = await _started(tmp_path, clock)
    assert len(third.ring.records()) == 3
    for worker in (first, second, third):
        await worker.close()


async def test_a_worker_that_cannot_read_the_new_one_stores_nothing_and_stops(tmp_path: Path, clock: FakeClock) -> None:
    text = generate_master_key()
    services = await _started(tmp_path, clock, master_key=SecretStr(text))
    await services.ring.create("oidc.es256", ES256)
    await services.ring.create_secret("secret.tokens")
    await reseal(services.store, parse_master_key(text), parse_master_key(generate_master_key()), clock)
    with pytest.raises(MasterKeyWrong):
        await services.ring.refresh()
    for change in (services.ring.create("oidc.x", ES256), services.ring.create_secret("index.people")):
        with pytest.raises(MasterKeyWrong):
            await change
    assert len((await services.store.load())[1]) == 2
    await services.close()


@pytest.mark.parametrize("crash", ["before the file", "before the store", "before the place", "never"])
async def test_a_crash_at_any_step_leaves_one_key_that_opens_all(crash: str, tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "keys" / "master"
    services = await _started(tmp_path, clock)
    await services.ring.create("oidc.es256", ES256)
    former, new = parse_master_key(file.read_text()), parse_master_key(generate_master_key())
    if crash != "before the file":
        write_next(file, format_master_key(new))
        if crash != "before the store":
            await reseal(services.store, former, new, clock)
            if crash != "before the place":
                take_place(file, clock.now())
    await services.close()
    for _ in range(2):
        again = await _started(tmp_path, clock)
        assert again.ring.signer("oidc.es256").sign(b"law")
        await again.close()
    done = crash in ("before the place", "never")
    assert parse_master_key(file.read_text()) == (new if done else former)
    kept = [parse_master_key(one.read_text()) for one in file.parent.glob("master.before-*")]
    assert kept == ([former] if done else [])  # for the backups from before


async def test_a_flipped_byte_keeps_the_former_master_key(tmp_path: Path, clock: FakeClock) -> None:
    file = tmp_path / "keys" / "master"
    services = await _started(tmp_path, clock)
    await services.ring.create("oidc.es256", ES256)
    former = parse_master_key(file.read_text())
    with pytest.raises(MasterKeyWrong):
        await reseal(services.store, bytes(range(32)), former, clock)
    with pytest.raises(KeyStoreDamaged):
        await services.store.reseal(before=KeyWrap(former).check, after=bytes(16), sealed=_damaged, moment=clock.now())
    await services.close()
    await (await _started(tmp_path, clock)).close()


def _damaged(_record: object) -> bytes:
    raise KeyStoreDamaged("a flipped byte")


# -- locked by a token -------------------------------------------------------------------------------------------


@pytest.fixture
def token(softhsm: SoftHsmToken) -> SoftHsmToken:
    """Nobody is logged in, and no PIN was refused."""
    pkcs11_token._logins.clear()
    library = Pkcs11Library.at(softhsm.module)
    if library.epoch:
        library.restart(library.epoch, seconds=20)
    return softhsm


async def test_a_locked_master_key_opens_the_store_with_its_token_only(
    tmp_path: Path, clock: FakeClock, token: SoftHsmToken
) -> None:
    wrapping = TokenWrapping(token_settings(token))
    key = parse_master_key(generate_master_key())
    text = wrapped_master_key(key, wrapping.make_key(), wrapping)
    file = tmp_path / "keys" / "master"
    assert write_private_file(file, text)
    assert format_master_key(key).partition(":")[2] not in text
    services = await _started(tmp_path, clock, pkcs11=token_settings(token))
    await services.ring.create("oidc.es256", ES256)
    await services.close()
    await (await _started(tmp_path, clock, pkcs11=token_settings(token))).close()

    with pytest.raises(MasterKeyMissing, match="configure its token"):
        await _started(tmp_path, clock)
    library = Pkcs11Library.at(token.module)
    library.restart(library.epoch, seconds=10)
    wrong = token_settings(token).model_copy(update={"pin": SecretStr("000000")})
    with pytest.raises(KeyUnavailable, match="PinIncorrect"):
        await _started(tmp_path, clock, pkcs11=wrong)
    gone = token_settings(token).model_copy(update={"token": "gone"})
    with pytest.raises(AppError):
        await _started(tmp_path, clock, pkcs11=gone)
    assert file.read_text().strip() == text  # nobody replaced it by one in plain


def test_a_flipped_byte_opens_nothing(token: SoftHsmToken) -> None:
    wrapping = TokenWrapping(token_settings(token))
    uri = wrapping.make_key()
    blob = wrapping.wrap(uri, bytes(range(32)))
    assert wrapping.unwrap(uri, blob) == bytes(range(32))
    for position in (0, 11, 12, 30, len(blob) - 1):
        changed = bytearray(blob)
        changed[position] ^= 1
        with pytest.raises(MasterKeyUnsafe, match="changed"):
            wrapping.unwrap(uri, bytes(changed))
    for cut in (b"", blob[:12], blob[:-1]):
        with pytest.raises(Unavailable):
            wrapping.unwrap(uri, cut)
    with pytest.raises(MasterKeyUnsafe):
        wrapping.unwrap(wrapping.make_key(), blob)  # another key of the same token


def test_the_wrapping_key_cannot_leave_and_does_nothing_else(token: SoftHsmToken) -> None:
    from pkcs11 import Attribute

    from keys.backends.pkcs11 import token_of
    from keys.backends.pkcs11_uri import Pkcs11Uri

    uri = Pkcs11Uri.parse(TokenWrapping(token_settings(token)).make_key())
    names = ("EXTRACTABLE", "SENSITIVE", "NEVER_EXTRACTABLE", "ALWAYS_SENSITIVE", "WRAP", "UNWRAP")
    found = token_of(token_settings(token)).run(
        lambda session: [bool(session.find(uri)[Attribute[name]]) for name in names]
    )
    assert found == [False, True, True, True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "yizheng-wrapped-master-key-v1:",
        "yizheng-wrapped-master-key-v1:!.!",
        "yizheng-wrapped-master-key-v1:_w==.AAAA",
        "yizheng-wrapped-master-key-v2:AAAA.AAAA",
    ],
)
def test_a_malformed_text_is_refused(text: str, token: SoftHsmToken) -> None:
    with pytest.raises(AppError):
        open_master_key(text, TokenWrapping(token_settings(token)))


# -- the commands ------------------------------------------------------------------------------------------------


def _service(folder: Path, token: SoftHsmToken | None = None, **changes: Any) -> Settings:
    on_token: dict[str, Any] = {}
    if token is not None:
        pin = folder / "pin"
        pin.write_text(token.pin)
        on_token = {"pkcs11_module": token.module, "pkcs11_token": token.label, "pkcs11_pin_file": pin}
    return Settings(data=folder, **(on_token | changes))


@pytest.mark.slow
async def test_the_master_key_moves_to_the_token_changes_there_and_comes_back(
    tmp_path: Path, token: SoftHsmToken
) -> None:
    settings = _service(tmp_path, token)
    said = await keys_master_commands.init(settings, pkcs11=False)
    with pytest.raises(StartupFault, match="left as it is"):
        await keys_master_commands.init(settings, pkcs11=False)
    await prepare(settings)
    with pytest.raises(StartupFault, match="key store already"):
        await keys_master_commands.init(settings, pkcs11=True)
    seen = {read_master_key(settings.keys)}

    said += await keys_master_commands.rewrap(settings, pkcs11=True)
    assert read_master_key(settings.keys) in seen  # the same key in another form
    locked = wrapping_uri(settings.master_key_path.read_text())
    assert locked is not None
    assert locked in "".join(await keys_master_commands.show(settings))

    said += await keys_master_commands.rotate(settings, to=None)
    seen.add(read_master_key(settings.keys))
    assert len(seen) == 2
    assert wrapping_uri(settings.master_key_path.read_text()) not in (None, locked)

    said += await keys_master_commands.rewrap(settings, pkcs11=False)
    said += await keys_master_commands.show(settings)
    assert said[-1] == "opens        yes"
    assert wrapping_uri(settings.master_key_path.read_text()) is None
    assert not next_of(settings.master_key_path).exists()
    for key in seen:
        assert format_master_key(key).partition(":")[2][:20] not in "".join(said)
    with pytest.raises(StartupFault, match="leave --to out"):
        await keys_master_commands.rotate(settings, to=tmp_path / "other")


@pytest.mark.slow
async def test_a_secret_of_the_environment_is_changed_by_way_of_a_file(tmp_path: Path) -> None:
    settings = _service(tmp_path, master_key=generate_master_key())
    await prepare(settings)
    with pytest.raises(StartupFault, match="--to FILE"):
        await keys_master_commands.rotate(settings, to=None)
    with pytest.raises(StartupFault, match="not ours to write"):
        await keys_master_commands.rewrap(settings, pkcs11=True)
    file = tmp_path / "new"
    said = await keys_master_commands.rotate(settings, to=file)
    assert "restart every worker" in said[0]
    with pytest.raises(MasterKeyWrong):
        await keys_master_commands.rotate(settings, to=tmp_path / "newer")
    assert "opens        yes" in await keys_master_commands.show(_service(tmp_path, master_key=file.read_text()))
