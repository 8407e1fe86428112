"""`yizheng keys calibrate` prints settings that the service takes."""

from __future__ import annotations

import pytest

from api.cli import calibrate_commands
from api.settings import Settings
from keys.secrets.password_cost import PasswordCost


def test_what_is_printed_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate_commands, "_measure", lambda cost: cost.memory_mib * cost.passes / 1000)
    said = calibrate_commands.propose(Settings(), milliseconds=300, memory_mib=128)
    named = dict(line.removeprefix("YIZHENG_").lower().split("=") for line in said if not line.startswith("#"))
    settings = Settings(**named)  # type: ignore[arg-type]  # text, as from the environment
    assert (settings.keys.password_memory_mib, settings.keys.password_passes) == (64, 4)
    assert "256 ms" in said[2]
    assert "128 MiB in each worker" in said[2]


def test_a_slow_machine_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate_commands, "_measure", lambda cost: 9.0)
    said = calibrate_commands.propose(Settings(), milliseconds=50, memory_mib=128)
    assert said[:2] == ["YIZHENG_PASSWORD_MEMORY_MIB=19", "YIZHENG_PASSWORD_PASSES=2"]
    assert "longer than 50 ms" in said[-1]


def test_the_measurement_is_of_a_real_hash() -> None:
    assert calibrate_commands._measure(PasswordCost(19, 2)) > 0
