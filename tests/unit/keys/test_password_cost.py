"""Calibration: the dearest cost that fits, told from measurements that a test makes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.secrets.password_cost import LEAST, MOST_PASSES, PasswordCost, calibrate


@given(st.floats(1e-5, 1e-2), st.floats(0.005, 1.0), st.integers(1, 1024))
def test_what_is_proposed_fits_and_nothing_dearer_of_its_kind_would(speed: float, seconds: float, memory: int) -> None:
    def measure(cost: PasswordCost) -> float:
        return cost.memory_mib * cost.passes * speed

    found = calibrate(measure, seconds=seconds, memory_mib=memory)
    assert found.cost.enough()
    assert found.seconds == measure(found.cost)
    if not found.fits:
        assert found.cost == LEAST
        assert measure(LEAST) > seconds
        return
    assert found.seconds <= seconds
    assert found.cost.memory_mib <= max(memory, LEAST.memory_mib)
    more = PasswordCost(found.cost.memory_mib, found.cost.passes + 1)
    assert measure(more) > seconds or found.cost.passes == MOST_PASSES


def test_memory_comes_before_passes() -> None:
    found = calibrate(lambda cost: cost.memory_mib * cost.passes / 1000, seconds=0.3, memory_mib=64)
    assert found.cost == PasswordCost(64, 4)


def test_one_slow_measurement_does_not_count() -> None:
    tries: dict[PasswordCost, int] = {}

    def measure(cost: PasswordCost) -> float:
        tries[cost] = tries.get(cost, 0) + 1
        return 9.0 if tries[cost] == 1 else cost.memory_mib * cost.passes / 1000

    assert calibrate(measure, seconds=0.3, memory_mib=64).cost == PasswordCost(64, 4)


@pytest.mark.parametrize("cost", [PasswordCost(19, 2), PasswordCost(64, 3), PasswordCost(2048, 2, 4)])
def test_enough(cost: PasswordCost) -> None:
    assert cost.enough()
