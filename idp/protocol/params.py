"""Request parameters as OAuth reads them: each at most once, empty is absent, strict UTF-8.

RFC 6749 §3.1, §3.2 and Appendix B (application/x-www-form-urlencoded). Only `resource` may come several times
(RFC 8707 §2), and is therefore kept beside the others: nobody reads one of many by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar, overload
from urllib.parse import unquote_plus

from idp.errors import InvalidRequest, RequestTooLong

Default = TypeVar("Default")
MAX_SIZE = 65_536  # bytes of one query or body
MAX_FIELDS = 64
MAX_VALUE = 8_192  # characters
RESOURCE = "resource"


class Parameters(Mapping[str, str]):
    """The parameters of one request.

    Attributes:
        resources: every value of `resource`, in order.
    """

    def __init__(self, values: Mapping[str, str], resources: Sequence[str] = ()) -> None:
        self._values = dict(values)
        self.resources = tuple(resources)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    @overload
    def get(self, name: str, /) -> str | None: ...

    @overload
    def get(self, name: str, /, default: str | Default) -> str | Default: ...

    def get(self, name: str, /, default: str | Default | None = None) -> str | Default | None:
        return self._values.get(name, default)  # asked often; the mixin's way goes through an exception

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Parameters({sorted(self._values)})"  # values may be secrets

    def required(self, name: str) -> str:
        """
        Raises:
            InvalidRequest: the parameter is absent or empty.
        """
        value = self._values.get(name)
        if value is None:
            raise InvalidRequest(f"parameter {name} is missing")
        return value


def parse_parameters(*sources: bytes) -> Parameters:
    """Read urlencoded query and body together, so that a name in both is a duplicate.

    Raises:
        InvalidRequest: a parameter came twice, is too long, or is not UTF-8.
    """
    values: dict[str, str] = {}
    seen: set[str] = set()
    resources: list[str] = []
    for source in sources:
        for name, value in _pairs(source):
            if len(value) > MAX_VALUE:
                raise InvalidRequest("a parameter is too long")
            if name == RESOURCE:
                resources.append(value)
                continue
            if name in seen:
                raise InvalidRequest("a parameter is included more than once")  # RFC 6749 §3.1
            seen.add(name)
            if value:  # RFC 6749 §3.1: without a value means omitted
                values[name] = value
    return Parameters(values, [value for value in resources if value])


def _pairs(source: bytes) -> list[tuple[str, str]]:
    if len(source) > MAX_SIZE:
        raise RequestTooLong("the request is too long")
    try:
        fields = [field for field in source.decode("ascii").split("&") if field]
        if len(fields) > MAX_FIELDS:
            raise InvalidRequest("the parameters are too many")
        pairs = [field.partition("=") for field in fields]
        return [(_plain(name), _plain(value)) for name, _, value in pairs]
    except UnicodeError:
        raise InvalidRequest("the parameters cannot be read") from None


def _plain(text: str) -> str:
    """
    Raises:
        UnicodeError: what was escaped is no UTF-8.
    """
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text
