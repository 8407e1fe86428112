"""Rules of PDF/A that can be seen in a file's structure (ISO 19005-1, -2 and -3, conformance B), read with pikepdf.

Written for what sealing adds to a file: objects, annotations, forms, fonts, colours, transparency, actions. It does not
look inside fonts and colour profiles, as a whole validator would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Name

HIDING = 1 | 2 | 32 | 256  # Invisible, Hidden, NoView, ToggleNoView
PRINT = 4
_FORBIDDEN_ANNOTATIONS = {"/3D", "/Sound", "/Screen", "/Movie", "/RichMedia", "/FileAttachment"}
_FORBIDDEN_ACTIONS = {
    "/Launch",
    "/Sound",
    "/Movie",
    "/ResetForm",
    "/ImportData",
    "/Hide",
    "/SetOCGState",
    "/Rendition",
    "/Trans",
    "/GoTo3DView",
    "/JavaScript",
}
_COLOUR_OPERATORS = {"rg": 3, "RG": 3, "k": 4, "K": 4, "g": 1, "G": 1}
_DEVICES = {"/DeviceRGB": 3, "/DeviceCMYK": 4, "/DeviceGray": 1}
_DEFAULTS = {3: "/DefaultRGB", 4: "/DefaultCMYK", 1: "/DefaultGray"}
_FONT_FILES = ("/FontFile", "/FontFile2", "/FontFile3")


def pdfa_faults(content: bytes) -> list[str]:
    """What is wrong with a file that says it is PDF/A, each with its section; empty when nothing is."""
    document = pikepdf.open(BytesIO(content))
    return sorted({*_of_bytes(content), *_Rules(document).faults()})


def _of_bytes(content: bytes) -> Iterator[str]:
    header = re.match(rb"%PDF-1\.[0-7]\r?\n%([\x80-\xff]{4,})", content)
    if not header:
        yield "6.1.2 header"
    if not re.search(rb"%%EOF\r?\n?\Z", content):
        yield "6.1.3 something follows the end"
    for digits in re.findall(rb"/Contents <([0-9A-Fa-f\s]*)>", content):
        if len(re.sub(rb"\s", b"", digits)) % 2:
            yield "6.1.6 odd hexadecimal string"
    for found in re.finditer(rb"(?<![\r\n])\bendobj\b|\b\d+ \d+ obj(?![\r\n])", content):
        yield f"6.1.9 spacing of objects at {found.start()}"


@dataclass
class _Rules:
    document: pikepdf.Pdf

    def __post_init__(self) -> None:
        with self.document.open_metadata(update_docinfo=False) as metadata:
            self.part = int(metadata.get("pdfaid:part", "0"))
            self.conformance = str(metadata.get("pdfaid:conformance", ""))
        self.colours = {
            int(intent.DestOutputProfile.N)
            for intent in self.document.Root.get("/OutputIntents", [])
            if intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent
        }

    def faults(self) -> Iterator[str]:
        yield from self._of_document()
        for thing in self.document.objects:
            yield from self._of_object(thing)
        for page in self.document.pages:
            yield from self._of_content(page.obj, page.get("/Resources", pikepdf.Dictionary()), set())
            for annotation in page.get("/Annots", []):
                yield from self._of_annotation(annotation)

    def _of_document(self) -> Iterator[str]:
        root, trailer = self.document.Root, self.document.trailer
        if (self.part, self.conformance) not in {(1, "B"), (2, "B"), (3, "B")}:
            yield "6.6.4 version and conformance"
        if self.part == 1 and "/Filter" in root.Metadata:
            yield "6.7.2 filtered metadata"
        if "/ID" not in trailer:
            yield "6.1.3 no identifier"
        if "/Encrypt" in trailer:
            yield "6.1.3 encrypted"
        if "/AA" in root or "/JavaScript" in root.get("/Names", {}):
            yield "6.5.2 actions of the document"
        form = root.get("/AcroForm", pikepdf.Dictionary())
        if form.get("/NeedAppearances", False) or "/XFA" in form:
            yield "6.4.1 a form that the viewer draws"
        if self.part == 2 and "/EmbeddedFiles" in root.get("/Names", {}):
            yield "6.8 embedded files"

    def _of_object(self, thing: Any) -> Iterator[str]:
        if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
            return
        if isinstance(thing, pikepdf.Stream):
            yield from self._of_stream(thing)
        if thing.get("/S") in _FORBIDDEN_ACTIONS and thing.get("/Type", "/Action") == "/Action":
            yield f"6.5.1 action {thing.S}"
        if thing.get("/Type") == "/FontDescriptor" and not any(key in thing for key in _FONT_FILES):
            yield "6.2.11.4 a font that is not embedded"
        if (
            thing.get("/Type") == "/Font"
            and "/FontDescriptor" not in thing
            and thing.Subtype not in ("/Type0", "/Type3")
        ):
            yield "6.2.11.4 a font that is not embedded"
        if thing.get("/Type") == "/Filespec" and self.part == 3 and "/AFRelationship" not in thing:
            yield "6.8 an associated file without its relation"
        if thing.get("/Type") == "/ExtGState":
            yield from self._of_state(thing)

    def _of_state(self, state: Any) -> Iterator[str]:
        see_through = (
            state.get("/BM", Name.Normal) not in ("/Normal", "/Compatible")
            or state.get("/SMask", Name("/None")) != "/None"
            or any(float(state.get(key, 1)) != 1 for key in ("/CA", "/ca"))
        )
        if see_through and self.part == 1:
            yield "6.4 transparency"
        if see_through and self.part > 1 and not self.colours and not self._every_page_says_how_it_blends():
            yield "6.2.10 transparency in no colour space"
        if "/TR" in state or "/HTP" in state:
            yield "6.2.5 transfer functions"

    def _every_page_says_how_it_blends(self) -> bool:
        return all("/CS" in page.get("/Group", {}) for page in self.document.pages)

    def _of_stream(self, stream: Any) -> Iterator[str]:
        if any(key in stream for key in ("/F", "/FFilter", "/FDecodeParams")):
            yield "6.1.7 an external stream"
        filters = stream.get("/Filter", [])
        if "/LZWDecode" in (filters if isinstance(filters, pikepdf.Array) else [filters]):
            yield "6.1.7 LZW"
        if stream.get("/Subtype") in ("/PS",) or "/PS" in stream or "/OPI" in stream or "/Ref" in stream:
            yield "6.2.9 a form that refers to something else"
        if stream.get("/Subtype") == "/Image":
            if "/Alternates" in stream or stream.get("/Interpolate", False):
                yield "6.2.8 alternates or interpolation"
            if "/SMask" in stream and self.part == 1:
                yield "6.4 transparency"
        if self.part == 1 and stream.get("/Group", {}).get("/S") == "/Transparency":
            yield "6.4 transparency"
        if self.part == 1 and stream.get("/Type") in ("/ObjStm", "/XRef"):
            yield "6.1.4 compressed objects"

    def _of_annotation(self, annotation: Any) -> Iterator[str]:
        flags, subtype = int(annotation.get("/F", 0)), str(annotation.Subtype)
        if subtype in _FORBIDDEN_ANNOTATIONS:
            yield f"6.3.1 annotation {subtype}"
        if subtype != "/Popup" and (not flags & PRINT or flags & HIDING):
            yield "6.3.2 an annotation that is not printed"
        if subtype == "/Widget" and ("/A" in annotation or "/AA" in annotation):
            yield "6.4.1 a widget with actions"
        left, bottom, right, top = (float(one) for one in annotation.Rect)
        shows = (left, bottom) != (right, top)
        if "/AP" not in annotation:
            if shows and subtype not in ("/Popup", "/Link"):
                yield "6.3.3 an annotation without appearance"
            return
        if set(annotation.AP.keys()) != {"/N"}:
            yield "6.3.3 more appearances than one"
        normal = annotation.AP.N
        if isinstance(normal, pikepdf.Stream):
            yield from self._of_content(normal, normal.get("/Resources", pikepdf.Dictionary()), set())

    def _of_content(self, content: Any, resources: Any, seen: set[tuple[int, int]]) -> Iterator[str]:
        spaces, forms = resources.get("/ColorSpace", {}), resources.get("/XObject", {})
        for operands, operator in pikepdf.parse_content_stream(content):
            used = _COLOUR_OPERATORS.get(str(operator))
            if str(operator) in ("cs", "CS"):
                used = _DEVICES.get(str(operands[0]))
            if used is not None and not self._means_something(used, spaces):
                yield "6.2.4.3 device colours without an output intent"
            if str(operator) == "gs" and str(operands[0]) not in resources.get("/ExtGState", {}):
                yield "6.2.2 a resource that is not there"
            if str(operator) == "gs":
                yield from self._of_state(resources.ExtGState[str(operands[0])])
            if str(operator) == "Do":
                if str(operands[0]) not in forms:
                    yield "6.2.2 a resource that is not there"
                    continue
                form = forms[str(operands[0])]
                if form.Subtype == "/Form" and form.objgen not in seen:
                    seen.add(form.objgen)
                    if "/Resources" not in form:
                        yield "6.2.2 a form without resources of its own"
                    yield from self._of_content(form, form.get("/Resources", pikepdf.Dictionary()), seen)

    def _means_something(self, components: int, spaces: Any) -> bool:
        # ISO 19005-2 §6.2.4.3: DeviceGray by any output intent, the others by one of their own kind
        by_intent = bool(self.colours) if components == 1 else components in self.colours
        return by_intent or _DEFAULTS[components] in spaces
