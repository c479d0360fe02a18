"""The form of a record as plain data: sections, fields, tables, photos and sign-offs in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from csctl.approval.proofs import prove
from csctl.approval.signoffs import Signed, digest, find_signed, key_of
from csctl.errors import CsctlError, UsageError
from csctl.forms.audience import visible
from csctl.forms.blocks import Builder, Model, View, asked_for
from csctl.forms.wording import Wording
from csctl.index.index import Index
from csctl.kinds.field import Text, pick
from csctl.kinds.stages import SignOff
from csctl.messages import LANGUAGES, _
from csctl.record import Record, rows, text_of
from csctl.store import Store
from csctl.suggest import did_you_mean
from csctl.times.moments import find_moment
from csctl.yamlfile import yamlio

# What finds the row of a sign-off by its name.
_Finder: TypeAlias = Callable[[str], "Signed | None"]

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


class Shared:
    """What all forms of a repository share, read once: the fixed words, and names of records.

    `album` is the folder where photos made fit are kept, None to make them anew.
    """

    def __init__(self, store: Store, album: Path | None = None) -> None:
        self._store = store
        self.album = album
        self._names: dict[tuple[str, str, str], str] = {}

    @cached_property
    def words(self) -> dict[str, Any]:
        """The fixed words of forms."""
        return load_words(self._store)

    @cached_property
    def roles(self) -> Mapping[str, Text]:
        """What the roles are called."""
        return self._store.repository.role_labels()

    def names(self, language: str) -> Callable[[str, str], str]:
        """Return the function that says what people call a role, or a record that has a code."""

        def name_of(kind: str, record_id: str) -> str:
            key = (kind, record_id, language)
            if kind == "role":
                return pick(self.roles.get(record_id, record_id), language)
            if key not in self._names:
                self._names[key] = ""
                summary = self._store.repository.schemas.kind(kind)
                path = self._store.find(record_id) if summary.code else None
                if path:
                    value = self._store.read(path).value(summary.word("x-summary") or "name")
                    self._names[key] = text_of(value, language)
            return self._names[key]

        return name_of


def build_form(record: Record, store: Store, view: View, shared: Shared | None = None) -> Model:
    """Build the form of a record as plain JSON data; wording.printable makes it fit to print.

    Keys: kind, id, company, languages, form {title, number, revision, step}, draft, digest,
    words, sections [{name, label, blocks}], signoffs. Labels are lists, one text a
    language. A block is one of
    fields {items}, group {blocks}, table {columns, rows: [{id, cells: {name: item}}]},
    photos {items: [{file, caption, verdict, verdict_label}]}, each with type, address, label.
    An item has address, label, value, wide, and where they apply: answer (unknown, …), code
    (of the choice made), choices (to tick). In a cell it has no label, wide and choices, but
    blocks if it holds any.
    Errors as for audience.visible.
    """
    if view.send and view.send not in record.kind.sends:
        raise UsageError(
            _("A {kind} is not sent as '{send}'.").format(kind=record.kind.name, send=view.send),
            did_you_mean(view.send, record.kind.sends),
        )
    data = visible(record, store, audience=view.audience, complaint=view.complaint, send=view.send)
    config = store.repository.config
    shared = shared or Shared(store)
    names = shared.names(view.languages[0])
    site = config.sites.get(str(data.get("site", "")), config.site)
    wording = Wording(
        view.languages, shared.words, site.zone, names, store.repository.counts_roc_years
    )
    builder = Builder(record, data, view, wording, store, asked_for(record.kind, data, view.send))

    @cache  # whether it holds takes a digest of what it covers
    def signed(signoff: str) -> Signed | None:
        return find_signed(record, record.kind.signoffs[signoff])

    signoffs = _signoffs_of(record, view, signed)
    unverified, labels = _unverified(record, signoffs, store, signed), shared.roles
    return {
        "kind": record.kind.name,
        "id": record.id,
        "company": wording.label(config.company),
        "languages": list(view.languages),
        "form": _head(record, numbering(record.kind.name, store), view, wording),
        "draft": bool(unverified) or _is_draft(record, signoffs, view.send, signed),
        "digest": f"sha256:{digest(record)}",
        "words": {key: wording.label(text) for key, text in wording.words.items()},
        "sections": list(builder.sections()),
        "signoffs": [
            _signoff(each, signed(each.name), wording, labels)
            | {"unverified": each.name in unverified}
            for each in signoffs
        ],
    }


def _head(record: Record, form: Mapping[str, Any], view: View, wording: Wording) -> dict[str, Any]:
    """Return what a form is called, and the report it goes as."""
    return {
        "title": wording.label(_title(record, form)),
        "number": str(form.get("number", "")),
        "revision": str(form.get("revision", "")),
        "step": wording.label(record.kind.sends[view.send].label) if view.send else [],
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
    names = dict.fromkeys(_photo_names(form["sections"]))
    return {name: read_attached(store, record, name) for name in names}


def read_attached(store: Store, record: Record, name: str) -> bytes:
    """Read a file beside a record; CsctlError if it is missing or not the one attached."""
    hashes = {
        str(row.get("path")): row.get("sha256") for row in rows(record.data.get("attachments"))
    }
    content = store.read_bytes(f"{record.attachment_folder()}/{name}")
    if name in hashes and hashlib.sha256(content).hexdigest() != hashes[name]:
        raise CsctlError(
            _("{name} is not the file that was attached to {id}: its sha256 differs.").format(
                name=name, id=record.id
            ),
            _("Take the attached one from git, or attach the new one under another name."),
        )
    return content


def _photo_names(value: Any) -> Iterator[str]:
    """Yield the file of every photo in the blocks of a form, at any depth."""
    if isinstance(value, dict):
        if value.get("type") == "photos":
            files = (item["file"] for item in value["items"])
            yield from (each for each in files if each.lower().endswith(_PICTURES))
        value = value.values()
    for each in value:
        if isinstance(each, dict | list):
            yield from _photo_names(each)


def numbering(kind: str, store: Store) -> Mapping[str, Any]:
    """Return title, number and revision of a kind's form: the company's own over its profile's."""
    config = store.repository.config
    profiles = store.repository.schemas.profile("numbering")
    profile: Mapping[str, Any] = profiles.get(config.numbering_profile, {})
    return {**profile.get(kind, {}), **config.forms.get(kind, {})}


def _title(record: Record, form: Mapping[str, Any]) -> Text:
    """Return the title of a form: that of the choice where a profile has one form for each."""
    by = form.get("title_from")
    titles = record.kind.field(by).choices if by else {}
    return titles.get(str(record.value(by)) if by else "", form.get("title", record.kind.title))


def _signoffs_of(record: Record, view: View, signed: _Finder) -> list[SignOff]:
    """Return the sign-offs a form shows: of the report it goes as, else of the last one begun.

    A form whose author does not sign, such as a register, shows none before somebody did.
    """
    known = record.kind.signoffs.values()
    if view.send:
        return [each for each in known if each.send == view.send]
    begun = [each for each in known if signed(each.name)]
    if not begun and any(each.step == "prepared" for each in known):
        begun = list(known)
    return [each for each in known if begun and each.send == begun[-1].send]


def _is_draft(record: Record, signoffs: list[SignOff], send: str, signed: _Finder) -> bool:
    """Tell whether a sign-off is missing or stale that the report cannot go without."""
    step = record.kind.sends.get(send or (signoffs[0].send if signoffs else ""))
    needed = step.signoffs if step else [each.name for each in signoffs]
    given = [signed(name) for name in needed]
    return any(each is None or each.stale for each in given)


def _unverified(record: Record, signoffs: list[SignOff], store: Store, signed: _Finder) -> set[str]:
    """Return the sign-offs that no key vouches for, where csctl.yaml counts no others.

    What left the house after it was signed is printed again as it left, whatever is asked since.
    """
    given = {each.name: row for each in signoffs if (row := signed(each.name))}
    if not given or not store.repository.config.signing_required:
        return set()
    proofs = prove(record, Index(store))
    return {
        each.name
        for each in signoffs
        if each.name in given
        and not proofs[key_of(each.name, record.cycle)].holds
        and not _left_after(record, each.send, given[each.name].at)
    }


def _left_after(record: Record, send: str, signed_at: str) -> bool:
    signed = find_moment(signed_at)
    times = [find_moment(row.get("sent_at")) for _k, row in record.sendings()
             if row.get("step") == send]  # fmt: skip
    return any(signed and each and each >= signed for each in times)


def _signoff(
    signoff: SignOff, signed: Signed | None, wording: Wording, roles: Mapping[str, Any]
) -> Model:
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
