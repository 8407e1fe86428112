"""What may be a password (NIST SP 800-63B-4 §3.1.1.2; attacks O-59)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from idp.passwords.lists import DigestFile, PlainFile, open_list
from idp.passwords.normal import MAX_PASSWORD, normal_password
from idp.passwords.rules import About, PasswordRules

LIN = About("林知远", "410199198802290012", "13800000001")

REFUSED = [
    ("short", "password-length"),
    ("七个字符的密码", "password-length"),
    ("x" * 257, "password-length"),
    ("x" * 1_000_000, "password-length"),
    ("        ", "password-length"),
    ("\ud800" * 9, "password-length"),
    ("password", "password-common"),
    ("PassWord1", "password-common"),
    ("iloveyou", "password-common"),
    ("1qaz2wsx", "password-simple"),
    ("Dragon2026!", "password-common"),
    ("ｐａｓｓｗｏｒｄ", "password-common"),
    ("88888888", "password-simple"),
    ("abababab", "password-simple"),
    ("woaiwoaiwoai", "password-simple"),
    ("1234567890", "password-simple"),
    ("0987654321", "password-simple"),
    ("qwertyuiop", "password-simple"),
    ("19950817", "password-simple"),
    ("1995-08-17", "password-simple"),
    ("13912345678", "password-simple"),
    ("yizheng123", "password-simple"),
    ("我是林知远，你好吗", "password-personal"),
    ("x410199198802290012", "password-personal"),
    ("my-19880229-secret", "password-personal"),
    ("call 13800000001 now", "password-personal"),
    ("horse 290012 battery", "password-personal"),
]
ACCEPTED = [
    "correct horse battery",
    "马 电池 订书机 正确",
    "x7$kQ2!m",
    "🐎🔋📎✅🐎🔋📎🌊",
    "nul\x00 in the middle",
    "tqbfjotld lazy dog " * 13,
    "a whole sentence is welcome, even a long one",
]


@pytest.mark.parametrize(("password", "code"), REFUSED, ids=range(len(REFUSED)))
async def test_what_is_refused(password: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await PasswordRules().accept(password, LIN)
    assert (caught.value.code, caught.value.field) == (code, "password")
    assert LIN.number not in str(caught.value)


@pytest.mark.parametrize("password", ACCEPTED, ids=range(len(ACCEPTED)))
async def test_what_is_accepted_whole(password: str) -> None:
    accepted = await PasswordRules().accept(password, LIN)
    assert accepted == normal_password(password)
    assert len(accepted) >= 8


async def test_a_deployment_may_ask_for_more() -> None:
    with pytest.raises(InvalidInput, match="15 to 256"):
        await PasswordRules(least=15).accept("x7$kQ2!m,p0")
    assert await PasswordRules(least=15).accept("x7$kQ2!m,p0 and more")
    assert await PasswordRules(least=1).accept("x7$kQ2!m")
    with pytest.raises(InvalidInput, match="8 to 256"):
        await PasswordRules(least=1).accept("x7$kQ2!")


async def test_the_three_thousand_most_common_are_refused() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    rules, let_through = PasswordRules(), []
    for word in [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= 8][:3000]:
        try:
            let_through.append(await rules.accept(word))
        except InvalidInput:
            continue
    assert let_through == []


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_the_normal_form_is_one_form(typed: str) -> None:
    normal = normal_password(typed)
    assert normal is None or (normal_password(normal) == normal and len(normal) <= MAX_PASSWORD)


def test_the_same_password_from_two_keyboards_is_one() -> None:
    assert normal_password("cafe\u0301 中文１２３ ") == normal_password("caf\u00e9 中文123")


@given(st.sets(st.integers(0, 10_000), min_size=1, max_size=60), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_file_of_digests_is_searched_by_halves(
    tmp_path_factory: pytest.TempPathFactory, held: set[int], counts: bool
) -> None:
    file = tmp_path_factory.mktemp("lists") / "breached.txt"
    digests = sorted(hashlib.sha1(f"word {number}".encode()).hexdigest().upper() for number in held)
    file.write_text("".join(f"{one}:{index + 1}\n" if counts else f"{one}\n" for index, one in enumerate(digests)))
    found = open_list(file)
    assert isinstance(found, DigestFile)
    assert all(found.holds(f"word {number}") for number in held)
    assert not any(found.holds(f"word {number}") for number in range(-50, 0))


async def test_the_operators_own_list_counts(tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    file.write_text("Example City 2026\n\n示例市欢迎您来玩\n", "utf-8")
    own = open_list(file)
    assert isinstance(own, PlainFile)
    rules = PasswordRules([own])
    for word in ("example city 2026", "示例市欢迎您来玩"):
        with pytest.raises(InvalidInput, match="password-common"):
            await rules.accept(word)
    assert await rules.accept("example city 2027")
    with pytest.raises(ValueError, match="cannot be read"):
        open_list(tmp_path / "absent")
