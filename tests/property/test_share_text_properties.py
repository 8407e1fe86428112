"""The written form of a share: what people get wrong is found, and the line is named."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import ShareRefused
from keys.secrets.share_text import LINES, line_is_right, read_share, write_share
from keys.secrets.split import Share

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHARE = Share(b"\x01\x23\x45\x67\x89", 3, 5, 4, bytes(range(32)))


@st.composite
def shares(draw: st.DrawFn) -> Share:
    total = draw(st.integers(2, 16))
    numbers = draw(st.integers(2, total)), total, draw(st.integers(1, total))
    return Share(draw(st.binary(min_size=5, max_size=5)), *numbers, draw(st.binary(min_size=32, max_size=32)))


@given(shares())
def test_what_is_written_is_read_again(share: Share) -> None:
    lines = write_share(share)
    assert len(lines) == LINES
    assert all(len(line) == 19 and set(line) <= set(ALPHABET + " ") for line in lines)
    assert read_share(lines) == share


def test_the_form_is_fixed() -> None:
    """Shares written years ago must stay readable."""
    assert write_share(SHARE) == [
        "014G R14D 2PF2 80CJ",
        "0410 6105 0R3G G2S1",
        "8A1C 60T3 GF20 8H16",
        "44RM 2MB1 E60S 381J",
        "DHR7 8Y3Z 0JHD RHXZ",
    ]


@given(shares())
def test_small_letters_spaces_full_width_and_look_alikes_are_taken(share: Share) -> None:
    lines = write_share(share)
    assert read_share([line.lower() for line in lines]) == share
    assert read_share([line.replace(" ", "") for line in lines]) == share
    assert read_share([line.replace(" ", "-") for line in lines]) == share
    assert read_share([line.replace("0", "o").replace("1", "l") for line in lines]) == share
    assert read_share([line.replace("0", "O").replace("1", "I") for line in lines]) == share
    wide = [line.translate({ord(letter): ord(letter) + 0xFEE0 for letter in ALPHABET} | {32: 0x3000}) for line in lines]
    assert read_share(wide) == share


@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_every_one_wrong_character_and_every_swap_is_found_in_its_line(number: int) -> None:
    line = write_share(SHARE)[number - 1].replace(" ", "")
    assert line_is_right(number, line)
    for place, letter in itertools.product(range(16), ALPHABET):
        if line[place] != letter:
            assert not line_is_right(number, line[:place] + letter + line[place + 1 :])
    for one, other in itertools.combinations(range(16), 2):
        swapped = [*line]
        swapped[one], swapped[other] = line[other], line[one]
        assert line_is_right(number, "".join(swapped)) == (line[one] == line[other])


@given(
    shares(),
    st.integers(1, LINES),
    st.lists(st.integers(0, 15), min_size=2, max_size=2, unique=True),
    st.lists(st.integers(1, 31), min_size=2, max_size=2),
)
def test_every_two_wrong_characters_are_found(share: Share, number: int, places: list[int], changes: list[int]) -> None:
    line = [*write_share(share)[number - 1].replace(" ", "")]
    for place, change in zip(places, changes, strict=True):
        line[place] = ALPHABET[(ALPHABET.index(line[place]) + change) % 32]
    assert not line_is_right(number, "".join(line))


def test_the_wrong_line_is_named() -> None:
    lines = write_share(SHARE)
    lines[2] = lines[2].replace("8A1C", "8AAC")
    with pytest.raises(ShareRefused, match="mistake in line 3:"):
        read_share(lines)
    assert read_share(write_share(SHARE)) == SHARE


def test_lines_have_their_places() -> None:
    lines = write_share(SHARE)
    for one, other in itertools.permutations(range(LINES), 2):
        assert not line_is_right(one + 1, lines[other])
    with pytest.raises(ShareRefused, match="line 1, 2:"):
        read_share([lines[1], lines[0], *lines[2:]])


def test_lines_of_two_shares_make_none() -> None:
    """Each line is right by itself; only the whole can tell."""
    other = write_share(Share(SHARE.set_id, 3, 5, 4, bytes(range(1, 33))))
    with pytest.raises(ShareRefused, match="as a whole"):
        read_share([*write_share(SHARE)[:3], *other[3:]])


@pytest.mark.parametrize("line", ["", "014G", "014G R14D 2PF2 80CJX", "UUUU UUUU UUUU UUUU", "014G R14D 2PF2 80C*"])
def test_what_is_no_line_is_not_right(line: str) -> None:
    assert not line_is_right(1, line)


def test_a_share_has_five_lines_and_32_bytes() -> None:
    with pytest.raises(ShareRefused, match="5 lines"):
        read_share(write_share(SHARE)[:4])
    with pytest.raises(ShareRefused):
        write_share(Share(SHARE.set_id, 3, 5, 4, b"short"))


@given(st.lists(st.text(max_size=20), min_size=LINES, max_size=LINES))
def test_nothing_but_a_share_or_a_refusal_comes_out(lines: list[str]) -> None:
    with pytest.raises(ShareRefused):
        read_share(lines)
