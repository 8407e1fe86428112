"""Documents of an OFD and the words on their pages (GB/T 33190-2016 §7, §11)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.isolation.cells import Cells
from signing.ofd.geometry import Box
from signing.ofd.letters import read_deltas
from signing.ofd.look_inside import look_for_words, look_inside
from signing.ofd.model.document import Document
from signing.ofd.package import Package, read_package
from signing.ofd.paths import cubics, read_path
from signing.ofd.read_document import read_documents
from signing.ofd.read_page import read_page
from signing.ofd.values import Budget
from signing.ofd.words import find_words, words_of
from tests.support.ofd_world import SPACE, Files, drawn, words, zipped


def opened(files: Files) -> tuple[Package, Document]:
    package = read_package(zipped(files))
    (document,) = read_documents(package)
    return package, document


def found(files: Files, text: str) -> list[Box]:
    package, document = opened(files)
    return [one.box for one in find_words(package, document, text)]


def rounded(box: Box) -> tuple[float, ...]:
    return tuple(round(one, 2) for one in (box.x, box.y, box.width, box.height))


# -- documents -------------------------------------------------------------------------------------------------------


def test_what_a_document_says_of_itself() -> None:
    files = drawn(
        words("甲"),
        info="<ofd:Title>营业执照</ofd:Title><ofd:Keywords><ofd:Keyword>a</ofd:Keyword><ofd:Keyword>b</ofd:Keyword>"
        '</ofd:Keywords><ofd:CustomDatas><ofd:CustomData Name="ZZBS">1.2.156</ofd:CustomData></ofd:CustomDatas>',
        document="<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>",
        more={
            "/Doc_0/Attachs/Attachments.xml": f"<ofd:Attachments {SPACE}>"
            '<ofd:Attachment ID="1" Name="原件" Format="xml">'
            "<ofd:FileLoc>a.xml</ofd:FileLoc></ofd:Attachment></ofd:Attachments>".encode(),
            "/Doc_0/Attachs/a.xml": b"<a/>",
        },
    )
    package, document = opened(files)
    assert document.info.title == "营业执照"
    assert document.info.keywords == ("a", "b")
    assert document.info.custom == {"ZZBS": "1.2.156"}
    assert [(one.name, one.path) for one in document.attachments] == [("原件", "/Doc_0/Attachs/a.xml")]
    assert read_page(package, document, 1).area.physical == Box(0, 0, 210, 297)


def test_several_documents_in_one_package() -> None:
    files = drawn(words("甲"))
    second = {path.replace("/Doc_0/", "/Doc_1/"): content for path, content in files.items() if "/Doc_0/" in path}
    body = "<ofd:DocBody><ofd:DocRoot>Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    files |= second | {"/OFD.xml": files["/OFD.xml"].replace(b"</ofd:OFD>", body.encode())}
    documents = read_documents(read_package(zipped(files)))
    assert [one.path for one in documents] == ["/Doc_0/Document.xml", "/Doc_1/Document.xml"]


def test_files_of_the_standard_s_drafts_are_read() -> None:
    draft = SPACE.replace("/2016", "").encode()
    old = {path: content.replace(SPACE.encode(), draft) for path, content in drawn(words("甲")).items()}
    assert len(found(old, "甲")) == 1


def test_attachments_without_a_number_and_areas_without_a_size() -> None:
    listed = (
        f'<ofd:Attachments {SPACE}><ofd:Attachment Name="a"><ofd:FileLoc>a.xml</ofd:FileLoc></ofd:Attachment>'
        "</ofd:Attachments>"
    )
    files = drawn(
        words("甲"),
        uses="<ofd:Area><ofd:ApplicationBox>0 0 9 9</ofd:ApplicationBox></ofd:Area>",
        document="<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>",
        more={"/Doc_0/Attachs/Attachments.xml": listed.encode()},
    )
    package, document = opened(files)
    assert document.attachments[0].name == "a"
    assert read_page(package, document, 1).area.physical == Box(0, 0, 210, 297)


def test_layers_and_templates_lie_in_their_order() -> None:
    layers = (
        f'<ofd:Layer ID="2" Type="Foreground">{words("前")}</ofd:Layer>'
        f'<ofd:Layer ID="3" Type="Background">{words("后")}</ofd:Layer><ofd:Layer ID="5">{words("中")}</ofd:Layer>'
    )
    files = drawn(
        layers,
        templates={7: words("底"), 8: words("顶")},
        uses='<ofd:Template TemplateID="7"/><ofd:Template TemplateID="8" ZOrder="Foreground"/>',
    )
    package, document = opened(files)
    assert "".join(one.text for one in words_of(read_page(package, document, 1))) == "底后中顶前"


# -- where letters stand ---------------------------------------------------------------------------------------------


def test_letters_stand_in_millimetres_from_the_top_left() -> None:
    (box,) = found(drawn(words("年月日", at="30 40 80 10", size=10, step="g 2 12")), "月日")
    assert rounded(box) == (42, 41.2, 22, 10)


def test_matrices_scale_turn_and_move() -> None:
    (box,) = found(drawn(words("章", at="30 40 80 10", size=10, CTM="0 2 -2 0 5 6")), "章")
    # a square of 10 whose foot is at 11.2, doubled and turned by a quarter: x' = -2y + 5, y' = 2x + 6
    assert rounded(box) == (12.6, 46, 20, 20)


@pytest.mark.parametrize(("degrees", "box"), [(0, (20, 20.6, 5, 5)), (90, (19.4, 25, 5, 5)), (180, (15, 24.4, 5, 5))])
def test_letters_are_turned_about_their_origin(degrees: int, box: tuple[float, ...]) -> None:
    (at,) = found(drawn(words("字", CharDirection=degrees)), "字")
    assert rounded(at) == box


def test_letters_are_narrowed() -> None:
    (box,) = found(drawn(words("字", HScale=0.5)), "字")
    assert rounded(box) == (20, 20.6, 2.5, 5)


def test_pieces_go_on_where_they_say_and_share_a_left_edge_where_they_do_not() -> None:
    codes = (
        '<ofd:TextCode X="3" Y="5" DeltaX="5 6">一二三</ofd:TextCode>'
        '<ofd:TextCode Y="15" DeltaY="7">四五</ofd:TextCode>'
    )
    files = drawn(words("", codes=codes))
    assert [rounded(found(files, one)[0])[:2] for one in "一三四五"] == [
        (23, 20.6),
        (34, 20.6),
        (23, 30.6),
        (23, 37.6),
    ]


def test_words_are_found_across_pieces_objects_and_spaces() -> None:
    codes = '<ofd:TextCode X="0" Y="5">统一</ofd:TextCode><ofd:TextCode X="10" Y="5" DeltaX="5">社 会</ofd:TextCode>'
    files = drawn(words("", codes=codes) + words("信用", at="50 20 80 10"))
    assert len(found(files, "社会信用")) == 1
    assert len(found(files, "统一 社会")) == 1
    assert found(files, "用信") == []


def test_words_are_found_that_are_painted_in_another_order() -> None:
    files = drawn(words("月", at="35 20 9 9") + words("日", at="45 20 9 9") + words("年", at="25 20 9 9"))
    assert [rounded(one) for one in found(files, "年月日")] == [(25, 20.6, 25, 5)]


def test_the_full_width_form_of_a_word_is_the_word() -> None:
    assert len(found(drawn(words("ＡＢ１２")), "AB12")) == 1


def test_words_of_templates_annotations_and_composites_count() -> None:
    unit = (
        '<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="20" Width="50" Height="20"><ofd:Content>'
        f"{words('骑缝', at='1 2 30 10')}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
    files = drawn(
        '<ofd:CompositeObject Boundary="100 100 50 20" ResourceID="20" CTM="2 0 0 2 0 0"/>',
        resources=unit,
        templates={7: words("存根")},
        uses='<ofd:Template TemplateID="7"/>',
        annotations='<ofd:Annot ID="90" Type="Watermark"><ofd:Appearance Boundary="10 200 50 20">'
        f"{words('副本', at='1 1 30 10')}</ofd:Appearance></ofd:Annot>"
        f'<ofd:Annot ID="91" Type="Stamp" Visible="false"><ofd:Appearance>{words("隐藏")}</ofd:Appearance></ofd:Annot>',
    )
    assert rounded(found(files, "骑缝")[0]) == (102, 105.2, 20, 10)
    assert rounded(found(files, "副本")[0]) == (11, 201.6, 10, 5)
    assert len(found(files, "存根")) == 1
    assert found(files, "隐藏") == []


def test_glyphs_that_show_several_codes_keep_the_words() -> None:
    transform = (
        '<ofd:CGTransform CodePosition="1" CodeCount="2" GlyphCount="1"><ofd:Glyphs>9</ofd:Glyphs></ofd:CGTransform>'
    )
    codes = f'{transform}<ofd:TextCode X="0" Y="5" DeltaX="5 5">ofix</ofd:TextCode>'
    (box,) = found(drawn(words("", codes=codes)), "fi")
    assert round(box.x, 2) == 25


# -- grammars --------------------------------------------------------------------------------------------------------

NUMBERS = st.floats(-1e5, 1e5, allow_nan=False).map(lambda one: round(one, 4))


@given(st.lists(st.tuples(st.integers(1, 9), NUMBERS), max_size=12), st.integers(0, 60))
def test_repeated_steps_mean_what_they_are_short_for(runs: list[tuple[int, float]], most: int) -> None:
    short = " ".join(f"g {times} {value:f}" if times > 1 else f"{value:f}" for times, value in runs)
    long = " ".join(" ".join([f"{value:f}"] * times) for times, value in runs)
    assert read_deltas(short, most, "DeltaX") == read_deltas(long, most, "DeltaX")
    assert len(read_deltas(short, most, "DeltaX")) == min(most, sum(times for times, _ in runs))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("M"), st.tuples(NUMBERS, NUMBERS)),
            st.tuples(st.just("L"), st.tuples(NUMBERS, NUMBERS)),
            st.tuples(st.just("Q"), st.tuples(*[NUMBERS] * 4)),
            st.tuples(st.just("B"), st.tuples(*[NUMBERS] * 6)),
            st.tuples(
                st.just("A"),
                st.tuples(
                    NUMBERS, NUMBERS, NUMBERS, st.sampled_from([0, 1]), st.sampled_from([0, 1]), NUMBERS, NUMBERS
                ),
            ),
            st.just(("C", ())),
        ),
        max_size=20,
    ),
    st.booleans(),
)
def test_paths_are_read_as_they_are_written(steps: list[tuple[str, tuple[float, ...]]], tight: bool) -> None:
    steps = [("S", (1.0, 2.0)), *steps]
    text = " ".join(f"{letter}{'' if tight else ' '}" + " ".join(f"{one:f}" for one in v) for letter, v in steps)
    read = read_path(text, Budget(100))
    assert [(letter, [round(one, 4) for one in v]) for letter, v in read] == [(a, [*v]) for a, v in steps]
    drawn_steps = list(cubics(read))
    ends = [v[-2:] for letter, v in steps if letter != "C"]
    assert all(math.isfinite(value) for _, points in drawn_steps for point in points for value in point)
    assert tuple(ends[-1]) in [points[-1] for _, points in drawn_steps if points]


def test_an_arc_is_round() -> None:
    steps = read_path("M 10 0 A 10 10 0 0 1 -10 0 A 10 10 0 0 1 10 0 C", Budget(10))
    points = [points[-1] for letter, points in cubics(steps) if letter == "C"]
    assert [(round(x, 6), round(y, 6)) for x, y in points] == [(0, 10), (-10, 0), (0, -10), (10, 0)]


# -- in a cell -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cells() -> Iterator[Cells]:
    made = Cells(["signing.ofd.look_inside"], processes=1, seconds=lambda _: 20.0, mebibytes=400)
    yield made
    made.close()


def test_a_cell_tells_the_same(cells: Cells) -> None:
    content = zipped(drawn(words("盖章处"), info="<ofd:Title>甲</ofd:Title>"))
    facts = look_inside(cells, content)
    assert facts.documents[0].info.title == "甲"
    assert [one.area.physical for one in facts.documents[0].pages] == [Box(0, 0, 210, 297)]
    (place,) = look_for_words(cells, content, "章处")
    assert rounded(place.box) == (25, 20.6, 10, 5)
