"""A small OFD put together by hand, sealed as often as a test wants, and put into a ZIP right or wrong."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tests.support.eseal_world import Making

SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LIST = "/Doc_0/Signs/Signatures.xml"
PAGE = "/Doc_0/Pages/Page_0/Content.xml"
Files = dict[str, bytes]


def document(text: str = "营业执照") -> Files:
    """One page with a line of text, not sealed yet."""
    parts = {
        "/OFD.xml": f'<ofd:OFD {SPACE} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        "<ofd:DocID>0123456789abcdef"
        '</ofd:DocID><ofd:CustomDatas><ofd:CustomData Name="ZZBS">1.2.156</ofd:CustomData></ofd:CustomDatas>'
        "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        f"<ofd:Signatures>{LIST}</ofd:Signatures></ofd:DocBody></ofd:OFD>",
        "/Doc_0/Document.xml": f"<ofd:Document {SPACE}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        PAGE: f'<ofd:Page {SPACE}><ofd:Content><ofd:Layer ID="2">'
        '<ofd:TextObject ID="3" Boundary="20 20 80 10" Font="4" Size="8">'
        f'<ofd:TextCode X="0" Y="8">{text}</ofd:TextCode></ofd:TextObject></ofd:Layer></ofd:Content></ofd:Page>',
    }
    return {path: (HEAD + content).encode() for path, content in parts.items()}


def sealed(files: Mapping[str, bytes], making: Making, number: int = 0, **changes: object) -> Files:
    """The package with one more signature.

    Args:
        changes: `leave_out` (paths that the signature does not protect), `twice` (a path listed twice), `xml` (the text
            of Signature.xml, changed before it is signed), `subject`.
    """
    folder = f"/Doc_0/Signs/Sign_{number}"
    path, value, seal = f"{folder}/Signature.xml", f"{folder}/SignedValue.dat", f"{folder}/Seal.esl"
    found = dict(files) | {seal: making.seal()}
    leave_out = {LIST, *changes.get("leave_out", ())}  # type: ignore[misc]  # a test's own words
    protected = [one for one in found if one not in leave_out]
    protected += [str(changes["twice"])] if "twice" in changes else []
    text = _signature(found, protected, path=path, value=value, seal=seal)
    edit = changes.get("xml")
    xml = (HEAD + (edit(text) if callable(edit) else text)).encode()
    digest = hashlib.new("sm3", xml).digest()
    stamp = replace(making, digest=digest, subject=str(changes.get("subject", path))).stamp(found[seal])
    found |= {path: xml, value: stamp}
    found[LIST] = _list(found)
    return found


def _signature(files: Mapping[str, bytes], protected: Iterable[str], *, path: str, value: str, seal: str) -> str:
    references = "".join(
        f'<ofd:Reference FileRef="{one}"><ofd:CheckValue>'
        f"{base64.b64encode(hashlib.new('sm3', files[one]).digest()).decode()}</ofd:CheckValue></ofd:Reference>"
        for one in protected
    )
    return (
        f'<ofd:Signature {SPACE}><ofd:SignedInfo><ofd:Provider ProviderName="x"/>'
        "<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
        f'<ofd:References CheckMethod="1.2.156.10197.1.401">{references}</ofd:References>'
        '<ofd:StampAnnot ID="1" PageRef="1" Boundary="120 200 42 42"/>'
        f"<ofd:Seal><ofd:BaseLoc>{seal}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
        f"<ofd:SignedValue>{value}</ofd:SignedValue></ofd:Signature>"
    )


def _list(files: Mapping[str, bytes]) -> bytes:
    paths = sorted(one for one in files if one.endswith("/Signature.xml"))
    entries = "".join(
        f'<ofd:Signature ID="{number}" Type="Seal" BaseLoc="{path}"/>' for number, path in enumerate(paths, 1)
    )
    return (HEAD + f"<ofd:Signatures {SPACE}>{entries}</ofd:Signatures>").encode()


def zipped(files: Mapping[str, bytes], *more: tuple[str, bytes]) -> bytes:
    """The package as a ZIP; `more` are entries with names of their own, as they stand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path[1:]), content, zipfile.ZIP_DEFLATED)
        for name, content in more:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            archive.writestr(entry, content)
    return out.getvalue()


def drawn(
    graphics: str,
    *,
    resources: str = "",
    templates: Mapping[int, str] | None = None,
    uses: str = "",
    annotations: str = "",
    document: str = "",
    body: str = "",
    info: str = "",
    box: str = "0 0 210 297",
    more: Mapping[str, bytes] | None = None,
) -> Files:
    """One page with these graphics, in whatever surroundings a test wants; not sealed.

    Args:
        graphics: of the page's body layer; a text that begins with `<ofd:Layer` is all layers.
        resources: of the document's own file of resources.
        templates: graphics of template pages by their number (background ones).
        uses: `<ofd:Template …/>` elements of the page.
        annotations: `<ofd:Annot>` elements.
        document, body, info: more XML of Document.xml, of DocBody and of DocInfo.
        more: further files, or other ones in the place of these.
    """
    layers = graphics if graphics.startswith("<ofd:Layer") else f'<ofd:Layer ID="2">{graphics}</ofd:Layer>'
    listed = "".join(
        f'<ofd:TemplatePage ID="{number}" BaseLoc="Tpls/Tpl_{number}/Content.xml"/>' for number in templates or {}
    )
    annotated = "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>" if annotations else ""
    parts = {
        "/OFD.xml": f'<ofd:OFD {SPACE} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>0123456789abcdef</ofd:DocID>{info}</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        f"{body}</ofd:DocBody></ofd:OFD>",
        "/Doc_0/Document.xml": f"<ofd:Document {SPACE}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID><ofd:PageArea>"
        f"<ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea><ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>"
        f'{listed}</ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        f"{annotated}{document}</ofd:Document>",
        "/Doc_0/DocumentRes.xml": f'<ofd:Res {SPACE} BaseLoc="Res">{resources}</ofd:Res>',
        PAGE: f"<ofd:Page {SPACE}>{uses}<ofd:Content>{layers}</ofd:Content></ofd:Page>",
    }
    for number, content in (templates or {}).items():
        parts[f"/Doc_0/Tpls/Tpl_{number}/Content.xml"] = (
            f'<ofd:Page {SPACE}><ofd:Content><ofd:Layer ID="{number}1">{content}</ofd:Layer></ofd:Content></ofd:Page>'
        )
    if annotations:
        parts["/Doc_0/Annots/Annotations.xml"] = (
            f'<ofd:Annotations {SPACE}><ofd:Page PageID="1"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc>'
            "</ofd:Page></ofd:Annotations>"
        )
        parts["/Doc_0/Annots/Page_0/Annotation.xml"] = f"<ofd:PageAnnot {SPACE}>{annotations}</ofd:PageAnnot>"
    return {path: (HEAD + content).encode() for path, content in parts.items()} | dict(more or {})


def words(
    text: str, *, at: str = "20 20 80 10", step: str = "g {n} 5", size: float = 5, codes: str = "", **more: object
) -> str:
    """A text object; `step` is its DeltaX, `codes` takes the place of its one piece, `more` are further attributes."""
    delta = f' DeltaX="{step.format(n=len(text) - 1)}"' if step and len(text) > 1 else ""
    attributes = {"Font": 4, **more}
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    piece = codes or f'<ofd:TextCode X="0" Y="{size}"{delta}>{text}</ofd:TextCode>'
    return f'<ofd:TextObject Boundary="{at}" Size="{size}" {written}>{piece}</ofd:TextObject>'


def path(data: str, *, at: str = "0 0 210 297", inner: str = "", **more: object) -> str:
    """A path object; `inner` is XML beside its data (colours, clips)."""
    written = " ".join(f'{name}="{value}"' for name, value in more.items())
    return (
        f'<ofd:PathObject Boundary="{at}" {written}>{inner}<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData>'
        "</ofd:PathObject>"
    )


def image(resource: int, *, at: str = "0 0 20 10", ctm: str = "20 0 0 10 0 0", inner: str = "", **more: object) -> str:
    """An image object."""
    written = " ".join(f'{name}="{value}"' for name, value in more.items())
    return f'<ofd:ImageObject Boundary="{at}" CTM="{ctm}" ResourceID="{resource}" {written}>{inner}</ofd:ImageObject>'


def square(color: str, *, at: str = "10 10 20 20", inner: str = "", **more: object) -> str:
    """A filled square of 20 mm without a line; `color` is the inside of FillColor's element, or its `Value`."""
    filled = color if color.startswith("<") else f'<ofd:FillColor Value="{color}"/>'
    return path("M 0 0 L 20 0 L 20 20 L 0 20 C", at=at, Fill="true", Stroke="false", inner=filled + inner, **more)


def media(number: int, name: str, kind: str = "Image") -> str:
    """A picture among the resources."""
    return (
        f'<ofd:MultiMedias><ofd:MultiMedia ID="{number}" Type="{kind}" Format="{name[-3:].upper()}">'
        f"<ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias>"
    )


def unit(number: int, inner: str) -> str:
    """A composite among the resources."""
    return (
        f'<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="{number}" Width="50" Height="50"><ofd:Content>'
        f"{inner}</ofd:Content></ofd:CompositeGraphicUnit></ofd:CompositeGraphicUnits>"
    )
