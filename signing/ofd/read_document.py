"""Reads the documents of a package (GB/T 33190-2016 §7.4, §7.5): what there is, not yet what the pages show."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from signing.ofd.model.document import Attachment, DocInfo, Document, Order, PageArea, PageEntry, Version
from signing.ofd.model.resources import Resources
from signing.ofd.package import Package, PackageRefused, located
from signing.ofd.read_graphics import Reading
from signing.ofd.read_resources import read_resources
from signing.ofd.values import Budget, box, identifier, maybe, truth
from signing.ofd.xml import all_of, needed, one_of, parse, text_of

ROOT = "/OFD.xml"
MOST_DOCUMENTS = 50
MOST_PAGES = 20_000
MOST_THINGS = 1_000_000
"""Objects, letters and steps of paths that one reading of a file may meet."""

_MOST_LISTED = 1000
_LARGEST_SIDE = 20_000.0  # millimetres
_ORDERS = {"Background": Order.BACKGROUND, "Body": Order.BODY, "Foreground": Order.FOREGROUND}


def read_documents(package: Package, budget: Budget | None = None) -> tuple[Document, ...]:
    """All documents, in the order of OFD.xml; one is the rule.

    Args:
        budget: of everything that is read of the package; a fresh one if it is left out.

    Raises:
        PackageRefused
    """
    bodies = all_of(parse(package[ROOT], "OFD", drafts=True), "DocBody")
    if not 0 < len(bodies) <= MOST_DOCUMENTS:
        raise PackageRefused("xml", "no document, or too many")
    reading = Reading(budget or Budget(MOST_THINGS))
    found = tuple(_document(package, body, reading) for body in bodies)
    if len({one.path for one in found}) != len(found):
        raise PackageRefused("reference", "one document twice")
    return found


def _document(package: Package, body: etree._Element, reading: Reading) -> Document:
    versions = _versions(body)
    path = located(ROOT, needed(text_of(body, "DocRoot"), "DocRoot"))
    _check_current(package, versions, path)
    root = parse(package[path], "Document", drafts=True)
    common = one_of(root, "CommonData")
    if common is None:
        raise PackageRefused("xml", "CommonData is missing")
    area = one_of(common, "PageArea")
    signatures = text_of(body, "Signatures")
    space = text_of(common, "DefaultCS")
    files = [
        located(path, needed(one.text and one.text.strip(), kind))
        for kind in ("PublicRes", "DocumentRes")
        for one in all_of(common, kind)
    ]
    given = Resources(default_space=None if space is None else identifier(space, "DefaultCS"))
    return Document(
        info=_info(body),
        path=path,
        area=None if area is None else read_area(area),
        resources=read_resources(package, files, reading, given),
        templates=_templates(common, path),
        pages=_pages(root, path),
        annotations=_annotations(package, root, path),
        attachments=_attachments(package, root, path),
        versions=versions,
        signatures=None if signatures is None else located(ROOT, needed(signatures, "Signatures")),
    )


def _info(body: etree._Element) -> DocInfo:
    info = one_of(body, "DocInfo")
    if info is None:
        return DocInfo()
    custom: dict[str, str] = {}
    for one in all_of(info, "CustomDatas/CustomData"):
        name = needed(one.get("Name"), "Name")
        if name in custom or len(one) or len(custom) >= _MOST_LISTED:
            raise PackageRefused("reference", "a CustomData is there twice, or there are too many")
        custom[name] = (one.text or "").strip()
    keywords = tuple((one.text or "").strip() for one in all_of(info, "Keywords/Keyword"))
    return DocInfo(
        doc_id=text_of(info, "DocID"),
        title=text_of(info, "Title"),
        author=text_of(info, "Author"),
        subject=text_of(info, "Subject"),
        abstract=text_of(info, "Abstract"),
        created=text_of(info, "CreationDate"),
        modified=text_of(info, "ModDate"),
        usage=text_of(info, "DocUsage"),
        cover=text_of(info, "Cover"),
        keywords=keywords,
        creator=text_of(info, "Creator"),
        creator_version=text_of(info, "CreatorVersion"),
        custom=custom,
    )


def read_area(element: etree._Element) -> PageArea:
    """
    Raises:
        PackageRefused: `page-area`: no page at all, or one beyond 20 m; `number`.
    """
    physical = box(needed(text_of(element, "PhysicalBox"), "PhysicalBox"), "PhysicalBox")
    if not (0 < physical.width <= _LARGEST_SIDE and 0 < physical.height <= _LARGEST_SIDE):
        raise PackageRefused("page-area", "PhysicalBox")
    return PageArea(
        physical,
        application=maybe(text_of(element, "ApplicationBox"), "ApplicationBox", box),
        content=maybe(text_of(element, "ContentBox"), "ContentBox", box),
        bleed=maybe(text_of(element, "BleedBox"), "BleedBox", box),
    )


def read_order(name: str | None, otherwise: Order) -> Order:
    """
    Raises:
        PackageRefused: `xml`: no kind of layer.
    """
    if name is None:
        return otherwise
    if name not in _ORDERS:
        raise PackageRefused("xml", "kind of layer")
    return _ORDERS[name]


def _templates(common: etree._Element, path: str) -> Mapping[int, PageEntry]:
    found = [
        PageEntry(
            id=identifier(one.get("ID"), "ID"),
            path=located(path, needed(one.get("BaseLoc"), "BaseLoc")),
            order=read_order(one.get("ZOrder"), Order.BACKGROUND),
            name=one.get("Name"),
        )
        for one in all_of(common, "TemplatePage")
    ]
    if len(found) > _MOST_LISTED or len({one.id for one in found}) != len(found):
        raise PackageRefused("reference", "two templates have one number, or there are too many")
    return {one.id: one for one in found}


def _pages(root: etree._Element, path: str) -> tuple[PageEntry, ...]:
    found = tuple(
        PageEntry(identifier(one.get("ID"), "ID"), located(path, needed(one.get("BaseLoc"), "BaseLoc")))
        for one in all_of(root, "Pages/Page")
    )
    if not found:
        raise PackageRefused("xml", "no page")
    if len(found) > MOST_PAGES:
        raise PackageRefused("too-complex", "pages")
    if len({one.id for one in found}) != len(found):
        raise PackageRefused("reference", "two pages have one number")
    return found


def _annotations(package: Package, root: etree._Element, path: str) -> Mapping[int, tuple[str, ...]]:
    location = text_of(root, "Annotations")
    if not location:
        return {}
    listed = located(path, location)
    out: dict[int, tuple[str, ...]] = {}
    for one in all_of(parse(package[listed], "Annotations", drafts=True), "Page"):
        page = identifier(one.get("PageID"), "PageID")
        file = located(listed, needed(text_of(one, "FileLoc"), "FileLoc"))
        if file in out.get(page, ()):
            raise PackageRefused("reference", "annotations are listed twice")
        out[page] = (*out.get(page, ()), file)
    return out


def _attachments(package: Package, root: etree._Element, path: str) -> tuple[Attachment, ...]:
    location = text_of(root, "Attachments")
    if not location:
        return ()
    listed = located(path, location)
    found = tuple(
        Attachment(
            id=one.get("ID", ""),  # table 56 asks for it; makers of invoices leave it out
            name=needed(one.get("Name"), "Name"),
            path=located(listed, needed(text_of(one, "FileLoc"), "FileLoc")),
            format=one.get("Format"),
            size=one.get("Size"),
            visible=truth(one.get("Visible"), "Visible", True),
            usage=one.get("Usage", "none"),
        )
        for one in all_of(parse(package[listed], "Attachments", drafts=True), "Attachment")
    )
    numbers = [one.id for one in found if one.id]
    if len(found) > _MOST_LISTED or len(set(numbers)) != len(numbers):
        raise PackageRefused("reference", "an attachment is listed twice, or there are too many")
    return found


def _versions(body: etree._Element) -> tuple[Version, ...]:
    return tuple(
        Version(
            id=needed(one.get("ID"), "ID"),
            index=one.get("Index", ""),
            current=truth(one.get("Current"), "Current", False),
            path=located(ROOT, needed(one.get("BaseLoc"), "BaseLoc")),
        )
        for one in all_of(body, "Versions/Version")
    )


def _check_current(package: Package, versions: tuple[Version, ...], path: str) -> None:
    """The current version must be the document that is read, or readers would show different ones."""
    current = [one for one in versions if one.current]
    if len(current) > 1 or len(versions) > _MOST_LISTED:
        raise PackageRefused("version", "two versions are the current one")
    for one in current:
        root = text_of(parse(package[one.path], "DocVersion", drafts=True), "DocRoot")
        if root is None or located(one.path, root) != path:
            raise PackageRefused("version", "the current version is another document")
