"""Which context includes which, with the person's real-name level and without."""

from __future__ import annotations

import pytest

from idp.levels import BOUND_KEY, LEVELS, REAL, TWO_FACTORS, for_log_in, level_lacks, met, reached, within_reach
from idp.model import ONE_FACTOR


@pytest.mark.parametrize(
    ("acr", "level", "wanted", "answer"),
    [
        (ONE_FACTOR, 2, REAL[2], REAL[2]),
        (ONE_FACTOR, 2, REAL[3], None),  # neither the person nor the log-in
        (TWO_FACTORS, 2, REAL[3], None),  # the person
        (ONE_FACTOR, 3, REAL[3], None),  # the log-in
        (TWO_FACTORS, 3, REAL[3], REAL[3]),
        (TWO_FACTORS, 4, REAL[4], None),
        (BOUND_KEY, 4, REAL[4], REAL[4]),
        (BOUND_KEY, 0, REAL[0], REAL[0]),
        (REAL[3], None, REAL[2], REAL[2]),  # what a token says of both
        (REAL[3], None, TWO_FACTORS, TWO_FACTORS),
        (REAL[2], None, TWO_FACTORS, None),
        (BOUND_KEY, None, REAL[0], None),  # a log-in alone says nothing of the person
    ],
)
def test_a_real_name_level_takes_the_person_and_the_log_in(
    acr: str, level: int | None, wanted: str, answer: str | None
) -> None:
    assert met(acr, [wanted], level) == answer


def test_the_highest_of_several_is_told() -> None:
    assert met(BOUND_KEY, [REAL[1], REAL[3], REAL[2]], 3) == REAL[3]
    assert reached(TWO_FACTORS, 3, (), [REAL[2]]) == REAL[2]  # a wish
    assert reached(TWO_FACTORS, 1, (), [REAL[2]]) == TWO_FACTORS  # one that is not met
    assert reached(TWO_FACTORS, 1, (), [ONE_FACTOR]) == TWO_FACTORS


def test_what_is_left_to_prove_is_the_least_that_would_do() -> None:
    assert level_lacks(1, [REAL[4], REAL[2]]) == 2
    assert level_lacks(2, [REAL[4], REAL[2]]) is None
    assert level_lacks(0, [BOUND_KEY]) is None
    assert level_lacks(0, [REAL[1], ONE_FACTOR]) is None  # the other will do


def test_a_log_in_is_asked_for_what_a_log_in_can_give() -> None:
    assert for_log_in([REAL[3], "urn:other", REAL[2]]) == (TWO_FACTORS, "urn:other", ONE_FACTOR)
    assert within_reach([REAL[3]], LEVELS[:2])
    assert not within_reach([REAL[4]], LEVELS[:2])
