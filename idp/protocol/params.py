"""Request parameters as OAuth reads them: each at most once, empty is absent, strict UTF-8.

RFC 6749 §3.1, §3.2 and Appendix B (application/x-www-form-urlencoded). Only `resource` may come several times
(RFC 8707 §2), and is therefore kept beside the others: nobody reads one of many by mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl

from idp.errors import InvalidRequest, RequestTooLong

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
        return parse_qsl(source.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # UnicodeError is one too
        raise InvalidRequest("the parameters cannot be read") from None
