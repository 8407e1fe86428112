"""What is wrong with a row, in words and with what to do."""

from __future__ import annotations

from collections.abc import Mapping

from core.text import Text

_WORDS: dict[str, Text] = {
    "missing": Text("没有填", "empty"),
    "row-width": Text("列数与表头不一致", "another number of cells than the header has"),
    "row-unreadable": Text("这一行读不懂，多半是引号没有配对", "unreadable; most likely a quote is not closed"),
    "cell-too-long": Text("有一格超过 4000 字", "a cell has more than 4,000 characters"),
    "cell-unprintable": Text("有一格含控制字符", "a cell holds a control character"),
    "cell-formula": Text("有一格是公式，请改成值", "a cell is a formula; put its value"),
    "cell-number-rounded": Text(
        "有一格是超过 15 位的数字，表格软件已把末尾改成 0；请改成文本格式重新填写",
        "a cell is a number of more than 15 digits, whose end the spreadsheet has lost; make it text and fill it anew",
    ),
    "holders-uneven": Text("持证主体与代码的个数不一致", "not as many names as numbers"),
    "citizen-id-length": Text("身份证号不是 18 位", "an ID number has 18 characters"),
    "citizen-id-date": Text("身份证号里的出生日期不对", "the date of birth in the ID number is not a real one"),
    "citizen-id-check": Text("身份证号校验位不对", "the ID number's check character is wrong"),
    "uscc-invalid": Text("统一社会信用代码不对", "the unified social credit code is wrong"),
    "holder-code-type-unknown": Text("证件类型代码不认识", "the kind of number is not known"),
    "holder-code-invalid": Text("证件号码格式不对", "the number's form is wrong"),
    "holder-kind-wrong": Text("这类证照不由这种主体持有", "this type is held by the other kind of holder"),
    "holders-invalid": Text("持证主体个数不对，或重复", "too many holders, or one twice"),
    "name-invalid": Text("姓名或名称太长，或含控制字符", "the name is too long or unprintable"),
    "number-invalid": Text("编号太长，或含控制字符", "the number is too long or unprintable"),
    "not-of-its-kind": Text("不是这一项要求的类型", "not of the type that this item takes"),
    "licence-data-invalid": Text("不符合这类证照的字段要求", "does not fit the type's schema"),
    "date-invalid": Text("不是日期，请写成 2026-03-01", "no date; write 2026-03-01"),
    "date-before-first": Text("早于起始日", "before the first day"),
    "validity-invalid": Text("有效期不合理", "the validity is out of range"),
    "identifier-invalid": Text("不是电子证照标识", "no electronic licence identifier"),
    "number-twice": Text("编号与第 {row} 行重复", "same number as row {row}"),
    "name-differs": Text("同一证件号码在第 {row} 行是另一个姓名", "the same number has another name in row {row}"),
    "licence-already-held": Text("持证主体已有一本有效的这类证照", "the holder has a valid licence of this type"),
    "number-in-repository": Text("库里已有这个编号，内容不同", "the repository has this number with other contents"),
}


def words_of(target: str, code: str, targets: Mapping[str, Text]) -> Text:
    """A fault in words; `code` may say the earlier row behind an `@`."""
    name, _, row = code.partition("@")
    words = _WORDS.get(name, Text("不符合要求", "not acceptable")).format(row=row)
    title = targets.get(target)
    return Text(f"{title.zh}：{words.zh}", f"{title.en}: {words.en}") if title else words


def named(code: str) -> Text:
    """A kind of fault, for the report."""
    return _WORDS.get(code, Text("不符合要求", "not acceptable")).format(row="…")
