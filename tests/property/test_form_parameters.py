"""Form bodies and queries are read as the standard library reads them (RFC 6749 Appendix B), whatever is sent."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import InvalidRequest
from idp.protocol.params import MAX_FIELDS, parse_parameters

_PIECES = st.sampled_from(["a", "b", "=", "&", "+", "%20", "%3D", "%26", "%E4%B8%AD", "%zz", "%", ";", "é", "%FF"])


@given(st.lists(_PIECES, max_size=24).map("".join))
def test_a_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    source = text.encode("utf-8")
    try:
        pairs = parse_qsl(source.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        with pytest.raises(InvalidRequest):
            parse_parameters(source)
        return
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        with pytest.raises(InvalidRequest, match="more than once"):
            parse_parameters(source)
        return
    assert dict(parse_parameters(source)) == {name: value for name, value in pairs if value}


def test_too_many_fields_are_refused() -> None:
    many = "&".join(f"p{number}=1" for number in range(MAX_FIELDS))
    assert len(parse_parameters(many.encode())) == MAX_FIELDS
    with pytest.raises(InvalidRequest):
        parse_parameters((many + "&one=1").encode())
