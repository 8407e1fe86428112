"""S-26: documents of strangers' OFDs: each way to be broken has its own refusal, beside a legitimate twin."""

from __future__ import annotations

import pytest

from signing.ofd.package import PackageRefused, read_package
from signing.ofd.read_document import read_documents
from signing.ofd.read_page import read_page
from signing.ofd.words import find_words, words_of
from tests.support.ofd_world import SPACE, Files, drawn, path, words, zipped

TWIN = drawn(words("甲乙", CTM="1 0 0 1 0 0") + path("M 0 0 L 5 5"))


def read(files: Files) -> str:
    package = read_package(zipped(files))
    return "".join(
        word.text
        for document in read_documents(package)
        for number in range(1, len(document.pages) + 1)
        for word in words_of(read_page(package, document, number))
    )


def refusal(files: Files) -> str:
    with pytest.raises(PackageRefused) as wrong:
        read(files)
    return wrong.value.code


def composite(number: int, inner: str) -> str:
    return (
        f'<ofd:CompositeGraphicUnit ID="{number}" Width="9" Height="9"><ofd:Content>{inner}</ofd:Content>'
        "</ofd:CompositeGraphicUnit>"
    )


def used(number: int) -> str:
    return f'<ofd:CompositeObject Boundary="0 0 9 9" ResourceID="{number}"/>'


def units(*made: str) -> str:
    return f"<ofd:CompositeGraphicUnits>{''.join(made)}</ofd:CompositeGraphicUnits>"


def test_the_twin_is_read() -> None:
    assert read(TWIN) == "甲乙"


@pytest.mark.parametrize("value", ["NaN", "INF", "-inf", "1e7", "1e999", "0x10", "", "1,5", "１"])
def test_numbers_that_are_none(value: str) -> None:
    assert refusal(drawn(words("甲", CTM=f"{value} 0 0 1 0 0"))) == "number"
    assert read(drawn(words("甲", CTM="1.5 0 0 1 0 0"))) == "甲"


@pytest.mark.parametrize(
    ("box", "code"),
    [("0 0 0 297", "page-area"), ("0 0 210 30000", "page-area"), ("0 0 -1 297", "number"), ("0 0 NaN 1", "number")],
)
def test_pages_of_no_size(box: str, code: str) -> None:
    assert refusal(drawn("", box=box)) == code
    assert read(drawn("", box="0 0 10 19999")) == ""


def test_a_billion_steps() -> None:
    assert refusal(drawn(words("甲乙", step="g 1000000000 5"))) == "delta"
    assert refusal(drawn(words("甲乙", step="g -1 5"))) == "delta"
    assert read(drawn(words("甲乙", step=" ".join(["g 100000 5"] * 50)))) == "甲乙", "none beyond the text is made"


@pytest.mark.parametrize("data", ["L 1 1", "M 0 0 X 1 1", "M 0 0 A 1 1 0 2 0 5 5", "M 0 0;L 1 1", "1 1"])
def test_paths_that_are_none(data: str) -> None:
    assert refusal(drawn(path(data))) == "path"


def test_a_path_that_stops_halfway() -> None:
    assert refusal(drawn(path("M 0 0 L 1"))) == "number"


def test_blocks_within_blocks() -> None:
    def nested(depth: int) -> str:
        return "<ofd:PageBlock>" * depth + words("甲") + "</ofd:PageBlock>" * depth

    assert refusal(drawn(nested(60))) == "too-deep"
    assert read(drawn(nested(10))) == "甲"


def test_composites_within_themselves() -> None:
    assert refusal(drawn(used(20), resources=units(composite(20, used(21)), composite(21, used(20))))) == "cycle"
    assert read(drawn(used(20), resources=units(composite(20, used(21)), composite(21, words("甲"))))) == "甲"


def test_composites_that_multiply() -> None:
    """Eight levels of twenty each would be some ten thousand million words."""
    levels = [composite(20 + level, used(21 + level) * 20) for level in range(7)]
    assert refusal(drawn(used(20), resources=units(*levels, composite(27, words("甲"))))) == "too-complex"
    deep = [composite(20 + level, used(21 + level)) for level in range(9)]
    assert refusal(drawn(used(20), resources=units(*deep, composite(29, words("甲"))))) == "too-deep"


def test_templates_within_themselves() -> None:
    files = drawn("", templates={7: words("甲")}, uses='<ofd:Template TemplateID="7"/>')
    assert read(files) == "甲"
    name = "/Doc_0/Tpls/Tpl_7/Content.xml"
    inner = files[name].replace(b"<ofd:Content>", b'<ofd:Template TemplateID="7"/><ofd:Content>')
    assert refusal(files | {name: inner}) == "cycle"
    assert refusal(drawn("", uses='<ofd:Template TemplateID="7"/>')) == "reference"


def test_two_things_of_one_number() -> None:
    font = '<ofd:Fonts><ofd:Font ID="4" FontName="宋体"/>{}</ofd:Fonts>'
    assert refusal(drawn("", resources=font.format('<ofd:Font ID="4" FontName="黑体"/>'))) == "reference"
    assert read(drawn("", resources=font.format('<ofd:Font ID="5" FontName="黑体"/>'))) == ""


def test_data_of_one_name_twice() -> None:
    one = '<ofd:CustomData Name="ZZBS">1</ofd:CustomData>'
    assert refusal(drawn("", info=f"<ofd:CustomDatas>{one}{one}</ofd:CustomDatas>")) == "reference"


def versions(root: str, current: str = "true") -> Files:
    listed = f'<ofd:Version ID="1" Index="1" Current="{current}" BaseLoc="Doc_0/Versions/V1.xml"/>'
    version = f'<ofd:DocVersion {SPACE} ID="1"><ofd:FileList/><ofd:DocRoot>{root}</ofd:DocRoot></ofd:DocVersion>'
    return drawn(
        words("甲"),
        body=f"<ofd:Versions>{listed}</ofd:Versions>",
        more={"/Doc_0/Versions/V1.xml": version.encode()},
    )


def test_a_current_version_that_is_another_document() -> None:
    assert refusal(versions("/Doc_0/Other.xml")) == "version"
    assert read(versions("/Doc_0/Document.xml")) == "甲"
    assert read(versions("/Doc_0/Other.xml", current="false")) == "甲"


def test_pages_that_are_missing_or_outside() -> None:
    name = "/Doc_0/Document.xml"
    for location, code in (("Pages/None.xml", "damaged"), ("../../../etc/passwd", "entry-name")):
        files = TWIN | {name: TWIN[name].replace(b"Pages/Page_0/Content.xml", location.encode())}
        assert refusal(files) == code
    assert refusal(TWIN | {name: TWIN[name].replace(b"<ofd:Page ", b"<ofd:Leaf ")}) == "xml"


def test_a_page_that_is_not_there_is_not_looked_on() -> None:
    package = read_package(zipped(TWIN))
    (document,) = read_documents(package)
    with pytest.raises(PackageRefused, match="page"):
        find_words(package, document, "甲", pages=[2])


def test_more_than_can_be_read() -> None:
    many = "<ofd:PageBlock/>" * 5
    assert refusal(drawn("".join([many] * 200_001), box="0 0 9 9")) in {"too-complex", "xml"}
