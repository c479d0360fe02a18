"""The form of a record as plain data: sections, fields, tables, photos and sign-offs in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.forms.audience import visible
from csctl.forms.blocks import Builder, Model, View, asked_for
from csctl.forms.wording import Wording, printable
from csctl.kinds.schema import SignOff
from csctl.messages import LANGUAGES, _
from csctl.record import Record, rows, text_of
from csctl.signoffs import digest, find_signed, is_signed
from csctl.store import Store
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio

WORDS: Final = "_words.yaml"
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif")


def languages(text: str) -> tuple[str, ...]:
    """Return the languages of `zh`, `en`, `zh-TW` or two joined by `+`; UsageError for others."""
    chosen = tuple(dict.fromkeys(text.split("+")))
    for each in chosen:
        if each not in LANGUAGES:
            raise UsageError(
                _("There is no form language '{name}'.").format(name=each),
                did_you_mean(each, (*LANGUAGES, "zh+en")),
            )
    return chosen


def build_form(record: Record, store: Store, view: View) -> Model:
    """Build the form of a record as plain JSON data, every text fit to print.

    Keys: kind, id, company, languages, form {title, number, revision, step}, draft, digest,
    words, sections [{name, label, blocks}], signoffs. Labels are lists, one text a
    language. A block is one of
    fields {items}, group {blocks}, table {columns, rows: [{id, cells: {name: item}}]},
    photos {items: [{file, caption, verdict, verdict_label}]}, each with type, address, label.
    An item has address, label, value, wide, and where they apply: answer (unknown, …), code
    (of the choice made), choices (to tick), blocks (in a cell: what it holds).
    Errors as for audience.visible.
    """
    if view.send and view.send not in record.kind.sends:
        raise UsageError(
            _("A {kind} is not sent as '{send}'.").format(kind=record.kind.name, send=view.send),
            did_you_mean(view.send, record.kind.sends),
        )
    data = visible(record, store, audience=view.audience, complaint=view.complaint, send=view.send)
    config = store.repository.config
    site = config.sites.get(str(data.get("site", "")), config.site)
    wording = Wording(view.languages, load_words(store), site.zone, _names(store, view))
    builder = Builder(record, data, view, wording, store, asked_for(record.kind, data, view.send))
    form = numbering(record.kind.name, store)
    signoffs = _signoffs_of(record, view)
    return {
        "kind": record.kind.name,
        "id": record.id,
        "company": wording.label(config.company),
        "languages": list(view.languages),
        "form": {
            "title": wording.label(form.get("title", record.kind.title)),
            "number": str(form.get("number", "")),
            "revision": str(form.get("revision", "")),
            "step": wording.label(record.kind.sends[view.send].label) if view.send else [],
        },
        "draft": _is_draft(record, signoffs, view.send),
        "digest": f"sha256:{digest(record)}",
        "words": {key: wording.label(text) for key, text in wording.words.items()},
        "sections": printable(list(builder.sections())),
        "signoffs": printable(
            [_signoff(record, each, wording, store.repository.role_labels()) for each in signoffs]
        ),
    }


def load_words(store: Store) -> dict[str, Any]:
    """Return the fixed words of forms, those of the repository over the built-in ones."""
    words: dict[str, Any] = {}
    for folder in reversed(store.repository.search_path("templates")):
        path: Path = folder / WORDS
        if path.is_file():
            words |= yamlio.load(path.read_bytes()).data
    return words


def read_photos(form: Model, record: Record, store: Store) -> dict[str, bytes]:
    """Read the photos a form shows; CsctlError if one is missing or not the one attached."""
    hashes = {
        str(row.get("path")): row.get("sha256") for row in rows(record.data.get("attachments"))
    }
    photos = {}
    for name in dict.fromkeys(_photo_names(form["sections"])):
        content = store.read_bytes(f"{record.attachment_folder()}/{name}")
        if name in hashes and hashlib.sha256(content).hexdigest() != hashes[name]:
            raise CsctlError(
                _("{name} is not the file that was attached to {id}: its sha256 differs.").format(
                    name=name, id=record.id
                ),
                _("Take the attached one from git, or attach the new one under another name."),
            )
        photos[name] = content
    return photos


def _photo_names(value: Any) -> Iterator[str]:
    """Yield the file of every photo in the blocks of a form, at any depth."""
    if isinstance(value, Mapping):
        if value.get("type") == "photos":
            files = (item["file"] for item in value["items"])
            yield from (each for each in files if each.lower().endswith(_PICTURES))
        for each in value.values():
            yield from _photo_names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _photo_names(each)


def numbering(kind: str, store: Store) -> Mapping[str, Any]:
    """Return title, number and revision of a kind's form: the company's own over its profile's."""
    config = store.repository.config
    profiles = store.repository.schemas.profile("numbering")
    profile: Mapping[str, Any] = profiles.get(config.numbering_profile, {})
    return {**profile.get(kind, {}), **config.forms.get(kind, {})}


def _names(store: Store, view: View) -> Callable[[str, str], str]:
    """Return the function that says what people call a record that has a code for an id."""
    known: dict[tuple[str, str], str] = {}

    def name_of(kind: str, record_id: str) -> str:
        key = (kind, record_id)
        if key not in known:
            known[key] = ""
            summary = store.repository.schemas.kind(kind)
            path = store.find(record_id) if summary.code else None
            if path:
                value = store.read(path).value(summary.word("x-summary") or "name")
                known[key] = text_of(value, view.languages[0])
        return known[key]

    return name_of


def _signoffs_of(record: Record, view: View) -> list[SignOff]:
    """Return the sign-offs a form shows: of the report it goes as, else of the last one begun.

    A form whose author does not sign, such as a register, shows none before somebody did.
    """
    known = record.kind.signoffs.values()
    if view.send:
        return [each for each in known if each.send == view.send]
    begun = [each for each in known if find_signed(record, each)]
    if not begun and any(each.step == "prepared" for each in known):
        begun = list(known)
    return [each for each in known if begun and each.send == begun[-1].send]


def _is_draft(record: Record, signoffs: list[SignOff], send: str) -> bool:
    """Tell whether a sign-off is missing or stale that the report cannot go without."""
    step = record.kind.sends.get(send or (signoffs[0].send if signoffs else ""))
    needed = step.signoffs if step else [each.name for each in signoffs]
    return not all(is_signed(record, record.kind.signoffs[name]) for name in needed)


def _signoff(record: Record, signoff: SignOff, wording: Wording, roles: Mapping[str, Any]) -> Model:
    signed = find_signed(record, signoff)
    shown: Model = {"name": signoff.name, "label": wording.label(signoff.label)}
    if signed is None:
        return {**shown, "by": "", "role": "", "at": "", "stale": False}
    return {
        **shown,
        "by": wording.name_of("person", signed.by) or signed.by,
        "role": wording.text(roles.get(signed.role, signed.role)),
        "at": wording.moment(signed.at),
        "stale": signed.stale,
    }
