"""Documents, their pages and what belongs to them (GB/T 33190-2016 §7.4 to §7.9, §15, §17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from signing.ofd.geometry import Box
from signing.ofd.model.graphics import Graphic
from signing.ofd.model.resources import Resources


class Order(IntEnum):
    """Kinds of layers, in the order in which they are painted (GB/T 33190 table 15)."""

    BACKGROUND = 0
    BODY = 1
    FOREGROUND = 2


@dataclass(frozen=True, slots=True)
class DocInfo:
    """What is said of a document (CT_DocInfo); dates as they stand there.

    Attributes:
        custom: CustomData by name, in their order; a name may stand there only once.
    """

    doc_id: str | None = None
    title: str | None = None
    author: str | None = None
    subject: str | None = None
    abstract: str | None = None
    created: str | None = None
    modified: str | None = None
    usage: str | None = None
    cover: str | None = None
    keywords: tuple[str, ...] = ()
    creator: str | None = None
    creator_version: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageArea:
    """Boxes of a page in millimetres (CT_PageArea); only the first must be there."""

    physical: Box
    application: Box | None = None
    content: Box | None = None
    bleed: Box | None = None


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page, or a template, as the document lists it.

    Attributes:
        order: where the content of a template lies.
    """

    id: int
    path: str
    order: Order = Order.BACKGROUND
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the document; `size` in KB, as it stands there."""

    id: str
    name: str
    path: str
    format: str | None
    size: str | None
    visible: bool
    usage: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the document; only the current one is read."""

    id: str
    index: str
    current: bool
    path: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the package.

    Attributes:
        path: of its Document.xml.
        area: of pages that have none of their own.
        annotations: paths of their annotations by the page's ID.
        signatures: path of the list of signatures.
    """

    info: DocInfo
    path: str
    area: PageArea | None
    resources: Resources
    templates: Mapping[int, PageEntry]
    pages: tuple[PageEntry, ...]
    annotations: Mapping[int, tuple[str, ...]]
    attachments: tuple[Attachment, ...]
    versions: tuple[Version, ...]
    signatures: str | None


@dataclass(frozen=True, slots=True)
class Layer:
    """Graphics that are painted together.

    Attributes:
        draw_param: resource that its graphics inherit from.
        resources: that its graphics may name.
    """

    order: Order
    draw_param: int | None
    graphics: tuple[Graphic, ...] = field(repr=False)
    resources: Resources = field(repr=False)


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation that is seen: its appearance, in coordinates of its own, stands at its boundary."""

    kind: str
    boundary: Box | None
    graphics: tuple[Graphic, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is shown.

    Attributes:
        number: from 1.
        layers: its own and those of its templates, in the order in which they are painted.
        annotations: that are visible, painted over the layers.
        resources: that annotations may name.
    """

    number: int
    id: int
    area: PageArea
    layers: tuple[Layer, ...] = field(repr=False)
    annotations: tuple[Annotation, ...] = field(repr=False)
    resources: Resources = field(repr=False)
