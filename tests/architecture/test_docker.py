"""The image and the compose file keep their promises; their scripts and the proxy's configuration really run."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types
import pytest
import redis
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.master_key import load_master_key
from keys.settings import KeysSettings
from keys.trust.peer import read_forwarded_certificate
from tests.architecture.dockerfile import Stage, parse
from tests.architecture.tree import PACKAGES, ROOT
from tests.support.idp_proofs import client_certificate
from tests.support.servers import PostgresServer, free_port

DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAGES = parse((DOCKER / "Dockerfile").read_text())
FINAL = STAGES[-1]
OURS = ("migrate", "backup", "api-1", "api-2")
COMMANDS = {"migrate", "backup"}  # they end by themselves


def _tag(image: str) -> str:
    return image.rpartition(":")[2] if ":" in image else ""


# --- the image


def test_the_image_is_built_in_stages_and_the_last_builds_nothing() -> None:
    assert len(STAGES) >= 2
    assert not [line for line in FINAL.all("RUN") if "pip install" in line or "uv sync" in line or "apt-get" in line]


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_bases_are_pinned(stage: Stage) -> None:
    assert _tag(stage.base) not in {"", "latest"}
    assert "3.11" in stage.base


def test_packages_come_from_the_lock_file_with_hashes_and_without_development_groups() -> None:
    steps = " ".join(STAGES[0].all("RUN"))
    assert "pip install --require-hashes -r bin/uv.txt" in steps
    assert "uv sync --locked --no-default-groups" in steps
    assert "--group" not in steps
    assert "--all-groups" not in steps
    hashed = (ROOT / "bin" / "uv.txt").read_text()
    assert "--hash=sha256:" in hashed


def test_it_runs_as_a_user_without_rights_and_without_a_shell() -> None:
    user, _, group = FINAL.last("USER").partition(":")
    assert (int(user), int(group)) == (10001, 10001)
    assert any("useradd" in line and "nologin" in line for line in FINAL.all("RUN"))


def test_start_and_health_check_are_in_exec_form() -> None:
    assert FINAL.command("ENTRYPOINT") == ["/srv/yizheng/entrypoint.sh"]
    assert FINAL.command("CMD") == ["serve", "--host", "0.0.0.0", "--port", "8000"]
    check = FINAL.last("HEALTHCHECK")
    words = json.loads(check[check.index("[") :])
    assert words[0] == "python"
    assert "/health/ready" in words[2]
    compile(words[2], "health check", "exec")


def test_every_package_of_ours_is_in_the_image_and_nothing_else() -> None:
    copied = {line.split()[0] for line in STAGES[0].all("COPY")}
    assert set(PACKAGES) <= copied
    assert copied - set(PACKAGES) == {"bin/uv.txt", "pyproject.toml"}
    let_in = (DOCKER / "Dockerfile.dockerignore").read_text().split("\n")
    assert let_in[1] == "*"
    for name in (*PACKAGES, "uv.lock", "pyproject.toml", "bin/uv.txt", "docker/entrypoint.sh"):
        assert f"!{name}" in let_in
        assert (ROOT / name).exists()


def test_nothing_secret_is_set_in_the_image() -> None:
    for stage in STAGES:
        for line in stage.all("ENV") + stage.all("ARG"):
            assert not any(word in line.upper() for word in ("PASSWORD=", "SECRET=", "MASTER_KEY=", "TOKEN="))


# --- the compose file


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_contained(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["pids_limit"] > 0
    assert service["mem_limit"]
    assert "privileged" not in service
    assert "cap_add" not in service
    user = str(service["user"]).partition(":")[0]
    assert user.isdigit()
    assert int(user) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    assert _tag(SERVICES[name]["image"].replace("${YIZHENG_VERSION:-0.1.0}", "0.1.0")) not in {"", "latest"}


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in COMMANDS])
def test_a_server_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", SERVICES)
def test_secrets_are_files_and_never_in_the_environment(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if any(word in variable for word in ("PASSWORD", "SECRET", "MASTER_KEY", "TOKEN")):
            assert variable.endswith("_FILE"), variable
            assert value.startswith("/run/secrets/")
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
        if "@" in str(value):
            assert ":{password}@" in value, f"{variable} holds a password"


def test_every_secret_is_declared_made_and_kept_out_of_the_tree() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    making = (DOCKER / "make-secrets.sh").read_text()
    assert all(name in making for name in used)
    assert "secrets/" in (DOCKER / ".gitignore").read_text().split("\n")


def test_only_the_proxy_can_be_reached_and_the_stores_reach_nobody() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["stores"]["internal"] is True
    for store in ("database", "kv"):
        assert SERVICES[store]["networks"] == ["stores"]
    assert SERVICES["proxy"]["networks"] == ["workers"]


def test_forwarded_addresses_are_believed_from_the_proxys_network_only() -> None:
    subnet = COMPOSE["networks"]["workers"]["ipam"]["config"][0]["subnet"]
    for name in OURS:
        assert SERVICES[name]["environment"]["YIZHENG_TRUSTED_PROXIES"] == subnet


def test_there_are_two_workers_on_postgres_and_redis_and_they_wait_for_the_migration() -> None:
    assert SERVICES["database"]["image"].startswith("postgres:17")
    for name in ("api-1", "api-2"):
        environment = SERVICES[name]["environment"]
        assert environment["YIZHENG_DATABASE_URL"].startswith("postgresql+asyncpg://")
        assert environment["YIZHENG_KV_URL"].startswith("redis://")
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["command"][0] == "serve"
    assert SERVICES["migrate"]["command"] == ["migrate"]
    assert SERVICES["migrate"]["restart"] == "no"


def test_what_a_deployment_must_choose_has_no_default() -> None:
    text = (DOCKER / "compose.yaml").read_text()
    for variable in ("YIZHENG_ISSUER", "YIZHENG_CITY", "YIZHENG_OPERATOR"):
        assert f"${{{variable}:?" in text
    example = dict(
        line.split("=", 1) for line in (DOCKER / ".env.example").read_text().splitlines() if line and line[0] != "#"
    )
    assert example["YIZHENG_ISSUER"] == ""
    assert not any("PASSWORD" in name or "KEY" in name for name in example)


def test_files_that_are_mounted_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (DOCKER / source).exists(), volume


# --- the scripts


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("YIZHENG_")}
    return subprocess.run(command, env={**inherited, **environment}, capture_output=True, text=True, timeout=60)


@pytest.fixture
def own_docker(tmp_path: Path) -> Path:
    """A copy of the folder, so that secrets can be made in it."""
    return Path(shutil.copytree(DOCKER, tmp_path / "docker", ignore=shutil.ignore_patterns("secrets", ".env")))


def test_the_secrets_that_are_made_are_random_private_and_kept(own_docker: Path) -> None:
    make = [str(own_docker / "make-secrets.sh"), "--self-signed", "id.example.gov.cn"]
    assert _run(make).returncode == 0
    secrets = own_docker / "secrets"
    assert {path.name for path in secrets.iterdir()} == set(COMPOSE["secrets"])
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE((secrets / "master_key").stat().st_mode) == 0o600
    assert len(load_master_key(KeysSettings(store_url="", master_key_file=secrets / "master_key"))) == 32
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert len({*before.values()}) == len(before)
    assert min(len(before[name]) for name in before if name.endswith("_password")) >= 64
    assert _run(make).returncode == 0
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before


@pytest.fixture
def stub_python(tmp_path: Path) -> str:
    """A PATH whose `python` shows what the service would be started with."""
    stub = tmp_path / "bin" / "python"
    stub.parent.mkdir()
    stub.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -m ]; then echo "$@"; env | grep ^YIZHENG_ | sort; '
        f'else exec "{sys.executable}" "$@"; fi\n'
    )
    stub.chmod(0o755)
    return f"{stub.parent}:{os.environ['PATH']}"


def test_the_entry_point_puts_passwords_into_addresses(stub_python: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b@c:d%\n")
    done = _run(
        [str(DOCKER / "entrypoint.sh"), "serve", "--port", "8000"],
        PATH=stub_python,
        YIZHENG_DATABASE_URL="postgresql+asyncpg://yizheng:{password}@database/yizheng",
        YIZHENG_DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
        YIZHENG_KV_URL="redis://kv:6379/0",
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "-m api.cli serve --port 8000"
    assert "YIZHENG_DATABASE_URL=postgresql+asyncpg://yizheng:a%2Fb%40c%3Ad%25@database/yizheng" in lines
    assert "YIZHENG_KV_URL=redis://kv:6379/0" in lines


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_the_entry_point_refuses_to_start_without_a_password(
    content: str | None, stub_python: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "password").write_text(content)
    done = _run(
        [str(DOCKER / "entrypoint.sh"), "serve"],
        PATH=stub_python,
        YIZHENG_KV_URL="redis://:{password}@kv:6379/0",
        YIZHENG_KV_PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert done.returncode != 0
    assert "entrypoint:" in done.stderr
    assert done.stdout == ""


@pytest.fixture
def secrets(own_docker: Path) -> Path:
    assert _run([str(own_docker / "make-secrets.sh"), "--self-signed", "localhost"]).returncode == 0
    return own_docker / "secrets"


async def test_the_databases_first_start_makes_two_roles_that_do_not_see_each_other(
    secrets: Path, postgres_server: PostgresServer, program: Callable[..., str]
) -> None:
    psql = program("postgresql-client", "psql")
    port = postgres_server.port
    environment = {
        "SECRETS_DIR": str(secrets),
        "POSTGRES_USER": "yizheng_test_admin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PATH": f"{Path(psql).parent}:{os.environ['PATH']}",
    }
    admin = await asyncpg.connect(postgres_server.dsn("postgres"))
    # the cluster's own superuser has the name that the script gives to a role
    await admin.execute("CREATE ROLE yizheng_test_admin SUPERUSER LOGIN")
    script = (
        (DOCKER / "postgres" / "10-databases.sh").read_text().replace("make_database yizheng\n", "make_database app\n")
    )
    done = _run(["sh", "-c", script], **environment)
    try:
        assert done.returncode == 0, done.stderr
        rows = await admin.fetch(
            "SELECT rolname, rolsuper, rolpassword FROM pg_authid WHERE rolname IN ('app', 'yizheng_keys')"
        )
        assert {row["rolname"]: row["rolsuper"] for row in rows} == {"app": False, "yizheng_keys": False}
        assert all(row["rolpassword"].startswith("SCRAM-SHA-256$") for row in rows)
        assert (secrets / "keys_password").read_text().strip() not in done.stdout + done.stderr
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(f"postgresql://app@127.0.0.1:{port}/yizheng_keys")
        own = await asyncpg.connect(f"postgresql://app@127.0.0.1:{port}/app")
        await own.execute("CREATE TABLE own (id int)")
        await own.close()
    finally:
        for database in ("app", "yizheng_keys"):
            await admin.execute(f"DROP DATABASE IF EXISTS {database}")
            await admin.execute(f"DROP ROLE IF EXISTS {database}")
        await admin.execute("DROP ROLE yizheng_test_admin")
        await admin.close()


def test_the_key_value_server_wants_the_password_and_never_evicts(
    secrets: Path, tmp_path: Path, program: Callable[..., str]
) -> None:
    server = program("redis-server", "valkey-server", "redis-server")
    port = free_port()
    environment = {
        **os.environ,
        "SERVER": server,
        "SECRETS_DIR": str(secrets),
        "PORT": str(port),
        "BIND": "127.0.0.1",
        "DIR": str(tmp_path),
    }
    password = (secrets / "kv_password").read_text().strip()
    with _process(["sh", str(DOCKER / "valkey" / "start.sh")], port, environment) as process:
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert password.encode() not in shown
        with pytest.raises(redis.AuthenticationError), redis.Redis(port=port) as stranger:
            stranger.ping()
        with redis.Redis(port=port, password=password) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}


@contextlib.contextmanager
def _process(
    command: list[str], port: int, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on `port` until the block ends."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, process.stderr.read() if process.stderr else b""
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


# --- the proxy


class _Worker(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    def do_GET(self) -> None:
        body = json.dumps(dict(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def proxy_configuration(secrets: Path, tmp_path: Path) -> tuple[Path, int, int, int]:
    """The shipped configuration with names, ports and paths of this machine; its plain port, its TLS port, and the one
    where clients are asked for certificates."""
    worker = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Worker)
    threading.Thread(target=worker.serve_forever, daemon=True).start()
    plain, tls, mutual = free_port(), free_port(), free_port()
    (tmp_path / "run").mkdir()
    text = (DOCKER / "nginx.conf").read_text()
    for old, new in {
        "api-1:8000": f"127.0.0.1:{worker.server_port}",
        "api-2:8000": f"127.0.0.1:{free_port()}",  # a worker that is down
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "listen 8443": f"listen 127.0.0.1:{tls}",
        "listen 8444": f"listen 127.0.0.1:{mutual}",
        "/tmp/": f"{tmp_path}/run/",
        "/run/secrets/": f"{secrets}/",
        "/dev/stdout": f"{tmp_path}/run/access.log",
    }.items():
        assert old in text
        text = text.replace(old, new)
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(text)
    return configuration, plain, tls, mutual


@pytest.fixture
def nginx(program: Callable[..., str]) -> str:
    return program("nginx-light", "nginx")


def test_nginx_accepts_the_configuration(
    proxy_configuration: tuple[Path, int, int, int], tmp_path: Path, nginx: str
) -> None:
    done = _run([nginx, "-t", "-p", str(tmp_path), "-e", "stderr", "-c", str(proxy_configuration[0])])
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_the_proxy_tells_the_true_address_and_passes_over_a_worker_that_is_down(
    proxy_configuration: tuple[Path, int, int, int], tmp_path: Path, nginx: str
) -> None:
    configuration, plain, tls, _mutual = proxy_configuration
    command = [nginx, "-p", str(tmp_path), "-e", "stderr", "-c", str(configuration), "-g", "daemon off;"]
    with _process(command, tls):
        for _ in range(4):
            seen = json.loads(
                _ask(tls, "/authorize?code=secret-code", {"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1"})
            )
            assert seen["X-Forwarded-For"] == "127.0.0.1"
            assert seen["X-Forwarded-Proto"] == "https"
            assert "Forwarded" not in seen
        with pytest.raises(urllib.error.HTTPError) as redirected:
            _open(urllib.request.Request(f"http://127.0.0.1:{plain}/x"))
        assert redirected.value.code == 308
        assert redirected.value.headers["Location"] == "https://127.0.0.1/x"
        with pytest.raises(urllib.error.HTTPError) as refused:
            _ask(tls, "/", {"Content-Length": str(200 * 2**20)}, method="POST")
        assert refused.value.code == 413
    log = (tmp_path / "run" / "access.log").read_text()
    assert "/authorize" in log
    assert "secret-code" not in log


def test_o41_the_proxy_hands_on_the_certificate_that_was_shown_and_no_other(
    proxy_configuration: tuple[Path, int, int, int], tmp_path: Path, nginx: str
) -> None:
    configuration, _plain, tls, mutual = proxy_configuration
    mine, lie = client_certificate(), client_certificate("someone else")
    files = tmp_path / "client.crt", tmp_path / "client.key"
    files[0].write_text(mine.pem)
    files[1].write_bytes(mine.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    header = COMPOSE["services"]["api-1"]["environment"]["YIZHENG_CLIENT_CERTIFICATE_HEADER"].partition(":+")[2][:-1]
    forged = {header: lie.escaped, f"{header}-Chain": lie.field, "X-Forwarded-For": "172.31.253.2"}
    command = [nginx, "-p", str(tmp_path), "-e", "stderr", "-c", str(configuration), "-g", "daemon off;"]
    with _process(command, mutual):
        for port, shown, expected in ((mutual, files, mine.der), (mutual, None, None), (tls, files, None)):
            seen = json.loads(_ask(port, "/token", forged, shown=shown))
            assert (read_forwarded_certificate(seen[header]) if header in seen else None) == expected
            assert f"{header}-Chain" not in seen
        with pytest.raises(urllib.error.HTTPError) as refused:
            _ask(mutual, "/login", {}, shown=files)
        assert refused.value.code == 404, "people's pages are not here"


def _open(request: urllib.request.Request, shown: tuple[Path, Path] | None = None) -> bytes:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    if shown is not None:
        trusting.load_cert_chain(*shown)
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting), _Stay())
    with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
        content: bytes = answer.read()
        return content


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


def _ask(
    port: int,
    path: str,
    headers: dict[str, str],
    *,
    method: str = "GET",
    shown: tuple[Path, Path] | None = None,
) -> bytes:
    return _open(urllib.request.Request(f"https://127.0.0.1:{port}{path}", headers=headers, method=method), shown)
