"""The master key: where it comes from, and every way in which it must not be taken."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from keys.errors import MasterKeyMissing, MasterKeyUnsafe
from keys.master_key import generate_master_key, load_master_key, parse_master_key, write_master_key
from keys.settings import KeysSettings


def _settings(file: Path | None = None, secret: str | None = None) -> KeysSettings:
    key = None if secret is None else SecretStr(secret)
    return KeysSettings(store_url="sqlite:///unused", master_key_file=file, master_key=key)


def test_a_written_key_is_read_back_and_is_private(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "master.key"
    write_master_key(file)
    assert len(load_master_key(_settings(file))) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_master_key(file)
    before = file.read_text()
    write_master_key(file)
    assert file.read_text() == before


def test_workers_that_start_together_read_one_key(tmp_path: Path) -> None:
    file = tmp_path / "master.key"

    def start(_number: int) -> bytes:
        write_master_key(file)
        return load_master_key(_settings(file))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(start, range(16)))) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
def test_a_file_open_to_others_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_master_key(file)
    file.chmod(mode)
    with pytest.raises(MasterKeyUnsafe, match="0600"):
        load_master_key(_settings(file))
    file.chmod(0o400)
    assert load_master_key(_settings(file))


def test_the_secret_handed_in_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_master_key(file)
    text = generate_master_key()
    assert load_master_key(_settings(file, text)) == parse_master_key(text)


def test_a_missing_key_is_said_to_be_missing(tmp_path: Path) -> None:
    for settings in (_settings(), _settings(tmp_path / "absent"), _settings(tmp_path / "absent" / "deeper")):
        with pytest.raises(MasterKeyMissing):
            load_master_key(settings)


def test_a_broken_secret_does_not_fall_back_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    write_master_key(file)
    with pytest.raises(MasterKeyUnsafe):
        load_master_key(_settings(file, "changeme"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "changeme",
        "yizheng-master-key-v1:",
        "yizheng-master-key-v1:AAAA",
        "yizheng-master-key-v1:" + "A" * 43 + "=",  # 32 zero bytes
        "yizheng-master-key-v1:" + "YWFh" * 10 + "YWE=",  # 32 times the same letter
        "yizheng-master-key-v2:" + generate_master_key().partition(":")[2],
        generate_master_key()[:-3],
        generate_master_key() + "AAAA",
        generate_master_key().replace(":", ": "),
        "yizheng-master-key-v1:" + "é" * 44,
    ],
    ids=range(11),  # a key of chance in a name would differ between workers
)
def test_malformed_and_weak_keys_are_refused(text: str) -> None:
    with pytest.raises(MasterKeyUnsafe) as refused:
        parse_master_key(text)
    assert len(text) < 23 or text[23:] not in str(refused.value)  # an error never repeats a secret


def test_surrounding_white_space_is_no_part_of_the_key() -> None:
    text = generate_master_key()
    assert parse_master_key(f" {text}\r\n") == parse_master_key(text)
    assert generate_master_key() != text


def test_the_secret_does_not_show_in_the_settings() -> None:
    text = generate_master_key()
    assert text not in repr(_settings(secret=text))
    assert text not in _settings(secret=text).model_dump_json()


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    os.mkdir(tmp_path / "master.key", 0o700)
    with pytest.raises(MasterKeyMissing, match="not a file"):
        load_master_key(_settings(tmp_path / "master.key"))
