"""Reads SCIM filters (RFC 7644 §3.4.2.2) into conditions that the store can look for.

Grouping before `not`, `not` before `and`, `and` before `or`. What members cannot be found by, names above all, is
refused: a filter is no way to try names or numbers out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass

from idp.scim.errors import ScimRefused
from idp.scim.names import DEPARTMENT, plain
from idp.staff.filters import Attribute, Both, Compare, Either, Filter, Negated, Operator

MAX_LENGTH, MAX_TERMS = 1_000, 30
_TOKEN = re.compile(r'\s*(?:(?P<sign>[()])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()"]+))', re.DOTALL)
_ATTRIBUTES = {
    "id": Attribute.ID,
    "username": Attribute.USER_NAME,
    "externalid": Attribute.EXTERNAL_ID,
    "active": Attribute.ACTIVE,
    "meta.created": Attribute.CREATED_AT,
    "meta.lastmodified": Attribute.CHANGED_AT,
    DEPARTMENT.lower(): Attribute.DEPARTMENT,
}
_TIMES = frozenset({Attribute.CREATED_AT, Attribute.CHANGED_AT})
_OF_TEXT = frozenset({Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH})


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse_filter(typed: str) -> Filter:
    """
    Raises:
        ScimRefused: `invalidFilter`.
    """
    if len(typed) > MAX_LENGTH:
        raise _invalid("the filter is too long")
    return _Parser(_tokens(typed)).whole()


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0

    def whole(self) -> Filter:
        found = self._either()
        if self._at < len(self._tokens):
            raise _invalid("the filter goes on where it should end")
        return found

    def _either(self) -> Filter:
        found = self._both()
        while self._takes("or"):
            found = Either(found, self._both())
        return found

    def _both(self) -> Filter:
        found = self._term()
        while self._takes("and"):
            found = Both(found, self._term())
        return found

    def _term(self) -> Filter:
        self._terms += 1  # bounds the depth, too
        if self._terms > MAX_TERMS:
            raise _invalid("the filter has too many terms")
        if self._takes("not"):
            return Negated(self._grouped())
        if self._peek().text == "(":
            return self._grouped()
        return self._comparison()

    def _grouped(self) -> Filter:
        self._must("(")
        found = self._either()
        self._must(")")
        return found

    def _comparison(self) -> Filter:
        name, operator = self._next(), self._next()
        attribute = _ATTRIBUTES.get(plain(name.text)) if name.kind == "word" else None
        if attribute is None:
            raise _invalid("the filter names an attribute that resources are not found by")
        try:
            how = Operator(operator.text.lower())
        except ValueError:
            raise _invalid("the filter has an unknown operator") from None
        if how is Operator.PRESENT:
            return Compare(attribute, how)
        return Compare(attribute, how, _value(attribute, how, self._next()))

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "")

    def _next(self) -> _Token:
        found = self._peek()
        if found.kind == "end":
            raise _invalid("the filter ends too early")
        self._at += 1
        return found

    def _takes(self, word: str) -> bool:
        found = self._peek()
        if found.kind != "word" or found.text.lower() != word:
            return False
        self._at += 1
        return True

    def _must(self, sign: str) -> None:
        if self._next().text != sign:
            raise _invalid("the filter's parentheses do not match")


def _tokens(typed: str) -> list[_Token]:
    tokens, at, text = [], 0, typed.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _invalid("the filter has a quotation mark that is not closed")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind]))
        at = found.end()
    return tokens


def _value(attribute: Attribute, operator: Operator, token: _Token) -> object:
    try:
        value = json.loads(token.text)
    except ValueError:
        raise _invalid("the filter has a value that is not JSON") from None
    if attribute is Attribute.ACTIVE:
        if not isinstance(value, bool) or operator not in (Operator.EQUAL, Operator.NOT_EQUAL):
            raise _invalid("active is compared to true or false, with eq or ne")
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise _invalid("the attribute is compared to a text")
    if attribute not in _TIMES:
        return value
    if operator in _OF_TEXT:
        raise _invalid("a moment has no beginning or end to look for")
    return _moment(value)


def _moment(value: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise _invalid("the moment is not a dateTime of XML Schema") from None
    if moment.tzinfo is None:
        raise _invalid("the moment lacks its offset")
    return moment


def _invalid(why: str) -> ScimRefused:
    return ScimRefused("invalidFilter", why)
