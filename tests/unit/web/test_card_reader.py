"""What card readers type: the number is found whatever stands around it, and nothing is guessed."""

from __future__ import annotations

import time

import pytest

from api.web.card_reader import number_of

LIN, ZHAO = "410199198802291031", "410199199607152049"


@pytest.mark.parametrize(
    "typed",
    [
        f"林知远|{LIN}",
        f"林知远,男,汉,19880229,示例市青石区演示路18号,{LIN},示例市公安局,20200101-20400101",
        f"<IDCard><Name>林知远</Name><IDNo>{LIN}</IDNo></IDCard>",
        f'<?xml version="1.0"?><card id="{LIN}" copy="{LIN}"/>',
        f'{{"name": "林知远", "number": "{LIN}"}}',
        "林知远|４１０１９９１９８８０２２９１０３１",
        f"\t{LIN}\t",
    ],
)
def test_the_number_is_found_in_what_a_reader_types(typed: str) -> None:
    assert number_of(typed) == LIN


@pytest.mark.parametrize(
    "typed",
    [
        LIN,
        "410199 19880229 1031",
        "11410199DEMA00025B",
        f"林知远|{LIN[:-1]}2",  # the check character is wrong
        f"{LIN}|{ZHAO}",  # which of the two?
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        f"|A{LIN}",
        "",
    ],
)
def test_anything_else_stays_as_it_was_typed(typed: str) -> None:
    assert number_of(typed) == typed


def test_long_nonsense_costs_nothing() -> None:
    begun = time.process_time()
    typed = "<" + "1" * 200_000
    assert number_of(typed) == typed
    assert time.process_time() - begun < 1
