"""What a newcomer meets at the command line: the first start, the second, and every fault that has a remedy."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.demo.city import PASSWORD, PEOPLE
from tests.support.servers import free_port

pytestmark = pytest.mark.slow

CLIENT = {"name_zh": "测试门户", "name_en": "Test portal", "redirect_uris": ["https://portal.test/callback"]}

BEGIN = "import api.cli; print('begun', flush=True); api.cli.main()"


def _environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YIZHENG_", "PYTHON", "LC_"))}
    return kept | {"LANG": "C.UTF-8"} | changes


@dataclass(frozen=True)
class Said:
    """What a finished command printed."""

    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line of a command that refused."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("yizheng: ")
        return line


def yizheng(*words: object, stdin: str | None = None, **environment: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", *map(str, words)],
        env=_environment(**environment),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Running:
    """`yizheng run`, answering; its output goes to a file."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, trust_env=False, timeout=30, follow_redirects=True)

    def end(self, with_signal: signal.Signals = signal.SIGTERM) -> str:
        """Stop it; answers everything that it printed."""
        self.process.send_signal(with_signal)
        self.process.wait(120)
        return self.log.read_text("utf-8", "replace")


@contextlib.contextmanager
def running(folder: Path, *words: str, **environment: str) -> Iterator[Running]:
    port = free_port()
    log = folder.with_name(folder.name + ".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "run", "--port", str(port), "--data", str(folder), *words],
            env=_environment(**environment),
            stdout=output,
            stderr=output,
        )
    one = Running(process, f"http://127.0.0.1:{port}", log)
    try:
        deadline = time.monotonic() + 300
        while True:
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < deadline, "it never answered"
            with contextlib.suppress(httpx.TransportError):
                if one.get("/health/ready").status_code == 200:
                    break
            time.sleep(0.1)
        yield one
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a demo city that has been made and is not running; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("first-start") / "data"
    assert yizheng("migrate", "--demo", YIZHENG_DATA=str(folder)).out == "migrated\n"
    return folder


@pytest.fixture
def data(demo_folder: Path, tmp_path: Path) -> Path:
    """A copy of the demo city's data."""
    return Path(shutil.copytree(demo_folder, tmp_path / "data"))


class TestStarting:
    def test_the_first_start_says_where_to_go_and_the_second_keeps_the_data(self, tmp_path: Path) -> None:
        folder = tmp_path / "数据 with a space"
        with running(folder) as one:
            assert one.get("/").status_code == 200
            banner = one.end()
        assert f"serves on {one.address}" in banner
        assert PASSWORD in banner
        for person in PEOPLE:
            assert person.id_number in banner
        before = yizheng("keys", "list", "--data", folder).out
        with running(folder) as one:
            assert one.get("/").status_code == 200
            one.end()
        assert yizheng("keys", "list", "--data", folder).out == before
        assert "audit chain whole" in yizheng("audit", "verify", "--data", folder).out

    def test_started_empty_nothing_speaks_of_the_demo(self, tmp_path: Path) -> None:
        with running(tmp_path / "data", "--no-demo") as one:
            pages = [one.get(path) for path in ("/", "/login", "/verify")]
            banner = one.end()
        for page in pages:
            assert page.status_code == 200, page.url
            assert PASSWORD not in page.text
            assert not [person.name for person in PEOPLE if person.name in page.text]
            assert "/demo/" not in page.text
        assert PASSWORD not in banner
        assert "yizheng client register" in banner

    def test_two_starts_on_one_folder_make_one_city(self, tmp_path: Path, demo_folder: Path) -> None:
        folder = tmp_path / "data"
        starts = [
            subprocess.Popen(
                [sys.executable, "-m", "api.cli", "migrate", "--demo"],
                env=_environment(YIZHENG_DATA=str(folder)),
                stdout=subprocess.DEVNULL,
            )
            for _ in range(2)
        ]
        assert [start.wait(300) for start in starts] == [0, 0]

        def purposes(where: Path) -> list[str]:
            listed = yizheng("keys", "list", "--data", where).out.splitlines()
            return [re.sub(r"seal_\w+", "seal", line.split()[0]) for line in listed]

        assert purposes(folder) == purposes(demo_folder)

    def test_a_folder_named_relatively_lies_below_the_present_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        root = str(Path(__file__).parents[2])
        said = yizheng("migrate", YIZHENG_DATA="here", PYTHONPATH=root)
        assert said.code == 0, said.err
        assert (tmp_path / "here" / "yizheng.db").exists()

    @pytest.mark.parametrize(
        "locale",
        [
            {"LC_ALL": "C"},
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            {"PYTHONIOENCODING": "latin-1"},
        ],
        ids=["coerced", "ascii", "latin-1"],
    )
    def test_a_terminal_without_chinese_shows_question_marks(self, locale: dict[str, str], data: Path) -> None:
        with running(data, **locale) as one:
            banner = one.end()
        assert "Yizheng serves on" in banner
        assert "Traceback" not in banner
        assert "\x1b[" not in banner  # it is no terminal, so no colours


class TestEnding:
    @pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_a_serving_process_quietly(self, ended_by: signal.Signals, data: Path) -> None:
        with running(data) as one:
            printed = one.end(ended_by)
        assert one.process.returncode in (0, 130, -ended_by)
        assert "Traceback" not in printed

    @pytest.mark.parametrize("after", [0.2, 0.5, 2.0])
    def test_ctrl_c_while_starting_is_quiet_and_the_next_start_goes_through(self, after: float, tmp_path: Path) -> None:
        """After 0.2 s Python still imports; after 2 s it makes keys or documents, or serves."""
        folder = tmp_path / "data"
        process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, "run", "--port", str(free_port()), "--data", str(folder)],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        time.sleep(after)
        process.send_signal(signal.SIGINT)
        printed = process.communicate(timeout=120)[0].decode()
        assert "Traceback" not in printed, printed
        assert process.returncode in (0, 130)
        assert yizheng("migrate", "--demo", YIZHENG_DATA=str(folder)).out == "migrated\n"
        assert yizheng("doctor", "--data", folder).code == 0


class TestRefusals:
    def test_a_port_in_use(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            line = yizheng("run", "--port", port, "--data", tmp_path / "data").refusal
        assert f"port {port} is in use" in line
        assert "--port" in line.partition(":")[2]
        assert not (tmp_path / "data").exists()

    @pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
    def test_an_address_of_another_machine(self, host: str, data: Path) -> None:
        line = yizheng("serve", "--host", host, "--port", free_port(), YIZHENG_DATA=str(data)).refusal
        assert f"{host} is no address of this machine" in line
        assert "--host" in line

    def test_a_data_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()  # below a file not even root can make a folder
        line = yizheng("run", "--port", free_port(), "--data", tmp_path / "file" / "data").refusal
        assert "cannot write to the data folder" in line
        assert "--data DIR" in line

    def test_serving_without_tables(self, tmp_path: Path) -> None:
        line = yizheng("serve", "--port", free_port(), YIZHENG_DATA=str(tmp_path / "data")).refusal
        assert "yizheng migrate" in line
        assert not (tmp_path / "data").exists()

    def test_data_of_a_newer_version(self, data: Path) -> None:
        with sqlite3.connect(data / "yizheng.db") as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.close()
        for words in (["run", "--port", free_port(), "--data", data], ["audit", "verify", "--data", data]):
            assert "made by a newer version" in yizheng(*words).refusal

    def test_a_damaged_database(self, data: Path) -> None:
        for leftover in data.glob("yizheng.db*"):
            leftover.unlink()
        (data / "yizheng.db").write_bytes(b"no database" * 1000)
        line = yizheng("run", "--port", free_port(), "--data", data).refusal
        assert "SQLITE_NOTADB" in line
        assert "restore" in line

    def test_a_lost_master_key(self, data: Path) -> None:
        (data / "keys" / "master").unlink()
        assert "master key is missing" in yizheng("run", "--port", free_port(), "--data", data).refusal
        served = yizheng("serve", "--port", free_port(), YIZHENG_DATA=str(data))
        assert served.code != 0
        assert served.err.startswith("yizheng: The master key is missing")
        assert "Traceback" not in served.err

    @pytest.mark.parametrize(
        ("name", "value", "told"),
        [
            ("WORKERS", "many", "YIZHENG_WORKERS: "),
            ("MODE", "prod", "YIZHENG_MODE: "),
            ("ISSUER", "https://id.test/", "YIZHENG_ISSUER must not end with a slash"),
            ("DATABASE_URL", "nonsense", "YIZHENG_DATABASE_URL"),
            ("DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/none", "YIZHENG_DATABASE_URL"),
        ],
    )
    def test_a_setting_that_cannot_be(self, name: str, value: str, told: str, tmp_path: Path) -> None:
        settings = {"YIZHENG_DATA": str(tmp_path / "data"), f"YIZHENG_{name}": value}
        assert told in yizheng("migrate", **settings).refusal

    def test_production_names_each_unsafe_setting(self, data: Path) -> None:
        unsafe = {"YIZHENG_MODE": "production", "YIZHENG_DEMO": "true", "YIZHENG_WORKERS": "2"}
        line = yizheng("serve", "--port", free_port(), YIZHENG_DATA=str(data), **unsafe).refusal
        for setting in ("YIZHENG_ISSUER", "YIZHENG_DEMO", "YIZHENG_MASTER_KEY_FILE", "YIZHENG_KV_URL"):
            assert setting in line
        examined = yizheng("doctor", "--data", data, **unsafe)
        assert examined.code == 1
        assert sum(row.startswith("BAD  setting") for row in examined.out.splitlines()) == 4


class TestCommands:
    def test_doctor_finds_a_good_deployment_good(self, data: Path) -> None:
        said = yizheng("doctor", "--data", data)
        assert said.code == 0, said.out
        assert all(row.startswith("ok ") for row in said.out.splitlines())

    def test_doctor_names_what_is_bad_and_makes_nothing(self, tmp_path: Path) -> None:
        said = yizheng("doctor", "--data", tmp_path / "none")
        assert said.code == 1
        assert "BAD  data" in said.out
        assert "yizheng migrate" in said.out
        assert not (tmp_path / "none").exists()

    def test_doctor_goes_on_after_a_fault(self, data: Path) -> None:
        (data / "keys" / "master").unlink()
        said = yizheng("doctor", "--data", data, YIZHENG_KV_URL="redis://127.0.0.1:1/0")
        bad = [row for row in said.out.splitlines() if row.startswith("BAD ")]
        assert said.code == 1
        assert len(bad) == 2
        assert "YIZHENG_KV_URL" in bad[0]
        assert "master key" in bad[1]

    @pytest.mark.parametrize(
        "words", [["audit", "verify"], ["keys", "list"], ["keys", "rotate", "oidc.es256"], ["keys", "retire", "x"]]
    )
    def test_where_there_are_no_data_none_are_made(self, words: list[str], tmp_path: Path) -> None:
        assert "no data in" in yizheng(*words, "--data", tmp_path / "none").refusal
        assert not (tmp_path / "none").exists()

    def test_audit_verify_prints_a_checkpoint_that_later_runs_hold_against_the_chain(self, data: Path) -> None:
        said = yizheng("audit", "verify", "--data", data)
        kept = said.out.split("checkpoint ")[1].split()[0]
        assert yizheng("audit", "verify", "--data", data, "--checkpoint", kept).code == 0
        number, digest = kept.split(":")
        wrong = f"{number}:{'0' * len(digest)}"
        assert "broken" in yizheng("audit", "verify", "--data", data, "--checkpoint", wrong).refusal
        assert "NUMBER:HASH" in yizheng("audit", "verify", "--data", data, "--checkpoint", "yesterday").refusal

    def test_rotation_goes_by_way_of_a_published_key(self, data: Path) -> None:
        def states() -> list[str]:
            listed = yizheng("keys", "list", "--data", data).out.splitlines()
            return sorted(row.split()[1] for row in listed if row.startswith("oidc.es256 "))

        assert states() == ["active"]
        assert "the next key is published" in yizheng("keys", "rotate", "oidc.es256", "--data", data).out
        assert states() == ["active", "next"]
        assert yizheng("keys", "rotate", "oidc.es256", "--data", data).refusal  # portals have not seen it yet
        assert "rotated" in yizheng("keys", "rotate", "oidc.es256", "--at-once", "--data", data).out
        assert states() == ["active", "verify-only"]
        assert yizheng("audit", "verify", "--data", data).code == 0

    def test_a_purpose_that_does_not_exist_is_refused(self, data: Path) -> None:
        assert "oidc.nothing" in yizheng("keys", "rotate", "oidc.nothing", "--data", data).refusal

    def test_a_registered_client_is_known_and_its_secret_printed_once(self, data: Path) -> None:
        said = yizheng("client", "register", "-", "--data", data, stdin=json.dumps(CLIENT, ensure_ascii=False))
        assert said.code == 0, said.err
        made = json.loads(said.out)
        assert made["client_id"]
        assert len(made["client_secret"]) >= 43  # 256 bits
        stored = b"".join(path.read_bytes() for path in data.glob("yizheng.db*"))
        assert made["client_id"].encode() in stored
        assert made["client_secret"].encode() not in stored

    def test_a_description_is_read_as_utf_8_on_any_terminal(self, data: Path, tmp_path: Path) -> None:
        file = tmp_path / "client.json"
        file.write_text(json.dumps(CLIENT, ensure_ascii=False), "utf-8")
        assert yizheng("client", "register", file, "--data", data, LC_ALL="C", PYTHONUTF8="0").code == 0
        assert "测试门户".encode() in b"".join(path.read_bytes() for path in data.glob("yizheng.db*"))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "does not describe clients as JSON"),
            ("[1]", "does not describe clients as JSON"),
            ('{"name_zh": "门户"}', "redirect_uris"),
            (json.dumps({**CLIENT, "name_zh": "", "name_en": ""}), "client_name"),
            (json.dumps(CLIENT | {"colour": "red"}), "colour"),
            (json.dumps(CLIENT | {"redirect_uris": ["javascript:alert(1)"]}), "https"),
            (json.dumps(CLIENT | {"scope": "everything"}), "scope"),
        ],
        ids=["empty", "number", "incomplete", "nameless", "unknown-member", "bad-address", "unknown-scope"],
    )
    def test_a_description_that_is_not_as_required(self, text: str, told: str, data: Path) -> None:
        assert told in yizheng("client", "register", "-", "--data", data, stdin=text).refusal

    def test_a_file_that_is_not_there(self, data: Path, tmp_path: Path) -> None:
        assert "No such file" in yizheng("client", "register", tmp_path / "none.json", "--data", data).refusal
