"""Forms as PDF/A-3a through typst: same data, templates and versions give the same bytes."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache, lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from csctl import __version__
from csctl.errors import CsctlError
from csctl.forms.images import prepare_photo
from csctl.forms.wording import printable_json
from csctl.messages import _

if TYPE_CHECKING:
    import typst

FAMILY: Final = "Noto Sans CJK SC"
# Distribution -> package and the version the bytes of sent forms depend on.
FONT_PACKAGES: Final = {
    "manimgx-fonts-cjk": ("manimgx_fonts_cjk", "2026.9.26.post1"),
    "manimgx-fonts": ("manimgx_fonts", "2026.9.26.post1"),
}
_MIME: Final = {
    ".yaml": "application/yaml",
    ".json": "application/json",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PICTURES: Final = (".svg", ".png", ".jpg")
# What a template may not contain: text run as code, and packages from the network.
# `std` as a value reaches eval under another name, `std.block` does not; and a date of today is
# another date tomorrow.
_EVAL: Final = re.compile(r"\beval\b|\bstd\b(?!\s*\.\s*[a-z])|\bdatetime\s*\.\s*today\b")
_PACKAGE: Final = re.compile(r'@preview|@local|"@|"[^"\n]*\\u\{40\}')
_IMPORT: Final = re.compile(r"(?:#|^[ \t]*|[{;][ \t]*)(?:import|include)\b(?P<what>[^\n]*)", re.M)
_PLAIN_FILE: Final = re.compile(r'\s+"[^"\\@]+"\s*(?:[:;\]})]|as\b|//|$)')

_GLYPH: Final = re.compile(r'(?:the text|codepoint) `"(.*?)"`')
_PLACE: Final = re.compile(r"┌─ (?:.*[\\/])?([^\\/]+):(\d+):\d+")
_ESCAPE: Final = re.compile(r"\\u\{([0-9a-fA-F]+)\}")


def fonts_are_pinned() -> bool:
    """Tell whether the fonts are the packages csctl names, so that a form may be sent.

    With an installed font of the same name a form can be looked at, but its bytes differ from
    machine to machine.
    """
    return all(
        find_spec(module) is not None and _version(name) == version
        for name, (module, version) in FONT_PACKAGES.items()
    )


def made_with() -> list[str]:
    """Return the names and versions of everything the bytes of a PDF depend on."""
    names = ("typst", "Pillow", *FONT_PACKAGES)
    return [f"csctl {__version__}", *(f"{name} {_version(name) or '-'}" for name in names)]


def render_pdf(
    template: str,
    data: Mapping[str, Any],
    *,
    search_path: Sequence[Path],
    photos: Mapping[str, bytes],
    attachments: Mapping[str, bytes | str],
    timestamp: datetime,
    prepare: Callable[[bytes], bytes] = prepare_photo,
) -> bytes:
    """Return a form as PDF/A-3a.

    `template` is a file name in one of the folders of `search_path`, where an earlier folder's
    file hides a later one's; it must define `form(data)`. `data` is plain JSON data, in which
    `photos` is set to {name: path for typst's image()}. `attachments` are embedded under their
    names. `timestamp` needs a zone and is the time the PDF says it was made. `prepare` makes a
    photo fit, as images.prepare_photo does.
    Raises CsctlError: a damaged photo, a template that is missing or forbidden or does not
    compile, a character no font has.
    """
    import typst

    if timestamp.tzinfo is None:
        raise ValueError("timestamp needs a zone")
    fonts = _fonts()
    with tempfile.TemporaryDirectory(prefix="csctl-") as name:
        # Resolved, because typst compares real paths and macOS's /var is a link.
        staging = Path(name).resolve()
        _stage_templates(staging / "templates", template, search_path)
        placed = _stage_photos(staging / "photos", photos, prepare)
        shown, text = printable_json({**data, "photos": placed})
        _write(staging / "data.json", text.encode())
        _write(staging / "main.typ", _main(staging, template, attachments).encode())
        try:
            made, warnings = typst.compile_with_warnings(
                str(staging / "main.typ"),
                root=str(staging),
                font_paths=fonts,
                ignore_system_fonts=True,
                pdf_standards=["a-3a"],
                timestamp=timestamp.astimezone(timezone.utc).replace(microsecond=0),
                # Nothing is ever found there, nor downloaded to it.
                package_path=str(staging / "packages"),
                package_cache_path=str(staging / "packages"),
            )
        except typst.TypstError as error:
            raise _explain(error, template, shown) from error
    _refuse_missing_fonts((each.message for each in warnings), template)
    return made


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


@cache
def _fonts() -> typst.Fonts:
    """Return the fonts, read once: it takes longer than a form."""
    import typst

    folders: list[str] = []
    for module, _pinned in FONT_PACKAGES.values():
        spec = find_spec(module)
        folders += spec.submodule_search_locations or () if spec else ()
    fonts = typst.Fonts(include_system_fonts=False, font_paths=folders)
    if FAMILY not in fonts.families():
        fonts = typst.Fonts(include_system_fonts=True, font_paths=folders)
    if FAMILY not in fonts.families():
        raise CsctlError(
            _("No font for Chinese text was found: {family} is missing.").format(family=FAMILY),
            "pip install " + " ".join(FONT_PACKAGES),
        )
    return fonts


def _refuse_missing_fonts(warnings: Iterable[str], template: str) -> None:
    for message in warnings:
        if "unknown font family" in message:
            raise CsctlError(
                _("The template {file} asks for a font there is none of: {reason}.").format(
                    file=template, reason=message
                ),
                _("Use {family} in the template.").format(family=FAMILY),
            )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def _stage_templates(folder: Path, template: str, search_path: Sequence[Path]) -> None:
    """Copy every template and its pictures, those of earlier folders over those of later ones."""
    folder.mkdir()
    for source in reversed(search_path):
        for path in sorted(source.iterdir()) if source.is_dir() else ():
            if path.suffix not in (".typ", *_PICTURES):
                continue
            if path.is_symlink() or not path.is_file():
                raise CsctlError(
                    _("The template {file} is not a plain file.").format(file=path.name),
                    _("Replace the link by the file itself."),
                )
            content = path.read_bytes()
            if path.suffix == ".typ":
                _refuse_forbidden(path.name, content)
            (folder / path.name).write_bytes(content)
    if not (folder / template).is_file():
        raise CsctlError(_("There is no template {file}.").format(file=template))


@lru_cache(maxsize=64)
def _refuse_forbidden(name: str, content: bytes) -> None:
    """Raise CsctlError for a template that may not be; forms of one call are made with a few."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise CsctlError(_("The template {file} is not UTF-8.").format(file=name)) from error
    reason = ""
    if _EVAL.search(text):
        reason = _("it runs text as code, or asks for today (eval, std, datetime.today)")
    elif _PACKAGE.search(text):
        reason = _("it asks for a package from the network")
    elif any(not _PLAIN_FILE.match(found["what"]) for found in _IMPORT.finditer(text)):
        reason = _("it imports something else than a file by its plain name")
    if reason:
        raise CsctlError(
            _("The template {file} is refused: {reason}.").format(file=name, reason=reason)
        )


def _stage_photos(
    folder: Path, photos: Mapping[str, bytes], prepare: Callable[[bytes], bytes]
) -> dict[str, str]:
    """Write a verified copy of each photo; return name -> path as typst sees it."""
    paths = {}
    for number, (name, data) in enumerate(photos.items()):
        try:
            picture = prepare(data)
        except CsctlError as error:
            raise CsctlError(f"{name}: {error.message}", error.hint) from error
        suffix = "png" if picture.startswith(b"\x89PNG") else "jpg"
        _write(folder / f"{number}.{suffix}", picture)
        paths[name] = f"/photos/{number}.{suffix}"
    return paths


def _main(staging: Path, template: str, attachments: Mapping[str, bytes | str]) -> str:
    """Return the file typst starts with; names are JSON strings, which typst strings contain."""
    lines = [
        f"#set document(keywords: ({', '.join(map(json.dumps, made_with()))},))",
        f'#import "templates/{template}": form',
        '#form(json("data.json"))',
    ]
    for number, (name, content) in enumerate(attachments.items()):
        path = f"attachments/{number}"
        _write(staging / path, content.encode() if isinstance(content, str) else content)
        mime = _MIME.get(PurePosixPath(name).suffix, "application/octet-stream")
        lines.append(
            f"#pdf.attach({json.dumps(name, ensure_ascii=False)}, read({json.dumps(path)},"
            f' encoding: none), relationship: "source", mime-type: {json.dumps(mime)},'
            f" description: {json.dumps(name, ensure_ascii=False)})"
        )
    return "\n".join(lines)


def _explain(error: typst.TypstError, template: str, data: Mapping[str, Any]) -> CsctlError:
    """Return what went wrong in the words of the form: which field, which template."""
    if glyph := _GLYPH.search(error.message):
        text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), glyph[1])
        codes = " ".join(f"U+{ord(each):04X}" for each in text)
        where = next(_iter_holders(data, text), "")
        if where:
            message = _("{field} holds a character that cannot be printed: {text} ({codes}).")
        else:
            message = _("{file} holds a character that cannot be printed: {text} ({codes}).")
        return CsctlError(
            message.format(field=where, file=template, text=text, codes=codes),
            _("Write it in other words, or attach a picture of it."),
        )
    place = _PLACE.search(error.diagnostic)
    file, line = place.groups() if place and place[1] != "main.typ" else (template, "?")
    return CsctlError(
        _("The template {file} cannot be printed, line {line}: {reason}.").format(
            file=file, line=line, reason=error.message
        ),
        "; ".join(error.hints),
    )


def _iter_holders(value: Any, text: str, address: str = "") -> Iterator[str]:
    """Yield the address of each value that holds `text`; blocks of a form know theirs."""
    if isinstance(value, str) and text in value:
        yield address
    elif isinstance(value, Mapping):
        address = value.get("address") or address
        for key, each in value.items():
            yield from _iter_holders(each, text, address or str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from _iter_holders(each, text, address)
