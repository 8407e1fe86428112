"""JSON of strangers: one reading or none (RFC 8259 §4, §8.2)."""

from __future__ import annotations

import pytest

from keys.jose.strict_json import read_object, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": [true, null, "x"]}', {"a": 1, "b": [True, None, "x"]}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a": "\\\\ud800"}', {"a": "\\ud800"}),
        ('{"a": "印"}', {"a": "印"}),
        (' {"a": {}} ', {"a": {}}),
    ],
)
def test_what_everybody_reads_the_same(text: str, value: object) -> None:
    assert read_object(text.encode()) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a": 1} x',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\uDFFFx"}',
        b'{"\\ud800": 1}',
        b'{"a": ["\\ude00\\ud83d"]}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
    ],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not acceptable JSON"):
        read_value(data)


def test_an_object_is_more_than_a_value() -> None:
    for text in (b"[]", b"1", b'"x"', b"null"):
        read_value(text)
        with pytest.raises(ValueError, match="not a JSON object"):
            read_object(text)
