"""Pictures put into a sheet of a workbook, beside those that are there."""

from __future__ import annotations

from typing import Final

from csctl.forms.images import prepare_photo, size_of
from csctl.interchange import markup
from csctl.interchange.sheetcells import Area
from csctl.interchange.workbookparts import OFFICE, Workbook

_SHEET_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_MAIN: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
_DRAWING_TYPE: Final = "application/vnd.openxmlformats-officedocument.drawing+xml"
# What follows in a sheet after its drawing.
_AFTER_DRAWING: Final = (
    "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls",
    "AlternateContent", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
_ANCHOR: Final = (
    '<xdr:oneCellAnchor xmlns:xdr="{sheet}" xmlns:a="{main}" xmlns:r="{office}">'
    "<xdr:from><xdr:col>{col}</xdr:col><xdr:colOff>0</xdr:colOff>"
    "<xdr:row>{row}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
    '<xdr:ext cx="{wide}" cy="{high}"/><xdr:pic><xdr:nvPicPr>{named}'
    '<xdr:cNvPicPr><a:picLocks noChangeAspect="1"/></xdr:cNvPicPr></xdr:nvPicPr>'
    '<xdr:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch>'
    '</xdr:blipFill><xdr:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/>'
    '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr></xdr:pic>'
    "<xdr:clientData/></xdr:oneCellAnchor>"
)


def add_picture(book: Workbook, sheet: str, area: Area, name: str, photo: bytes) -> None:
    """Put a photo into an area of a sheet, as large as fits and in its own proportions.

    CsctlError for a photo that cannot be read, as for forms.images.prepare_photo.
    """
    content = prepare_photo(photo)
    ending = "png" if content.startswith(b"\x89PNG") else "jpeg"
    part = book.new_name(f"xl/media/csctl-{{}}.{ending}")
    book.write(part, content)
    book.declare(f"image/{ending}", ending=ending)
    room = book.cells(sheet).size_of(area)
    size = size_of(content)
    scale = min(room[0] / size[0], room[1] / size[1])
    drawing = _drawing_of(book, sheet)
    xml, root = book.read(drawing), book.parse(drawing)
    number = 1 + max((int(each) for each in _numbers(root) if each.isdigit()), default=0)
    anchor = _ANCHOR.format(
        sheet=_SHEET_DRAWING, main=_MAIN, office=OFFICE, col=area.left - 1, row=area.top - 1,
        wide=int(size[0] * scale), high=int(size[1] * scale),
        named=markup.tag("xdr:cNvPr", id=number, name=f"csctl {number}", descr=name),
        relation=book.relate(drawing, "image", part),
    )  # fmt: skip
    book.write(drawing, markup.splice(xml, [markup.put_inside(xml, root, anchor.encode())]))


def _numbers(element: markup.Element) -> list[str]:
    """Return the numbers that shapes of a drawing have."""
    own = [element.get("id")] if element.name == "cNvPr" else []
    return own + [number for each in element.children for number in _numbers(each)]


def _drawing_of(book: Workbook, sheet: str) -> str:
    """Return the drawing of a sheet, which is made where there is none."""
    xml, root = book.read(sheet), book.parse(sheet)
    held = root.first("drawing")
    if held is not None:
        return book.related(sheet, held.get("id"))
    part = book.new_name("xl/drawings/drawing{}.xml")
    book.write(part, f'<xdr:wsDr xmlns:xdr="{_SHEET_DRAWING}"></xdr:wsDr>'.encode())
    book.declare(_DRAWING_TYPE, part=part)
    relation = book.relate(sheet, "drawing", part)
    after = root.first(*_AFTER_DRAWING)
    at = after.start if after else root.outside
    new = f'<{root.prefix}drawing xmlns:csctl="{OFFICE}" csctl:id="{relation}"/>'.encode()
    book.write(sheet, markup.splice(xml, [(at, at, new)]))
    return part
