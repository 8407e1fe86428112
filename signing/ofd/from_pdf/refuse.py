"""What of a PDF an OFD of ours cannot say faithfully: collected over the whole file, told at once, by stable names."""

from __future__ import annotations

from core.text import Text
from signing.errors import PdfRefused

REASONS: dict[str, Text] = {
    "annotation": Text("批注有自己的样子", "annotations with looks of their own"),
    "blend-mode": Text("混合模式", "blend modes"),
    "colour-space": Text("专色或特殊颜色空间", "spot colours or special colour spaces"),
    "content-damaged": Text("页面内容读不通", "page content that does not parse"),
    "font-encoding": Text("字体编码表不在文件里", "fonts by a code table that is not in the file"),
    "font-not-embedded": Text("字体没有嵌入", "fonts that are not embedded"),
    "font-program": Text("嵌入的字体不完整", "embedded fonts that are not whole"),
    "font-type1": Text("Type 1 字体程序", "font programs of Type 1"),
    "font-type3": Text("Type 3 字体", "Type 3 fonts"),
    "form-fields": Text("可填写的表单", "forms to fill in"),
    "image-filter": Text("图片的压缩方式", "images by an unusual compression"),
    "image-form": Text("图片的颜色或蒙版形式", "images with unusual colours or masks"),
    "operator": Text("不认识的绘图指令", "unknown drawing operators"),
    "optional-content": Text("可开关的图层", "layers that can be switched"),
    "pattern": Text("图案填充", "patterns"),
    "postscript": Text("PostScript 对象", "PostScript objects"),
    "shading": Text("渐变", "shadings"),
    "signed": Text("已有签名（转换后会失去）", "signatures, which a conversion would lose"),
    "soft-mask": Text("图形状态的软蒙版", "soft masks of the graphics state"),
    "text-clip": Text("以文字作裁剪", "text that clips"),
    "too-deep": Text("嵌套太深", "nesting too deep"),
    "transfer-function": Text("颜色传递函数", "transfer functions"),
    "transparency-group": Text("半透明的组", "groups that are translucent as a whole"),
    "uneven-stroke": Text("被不等比拉伸的线条", "lines that are stretched unevenly"),
}


class Problems:
    """What was found so far."""

    def __init__(self) -> None:
        self._found: set[str] = set()

    def note(self, reason: str) -> None:
        """
        Args:
            reason: one of `REASONS`.
        """
        assert reason in REASONS
        self._found.add(reason)

    def check(self) -> None:
        """
        Raises:
            PdfRefused: `pdf-not-convertible`, with every reason.
        """
        if self._found:
            raise not_convertible(sorted(self._found))


def not_convertible(reasons: list[str]) -> PdfRefused:
    """
    Args:
        reasons: of `REASONS`; their names stand in the text, in brackets, and do not change.
    """
    zh = "、".join(f"{REASONS[one].zh}（{one}）" for one in reasons)
    en = ", ".join(f"{REASONS[one].en} ({one})" for one in reasons)
    return PdfRefused(
        "pdf-not-convertible",
        Text(
            f"这个 PDF 转成 OFD 后会与原样不同，没有转换。原因：{zh}。"
            "请从原软件重新导出（嵌入全部字体、拼合透明）后再试。",
            f"As an OFD this PDF would not be the same, so nothing was made. It has: {en}. Export it again from the "
            "original software, with all fonts embedded and transparency flattened.",
        ),
        private=" ".join(reasons),
    )
