"""What a person can mend is told in one line; what is no fault is not told as one."""

from __future__ import annotations

import pytest

from api.startup import StartupFault, plain_faults


def test_a_store_that_does_not_answer_is_told_with_a_remedy() -> None:
    with pytest.raises(StartupFault, match="a store does not answer"), plain_faults():
        raise ConnectionRefusedError


def test_a_reader_that_has_gone_is_no_store_that_fails() -> None:
    with pytest.raises(BrokenPipeError), plain_faults():  # `yizheng keys list | head -1`: the shell's own affair
        raise BrokenPipeError
