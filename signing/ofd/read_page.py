"""Reads what a page shows: its layers, those of its templates, its annotations (GB/T 33190-2016 §7.7, §7.8, §15)."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from signing.ofd.model.document import Annotation, Document, Layer, Order, Page, PageArea, PageEntry
from signing.ofd.model.resources import Resources
from signing.ofd.package import Package, PackageRefused, located
from signing.ofd.read_document import MOST_THINGS, read_area, read_order
from signing.ofd.read_graphics import Reading, read_graphics
from signing.ofd.read_resources import read_resources
from signing.ofd.values import Budget, box, identifier, maybe, truth
from signing.ofd.xml import all_of, needed, one_of, parse

_MOST_LAYERS = 1000


def read_page(package: Package, document: Document, number: int, budget: Budget | None = None) -> Page:
    """
    Args:
        number: from 1.
        budget: of everything that is read of the package; a fresh one if it is left out.

    Raises:
        PackageRefused: the page or something that it names is broken, or `page`: there is none of this number.
    """
    entry = _entry(document, number)
    reading = Reading(budget or Budget(MOST_THINGS))
    root = parse(package[entry.path], "Page", drafts=True)
    area = _area(root) or document.area
    resources = _resources(package, root, entry.path, document.resources, reading)
    layers = _layers(root, resources, reading, Order.BODY)
    behind: list[Layer] = []
    for reference in all_of(root, "Template"):
        template = document.templates.get(identifier(reference.get("TemplateID"), "TemplateID"))
        if template is None:
            raise PackageRefused("reference", "a template that is not there")
        order = read_order(reference.get("ZOrder"), template.order)
        found, size = _template(package, document, template, order, reading)
        area = area or size
        behind += found
        if len(behind) > _MOST_LAYERS:
            raise PackageRefused("too-complex", "layers of templates")
    if area is None:
        raise PackageRefused("page-area", "no size is said")
    ordered = sorted((*behind, *layers), key=lambda one: one.order)  # templates first among equals
    annotations = _annotations(package, document, entry, reading)
    return Page(number, entry.id, area, tuple(ordered), annotations, resources)


def area_of(package: Package, document: Document, number: int) -> PageArea:
    """The size of a page, without reading what it shows.

    Raises:
        PackageRefused: as `read_page`.
    """
    root = parse(package[_entry(document, number).path], "Page", drafts=True)
    area = _area(root) or document.area
    for reference in all_of(root, "Template") if area is None else ():
        template = document.templates.get(identifier(reference.get("TemplateID"), "TemplateID"))
        area = area or (None if template is None else _area(parse(package[template.path], "Page", drafts=True)))
    if area is None:
        raise PackageRefused("page-area", "no size is said")
    return area


def _entry(document: Document, number: int) -> PageEntry:
    if not 1 <= number <= len(document.pages):
        raise PackageRefused("page", "no such page")
    return document.pages[number - 1]


def _template(
    package: Package, document: Document, template: PageEntry, order: Order, reading: Reading
) -> tuple[Sequence[Layer], PageArea | None]:
    """All layers of a template lie where the template is put; one that uses templates itself is none.

    Raises:
        PackageRefused: `cycle`
    """
    root = parse(package[template.path], "Page", drafts=True)
    if all_of(root, "Template"):
        raise PackageRefused("cycle", "a template within a template")
    resources = _resources(package, root, template.path, document.resources, reading)
    found = sorted(_layers(root, resources, reading, Order.BODY), key=lambda one: one.order)
    return [Layer(order, one.draw_param, one.graphics, one.resources) for one in found], _area(root)


def _area(root: etree._Element) -> PageArea | None:
    """None where it does not say how large it is: the document does."""
    element = one_of(root, "Area")
    return None if element is None or one_of(element, "PhysicalBox") is None else read_area(element)


def _resources(package: Package, root: etree._Element, path: str, under: Resources, reading: Reading) -> Resources:
    files = [located(path, needed(one.text and one.text.strip(), "PageRes")) for one in all_of(root, "PageRes")]
    return read_resources(package, files, reading, under) if files else under


def _layers(root: etree._Element, resources: Resources, reading: Reading, otherwise: Order) -> Sequence[Layer]:
    content = one_of(root, "Content")
    found = [] if content is None else all_of(content, "Layer")
    if len(found) > _MOST_LAYERS:
        raise PackageRefused("too-complex", "layers")
    return [
        Layer(
            order=read_order(one.get("Type"), otherwise),
            draw_param=maybe(one.get("DrawParam"), "DrawParam", identifier),
            graphics=read_graphics(one, reading),
            resources=resources,
        )
        for one in found
    ]


def _annotations(package: Package, document: Document, entry: PageEntry, reading: Reading) -> tuple[Annotation, ...]:
    out = []
    for path in document.annotations.get(entry.id, ()):
        for one in all_of(parse(package[path], "PageAnnot", drafts=True), "Annot"):
            reading.budget.spend()
            appearance = one_of(one, "Appearance")
            if appearance is None or not truth(one.get("Visible"), "Visible", True):
                continue
            boundary = maybe(appearance.get("Boundary"), "Boundary", box)
            out.append(Annotation(one.get("Type", "")[:40], boundary, read_graphics(appearance, reading)))
    return tuple(out)
