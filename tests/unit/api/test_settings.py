"""Settings: read once, checked, and refused in production where they are not safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

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


def test_time_stamping_is_our_own_unless_others_are_named() -> None:
    development, production = Settings().tsa, Settings(**SAFE).tsa
    assert [one.url for one in development.services] == ["local"]
    assert (development.clock, production.clock) == ("unchecked", "kernel")
    assert (development.development, production.development) == (True, False)


def test_time_stamping_services_stand_in_their_order_with_their_details(tmp_path: Path) -> None:
    file = tmp_path / "tsa.json"
    file.write_text('{"https://tsa.example/": {"policy": "1.2.3", "digest": "sha384", "timeout": 1.5}}')
    services = Settings(tsa_urls="https://tsa.example/, local", tsa_file=file).tsa.services
    assert [(one.url, one.policy, one.digest, one.timeout) for one in services] == [
        ("https://tsa.example/", "1.2.3", "sha384", 1.5),
        ("local", None, "sha256", 3.0),
    ]


@pytest.mark.parametrize(
    ("urls", "details", "word"),
    [
        ("ftp://tsa.example/", {}, "address"),
        ("https://tsa_example*/", {}, "host name"),
        ("https://user:secret@tsa.example/", {}, "credentials"),
        ("https://tsa.example/", {"https://tsa.example/": {"digest": "sha1"}}, "sha256"),
        ("https://tsa.example/", {"https://tsa.example/": {"polisy": "1.2.3"}}, "polisy"),
        ("https://tsa.example/", {"https://other.example/": {}}, "other.example"),
        ("https://tsa.example/", {"https://tsa.example/": {"username": "city"}}, "password_file"),
        ("http://t.cn/", {"http://t.cn/": {"username": "city", "password_file": "/x"}}, "https"),
    ],
)
def test_a_time_stamping_service_that_cannot_be_is_refused(
    urls: str, details: dict[str, object], word: str, tmp_path: Path
) -> None:
    file = tmp_path / "tsa.json"
    file.write_text(json.dumps(details))
    with pytest.raises(ValueError, match=word):
        Settings(tsa_urls=urls, tsa_file=file)


def test_a_file_of_details_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="YIZHENG_TSA_FILE"):
        Settings(tsa_file=tmp_path / "none")
    (tmp_path / "list").write_text("[]")
    with pytest.raises(ValueError, match="YIZHENG_TSA_FILE"):
        Settings(tsa_file=tmp_path / "list")


def test_a_clock_that_nobody_checks_stops_production() -> None:
    with pytest.raises(StartupFault, match="YIZHENG_TSA_CLOCK"):
        check_production(Settings(**SAFE, tsa_clock="unchecked"))


@pytest.mark.parametrize(
    ("hosts", "only"),
    [
        ("", "nobody"),
        ("*", "anybody"),
        ("ocsp.ca.example, .province.example,10.0.0.0/8", "listed"),
    ],
)
def test_who_may_be_asked_about_revocation(hosts: str, only: str) -> None:
    rules = Settings(revocation_hosts=hosts).trust.egress_rules()
    if only == "anybody":
        assert rules.only is None
        return
    assert rules.only is not None
    assert rules.only.names_host("ocsp.ca.example") is (only == "listed")
    assert rules.only.names_host("crl.province.example") is (only == "listed")
    assert not rules.only.names_host("evil.example")


def test_a_host_that_cannot_be_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="no host name"):
        Settings(revocation_hosts="http://ocsp.ca.example/")


def test_the_life_of_pushed_requests_is_set_within_bounds() -> None:
    assert Settings().idp.pushed_lifetime == 90
    assert Settings(pushed_request_seconds=599).idp.pushed_lifetime == 599
    for seconds in (59, 600):
        with pytest.raises(ValueError, match="pushed_request_seconds"):
            Settings(pushed_request_seconds=seconds)


def test_o41_a_certificate_header_that_anybody_may_send_is_refused(tmp_path: Path) -> None:
    chosen = {"data": tmp_path, "mode": "production", "client_certificate_header": "Client-Cert"}
    assert any(
        "client certificate" in fault for fault in Settings(**chosen, trusted_proxies="*").unsafe_in_production()
    )
    for safe in ({"trusted_proxies": "10.0.0.1"}, {"trusted_proxies": "*", "client_certificate_header": ""}):
        faults = Settings(**(chosen | safe)).unsafe_in_production()
        assert not any("client certificate" in fault for fault in faults)


def test_what_the_identity_provider_is_told_of_clients_that_prove_keys(tmp_path: Path) -> None:
    plain = Settings(data=tmp_path).idp
    assert (plain.client_certificates, plain.mtls_url) == (False, None)
    asked = Settings(
        data=tmp_path,
        client_certificate_header="Client-Cert",
        client_certificate_chains="proxy",
        mtls_url="https://mtls.example.test",
        dpop_nonce="all",
    ).idp
    assert (asked.client_certificates, asked.mtls_url) == (True, "https://mtls.example.test")
    assert (asked.client_chains, asked.dpop_nonce) == ("proxy", "all")
    for wrong in ({"mtls_url": "mtls.example.test"}, {"mtls_url": "https://x/"}, {"client_certificate_header": "a b"}):
        with pytest.raises(ValidationError):
            Settings(data=tmp_path, **wrong)
