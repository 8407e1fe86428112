"""Settings: read once, checked, and refused in production where they are not safe."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings, child_environment
from api.startup import StartupFault, check_production

SAFE = {
    "mode": "production",
    "issuer": "https://id.example.cn",
    "master_key_file": Path("/run/secrets/master"),
    "kv_url": "redis://kv:6379/0",
    "workers": 2,
}


def test_a_safe_production_deployment_may_start() -> None:
    check_production(Settings(**SAFE))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"issuer": "http://id.example.cn"}, "https"),
        ({"demo": True}, "demo"),
        ({"master_key_file": None}, "master key"),
        ({"kv_url": ""}, "Redis"),
    ],
)
def test_each_unsafe_setting_stops_production_and_names_itself(change: dict[str, object], word: str) -> None:
    """Attack O-60 and its twin above."""
    with pytest.raises(StartupFault, match=word):
        check_production(Settings(**(SAFE | change)))


@pytest.mark.parametrize(
    "issuer", ["id.example.cn", "https://id.example.cn/", "ftp://x", "https://x?y", "https://x#y", ""]
)
def test_an_issuer_that_cannot_be_one_is_refused(issuer: str) -> None:
    with pytest.raises(ValueError, match="YIZHENG_ISSUER"):
        Settings(issuer=issuer)


def test_secrets_stay_out_of_representations() -> None:
    settings = Settings(master_key="very-secret-value")
    assert "very-secret-value" not in repr(settings)
    assert "very-secret-value" not in repr(settings.keys)


def test_everything_embedded_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    for address in (settings.database.url, settings.keys.store_url, settings.kv.url, settings.blobs.url):
        assert str(tmp_path) in address


def test_a_child_inherits_no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIZHENG_MASTER_KEY", "inherited")
    environment = child_environment(issuer="http://127.0.0.1:1")
    assert "YIZHENG_MASTER_KEY" not in environment
    assert environment["YIZHENG_ISSUER"] == "http://127.0.0.1:1"
