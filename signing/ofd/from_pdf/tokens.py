"""Operators of content streams and of CMaps, with their operands (ISO 32000-1 §7.2, §7.3, §7.8.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_SPACE = rb"\x00\t\n\x0c\r "
_DELIMITERS = rb"()<>\[\]{}/%"
_SKIP = re.compile(rb"(?:[" + _SPACE + rb"]+|%[^\r\n]*)+")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?=[" + _SPACE + _DELIMITERS + rb"]|$)")
_NAME = re.compile(rb"/([^" + _SPACE + _DELIMITERS + rb"]*)")
_HEX = re.compile(rb"<([0-9A-Fa-f" + _SPACE + rb"]*)>")
_WORD = re.compile(rb"[^" + _SPACE + _DELIMITERS + rb"]+")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_END_OF_IMAGE = re.compile(rb"[" + _SPACE + rb"]EI(?=[" + _SPACE + rb"]|$)")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_MOST_OPERANDS = 10_000  # of one operator; of one array, what a line of text may have
_DEEPEST = 20
_WORDS: dict[bytes, Any] = {b"true": True, b"false": False, b"null": None}


class Name(str):
    """A PDF name, without its slash."""

    __slots__ = ()


class Unreadable(ValueError):
    """The stream does not follow the syntax."""


def operators(content: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Each operator with its operands: floats, `Name`, bytes, lists, dicts, booleans, None.

    An inline image is `BI` with its dictionary and the octets between ID and EI.

    Raises:
        Unreadable
    """
    scanner = _Scanner(content)
    operands: list[Any] = []
    while (token := scanner.next()) is not _END:
        if not isinstance(token, _Operator):
            operands.append(token)
            if len(operands) > _MOST_OPERANDS:
                raise Unreadable("operands")
            continue
        if token.word == b"BI":
            yield "BI", list(scanner.inline_image())
        else:
            yield token.word.decode("latin-1"), operands
        operands = []
    if operands:
        raise Unreadable("operands without an operator")


class _Operator:
    __slots__ = ("word",)

    def __init__(self, word: bytes) -> None:
        self.word = word


_END = object()
_CLOSES = {b"]": object(), b">>": object(), b"}": object()}


class _Scanner:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def next(self, depth: int = 0) -> Any:
        content = self._content
        skipped = _SKIP.match(content, self._at)
        at = skipped.end() if skipped else self._at
        if at >= len(content):
            self._at = at
            return _END
        if (found := _NUMBER.match(content, at)) is not None:
            self._at = found.end()
            return float(found[0])
        return self._other(content, at, depth)

    def _other(self, content: bytes, at: int, depth: int) -> Any:
        first = content[at : at + 1]
        if first == b"/":
            found = _NAME.match(content, at)
            assert found is not None
            self._at = found.end()
            return Name(_ESCAPED.sub(lambda one: bytes([int(one[1], 16)]), found[1]).decode("latin-1"))
        if first == b"(":
            return self._string(at + 1)
        if content.startswith(b"<<", at):
            self._at = at + 2
            return self._dictionary(depth)
        if first == b"<":
            found = _HEX.match(content, at)
            if found is None:
                raise Unreadable("hexadecimal string")
            self._at = found.end()
            digits = re.sub(rb"[" + _SPACE + rb"]", b"", found[1])
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        if first in b"[{":
            self._at = at + 1
            return self._list(_CLOSES[b"]" if first == b"[" else b"}"], depth)
        for closing in (b">>", b"]", b"}"):
            if content.startswith(closing, at):
                self._at = at + len(closing)
                return _CLOSES[closing]
        word = _WORD.match(content, at)
        if word is None:
            raise Unreadable("stray delimiter")
        self._at = word.end()
        return _WORDS[word[0]] if word[0] in _WORDS else _Operator(word[0])

    def _list(self, closing: object, depth: int) -> list[Any]:
        out: list[Any] = []
        while (token := self._inner(depth)) is not closing:
            out.append(token.word if isinstance(token, _Operator) else token)
        return out

    def _dictionary(self, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while (key := self._inner(depth)) is not _CLOSES[b">>"]:
            if not isinstance(key, Name):
                raise Unreadable("key of a dictionary")
            out[key] = self._inner(depth)
        return out

    def _inner(self, depth: int) -> Any:
        if depth >= _DEEPEST:
            raise Unreadable("depth")
        token = self.next(depth + 1)
        if token is _END:
            raise Unreadable("end")
        return token

    def _string(self, at: int) -> bytes:
        content, out, open_brackets = self._content, bytearray(), 1
        while at < len(content):
            sign = content[at : at + 1]
            at += 1
            if sign == b"\\":
                at = self._escape(at, out)
                continue
            open_brackets += (sign == b"(") - (sign == b")")
            if not open_brackets:
                self._at = at
                return bytes(out)
            out += sign
        raise Unreadable("string")

    def _escape(self, at: int, out: bytearray) -> int:
        content = self._content
        octal = re.compile(rb"[0-7]{1,3}").match(content, at)
        if octal is not None:
            out.append(int(octal[0], 8) & 0xFF)
            return octal.end()
        sign = content[at : at + 1]
        if sign == b"\r":
            return at + (2 if content[at + 1 : at + 2] == b"\n" else 1)
        if sign != b"\n":
            out += _ESCAPES.get(sign, sign)
        return at + 1

    def inline_image(self) -> tuple[dict[str, Any], bytes]:
        words: dict[str, Any] = {}
        while True:
            key = self.next()
            if isinstance(key, _Operator) and key.word == b"ID":
                break
            if not isinstance(key, Name):
                raise Unreadable("inline image")
            words[key] = self.next()
        begin = self._at + 1  # one white space stands behind ID
        found = _END_OF_IMAGE.search(self._content, begin)
        if found is None:
            raise Unreadable("inline image")
        self._at = found.end()
        return words, self._content[begin : found.start()]
