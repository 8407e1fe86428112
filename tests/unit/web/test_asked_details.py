"""Authorization details as a person reads them: names for codes, the site's own words as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from api.web.asked_details import in_words, words_of
from core.errors import NotFound
from core.text import Text
from tests.support.resources import COPY, TAX

DEED = Text("不动产权证书", "Title deed")
HOUSING = Text("申请公租房", "Apply for housing")
API = Text("税务接口", "Tax API")


class Names:
    """One code that has a name; the rest are not found."""

    def __init__(self, code: str, name: Text) -> None:
        self.code, self.name = code, name

    async def __call__(self, code: str) -> SimpleNamespace:
        if code != self.code:
            raise NotFound("not-found", Text("没有", "None"))
        return SimpleNamespace(name=self.name)


def container() -> Any:
    catalogue = SimpleNamespace(
        licence_type=Names(COPY["licence_types"][0], DEED), item=Names(COPY["service_item"], HOUSING)
    )
    resources = SimpleNamespace(get=Names(TAX, API))
    return SimpleNamespace(certstore=SimpleNamespace(catalogue=catalogue), idp=SimpleNamespace(resources=resources))


async def test_codes_become_names_where_there_are_names() -> None:
    detail = COPY | {"valid_days": 10, "locations": [TAX, "https://other.example.test"]}
    (words,) = await in_words([detail], container())
    said = {label.en: values for label, values in words.lines}
    assert said["Which licences"] == (DEED, Text(COPY["licence_types"][1], COPY["licence_types"][1]))
    assert said["For which service"] == (HOUSING,)
    assert said["Purpose"] == (Text("申请公租房", "申请公租房"),)
    assert said["Days the copy counts"] == (Text("10", "10"),)
    assert said["Used at"] == (API, Text("https://other.example.test", "https://other.example.test"))
    assert "Case number" not in said
    assert words.title.zh == "取一份您的证照加注副本"


async def test_every_detail_is_shown_and_nothing_where_there_is_none() -> None:
    seal = {"type": "seal_sign", "seal": "4101990000001", "document_title": "合同"}
    assert [one.title.en for one in await in_words([COPY, seal], container())] == [
        "Fetch an annotated copy of your licence",
        "Put your organisation's seal on documents",
    ]
    assert await in_words([], container()) == ()


def test_scopes_of_resources_have_their_own_words() -> None:
    assert words_of(["openid", "tax:read"], {"tax:read": API}) == (API,)


async def test_digests_for_signing_software_are_shown_with_their_names() -> None:
    detail = {
        "type": "credential",
        "credentialID": "4101990000017",
        "documentDigests": [{"hash": "AAAA", "label": "合同.pdf"}, {"hash": "BBBB"}],
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1",
    }
    (words,) = await in_words([detail], container())
    shown = [[value.zh for value in values] for _, values in words.lines]
    assert shown == [["4101990000017"], ["合同.pdf · AAAA", "BBBB"], ["SHA256"]]
