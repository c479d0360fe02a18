"""What a file in somebody's hands proves: which sending it is, what it carries, what changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from csctl.approval.signoffs import digest, key_of
from csctl.casework.sending import find_sendings
from csctl.errors import CsctlError
from csctl.forms.audience import Audience
from csctl.forms.blocks import View
from csctl.forms.embedded import Embedded, read_embedded
from csctl.forms.model import languages
from csctl.forms.publishing import audience_yaml, publish
from csctl.git.gitformats import Commit
from csctl.git.history import diff_data, iter_versions
from csctl.git.walk import tree_files
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.messages import _, language
from csctl.places import CONFIG, RECORDS
from csctl.record import Record, linked_ids, rows
from csctl.repository import open_repository
from csctl.store import Store
from csctl.times.moments import find_moment
from csctl.trail.rows import change_row, commit_row
from csctl.yamlfile import yamlio

# Where a sending does not say its language, these are tried after the usual one.
_SPOKEN: Final = ("zh+en", "zh", "en", "zh-TW")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that can be said of a file: `ok` is None where it is neither good nor bad."""

    name: str
    text: str
    ok: bool | None = None
    record: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A sending of a record, and the record as it was sent.

    `commit` wrote the sending down, None while it is not committed; `record` is the record then.
    """

    now: Record
    key: str
    row: Mapping[str, Any]
    record: Record
    commit: Commit | None


def examine(index: Index, content: bytes) -> list[Fact]:
    """Return everything the records say about a file with these bytes."""
    store = index.store
    embedded = read_embedded(content)
    found = [as_sent(store, *each) for each in find_sendings(index, content)]
    facts: list[Fact] = []
    for sent in found:
        facts += _sent_facts(sent, store.repository.config.site.zone)
        facts += _embedded_facts(sent, embedded, store)
        facts += _signed_facts(sent)
        facts += _changes(sent)
        facts += _again(sent, embedded, content, store)
    return facts or list(_unsent_facts(index, embedded))


def as_sent(store: Store, record: Record, key: str, row: Mapping[str, Any]) -> Sent:
    """Return a sending with the record as the commit that wrote it down has it."""
    commit = None
    for version in iter_versions(store.repository.git, record.path):
        sent = (version.data or {}).get("sent")
        if isinstance(sent, Mapping) and key in sent:
            commit = version.commit  # the newest comes first, the first one last
    if commit is None:
        return Sent(record, key, row, record, None)
    source = store.repository.git.show(commit.sha, record.path)
    return Sent(record, key, row, store.build(record.path, source or b""), commit)


def _sent_facts(sent: Sent, zone: tzinfo) -> Iterator[Fact]:
    row, record = sent.row, sent.now.id
    text = _("{id}: sent as {key} at {at} via {via} by {by}").format(
        id=record, key=sent.key, at=str(row.get("sent_at", ""))[:16],
        via=row.get("via", ""), by=row.get("by", ""),
    )  # fmt: skip
    yield Fact("sent", text, True, record)
    if row.get("to"):
        yield Fact("to", _("to {receiver}").format(receiver=row["to"]), None, record)
    if row.get("complaint"):
        yield Fact("complaint", _("for {id}").format(id=row["complaint"]), None, record)
    if sent.commit is None:
        yield Fact("commit", _("the sending is not committed yet"), None, record)
    else:
        words = _("written down at {when} by {who}, commit {commit}")
        yield Fact("commit", words.format(**commit_row(sent.commit, zone)), None, record)


def _embedded_facts(sent: Sent, embedded: Embedded, store: Store) -> Iterator[Fact]:
    record = sent.now.id
    if embedded.problem:
        yield Fact("embedded", _problem(embedded.problem), None, record)
        return
    if embedded.record != sent.now.id or (embedded.data or {}).get("id") != sent.now.id:
        yield Fact("embedded", _other_record(embedded), False, record)
        return
    try:
        view = View(("zh",), "customer", str(sent.row.get("complaint", "")), _step(sent))
        own = yamlio.load(audience_yaml(sent.record, store, view)).data
    except CsctlError as error:
        yield Fact("yaml", error.message, None, record)
        return
    other = [each.address for each in diff_data(own, embedded.data)]
    # Between rendering and the commit, what the report does not say may have been filled in.
    forged = any(_is_covered(each, sent) for each in other)
    if embedded.sha256 == digest(sent.record):
        yield Fact("digest", _("its digest is that of the record as it was sent"), True, record)
    else:
        text = _("its digest is NOT that of the record as it was committed when sent")
        yield Fact("digest", text, False if forged or not other else None, record)
    if other:
        text = _("its YAML differs from the record as committed when sent: {fields}")
        yield Fact("yaml", text.format(fields=", ".join(other)), False if forged else None, record)
    else:
        yield Fact("yaml", _("its YAML is the record's as it was sent"), True, record)


def _is_covered(address: str, sent: Sent) -> bool:
    """Tell whether a value is part of what the report stands for."""
    send = sent.now.kind.sends.get(_step(sent))
    return send is None or any(
        address == name or address.startswith((f"{name}.", f"{name}["))
        for name in (*send.covers, "attachments")
    )


def _step(sent: Sent) -> str:
    step = str(sent.row.get("step", ""))
    return step if step in sent.now.kind.sends else ""


def _other_record(embedded: Embedded) -> str:
    carried = {embedded.record, str((embedded.data or {}).get("id", ""))}
    return _("it carries the YAML or digest of another record: {ids}").format(
        ids=", ".join(sorted(carried))
    )


def _problem(problem: str) -> str:
    return {
        "not_pdf": _("it is no PDF: it carries no YAML, its bytes alone are known"),
        "too_large": _("it is too large to be looked into; its bytes alone are known"),
        "encrypted": _("it is encrypted; what it carries cannot be read"),
        "cut_short": _("the PDF is cut short"),
        "damaged": _("what it carries is damaged"),
        "nothing": _("it is not our form: it carries no YAML of a record"),
        "several": _("it carries several records or digests: somebody added to it"),
    }[problem]


def _signed_facts(sent: Sent) -> Iterator[Fact]:
    """Yield the sign-offs the report needs: who gave them, and whether over what was sent."""
    kind, record = sent.now.kind, sent.record
    send = kind.sends.get(_step(sent))
    for name in send.signoffs if send else ():
        signoff = kind.signoffs[name]
        row = record.value(f"signoffs.{key_of(name, _cycle(sent))}")
        label = pick(signoff.label, language())
        if not isinstance(row, Mapping):
            text = _("{signoff}: not given when it was sent").format(signoff=label)
            yield Fact("signoff", text, None, sent.now.id)
            continue
        covers = row.get("digest") == digest(record, signoff.covers)
        state = _("over what was sent") if covers else _("over OTHER content")
        text = _("{signoff} by {by} at {at} — {state}").format(
            signoff=label, by=row.get("by", ""), at=str(row.get("at", ""))[:16], state=state
        )
        yield Fact("signoff", text, covers, sent.now.id)
    if sent.row.get("released_by"):
        text = _("released by word by {by} {how}").format(
            by=sent.row["released_by"], how=sent.row.get("released_how", "")
        )
        yield Fact("released", text.rstrip(), None, sent.now.id)


def _cycle(sent: Sent) -> int:
    sent_at = find_moment(sent.row.get("sent_at"))
    opened = [find_moment(row.get("opened_at")) for row in rows(sent.record.data.get("cycles"))]
    return 1 + sum(1 for each in opened if each and sent_at and each <= sent_at)


def _changes(sent: Sent) -> Iterator[Fact]:
    """Yield each field of what was sent that is no longer the same."""
    changed = [
        change_row(each, sent.now.kind, language())
        for each in diff_data(sent.record.data, sent.now.data)
        if _is_covered(each.address, sent)
    ]
    for row in changed:
        text = _("changed since: {label} [{field}]: {old} → {new}").format(**row)
        yield Fact("changed", text, None, sent.now.id)
    if not changed:
        yield Fact("changed", _("nothing of it has changed since"), None, sent.now.id)


# --- made again --------------------------------------------------------------------------------


def _again(sent: Sent, embedded: Embedded, content: bytes, store: Store) -> Iterator[Fact]:
    """Yield whether the same bytes come out when the form is rendered again."""
    if embedded.problem:
        return
    from csctl.forms.pdf import made_with  # typst is large

    record, here = sent.now.id, made_with()
    if list(embedded.made_with) != here:
        other = ", ".join(each for each in embedded.made_with if each not in here)
        text = _("not reproducible here: it was made with {versions}").format(versions=other)
        yield Fact("rendered", text, None, record)
        return
    with tempfile.TemporaryDirectory(prefix="csctl-") as folder:
        try:
            then = _store_then(sent, store, Path(folder))
            same = any(_forms(sent, then, content))
        except CsctlError as error:
            text = _("cannot be rendered again: {why}").format(why=error.message)
            yield Fact("rendered", text, None, record)
            return
    if same:
        yield Fact("rendered", _("rendered again, it is byte-identical"), True, record)
    else:
        text = _("rendered again, it is NOT byte-identical: the commit is not what was rendered")
        yield Fact("rendered", text, None, record)


def _forms(sent: Sent, then: Store, content: bytes) -> Iterator[bool]:
    audience: Audience = "customer"
    said = sent.row.get("language")
    tried = [str(said)] if said else [then.repository.config.form_language, *_SPOKEN]
    for spoken in dict.fromkeys(tried):
        view = View(languages(spoken), audience, str(sent.row.get("complaint", "")), _step(sent))
        yield publish(sent.record, then, view, "pdf") == content


def _store_then(sent: Sent, store: Store, folder: Path) -> Store:
    """Return the records as they were then, as far as the form may show them.

    Configuration, schemas, templates, records that have a code for an id, the record itself
    with its files, and the records it names.
    """
    if sent.commit is None:
        return store
    schemas, git = store.repository.schemas, store.repository.git
    coded = [schemas.kind(name) for name in schemas.names() if schemas.kind(name).code]
    linked = (each for field in sent.now.kind.links() for each in linked_ids(sent.record, field))
    named = [store.path_of(store.kind_of(each), each) for each in linked if store.find(each)]
    own = [name for name in ("schemas", "templates") if len(store.repository.search_path(name)) > 1]
    paths = [CONFIG, *own, *(f"{RECORDS}/{kind.folder}" for kind in coded)]
    paths += [sent.now.path, sent.now.attachment_folder(), *named]
    files = tree_files(git.root, sent.commit.sha, sorted(set(paths)))
    blobs = git.blobs((sent.commit.sha, path) for path in files)
    for path, blob in zip(files, blobs, strict=True):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(blob or b"")
    return Store(open_repository(folder))


# --- a file that was not sent ------------------------------------------------------------------


def _unsent_facts(index: Index, embedded: Embedded) -> Iterator[Fact]:
    """Yield what a file that was never sent claims to be, by what it carries."""
    if embedded.problem != "not_pdf" and embedded.problem:
        yield Fact("embedded", _problem(embedded.problem), False)
    claimed = embedded.record
    if not claimed:
        return
    if (embedded.data or {}).get("id", claimed) != claimed:
        yield Fact("embedded", _other_record(embedded), False)
    record = index.find(claimed)
    if record is None:
        text = _("it says it is {id}, and there is no such record").format(id=claimed)
        yield Fact("record", text, False)
        return
    for key, row in record.sendings():
        sent = as_sent(index.store, record, key, row)
        if digest(sent.record) == embedded.sha256:
            text = _("it says it is {id} as sent as {key}, but its bytes are NOT those sent")
            yield Fact("record", text.format(id=claimed, key=key), False, claimed)
            return
    commit = _version_of(index.store, record, embedded.sha256)
    if commit is None:
        text = _("it says it is {id}, but no committed version has its digest").format(id=claimed)
        yield Fact("record", text, False, claimed)
        return
    zone = index.store.repository.config.site.zone
    text = _("it was rendered from {id} as of {when}, commit {commit}; it was not sent")
    yield Fact("record", text.format(id=claimed, **commit_row(commit, zone)), False, claimed)


def _version_of(store: Store, record: Record, wanted: str) -> Commit | None:
    """Return the first commit that has a record with this digest."""
    found = None
    for version in iter_versions(store.repository.git, record.path):
        if version.data is not None:
            then = Record(record.kind, record.id, record.path,
                          yamlio.Document("", dict(version.data)))  # fmt: skip
            found = version.commit if digest(then) == wanted else found
    return found
