"""An audit as people read it: rows, lines of text, and the data of a form."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from csctl.forms.model import load_words
from csctl.forms.wording import Wording, printable
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kinds.schema import Kind
from csctl.messages import _, language, marked, ngettext
from csctl.record import text_of
from csctl.rules.roles import role_words
from csctl.rules.shape import signoff_name
from csctl.store import Store
from csctl.trail.audit import Audit
from csctl.trail.events import Event
from csctl.trail.rows import label_of

COLUMNS = (
    *("record", "event", "what", "at", "written", "who", "role", "author", "email", "commit"),
    *("signature", "detail", "marks", "changed"),
)
# What an auditor will ask about; the other marks only tell.
GRAVE = frozenset(
    {"clock", "no_role", "unknown_person", "other_content", "own_work", "altered", "removed",
     "deleted", "unreadable", "file_changed", "file_removed", "bad", "other_key",
     "key_not_valid", "not_proven", "back"}
)  # fmt: skip


# What each mark of an event means.
MARKS: Final[Mapping[str, str]] = {
    "late": marked("written down late"),
    "early": marked("written down before it happened"),
    "clock": marked("the commit's time cannot be"),
    "unknown_author": marked("the author is no one person of the records"),
    "unknown_person": marked("there is no record of that person"),
    "other_author": marked("written by somebody else"),
    "no_role": marked("did not hold the role then"),
    "back": marked("went back without being re-opened"),
    "other_content": marked("over other content than was committed with it"),
    "own_work": marked("signed off his own work"),
    "holds": marked("holds"),
    "stale": marked("STALE: what it covers has changed since"),
    "replaced": marked("replaced since by another"),
    "removed": marked("taken out of the record"),
    "altered": marked("ALTERED: it was written before"),
    "changed_since": marked("the record has changed since"),
    "deleted": marked("the file was deleted"),
    "unreadable": marked("cannot be read"),
    "file_changed": marked("the file was changed"),
    "file_removed": marked("the file was removed"),
    "unsigned": marked("the commit is not signed"),
    "verified": marked("verified: the commit is signed with the signer's key"),
    "unknown_key": marked("the commit is signed with a key that is nobody's here"),
    "other_key": marked("the commit is signed with the key of SOMEBODY ELSE"),
    "key_not_valid": marked("the signer's key was NOT VALID on the day of the commit"),
    "bad": marked("the commit's signature is BAD"),
    "not_whole": marked("this clone cannot tell what the commit wrote: history is cut or replaced"),
    "proven": marked("proven: a key of the platform vouches for it"),
    "trusted": marked("trusted, not proven: no key of the platform is configured"),
    "approved": marked("verified: a proven approval stands behind it"),
    "not_proven": marked("NOT PROVEN: no such approval over this content is there"),
}
_WHAT: Final[Mapping[str, str]] = {
    "registered": marked("registered as {stage}"),
    "begun": marked("registered"),
    "stage": marked("{before} → {stage}"),
    "reopened": marked("re-opened: {before} → {stage}"),
    "outcome": marked("ended: {outcome}"),
    "undone": marked("its outcome was taken back"),
    "sent": marked("sent: {key}"),
    "returned": marked("sent back by the customer: {key}"),
    "approved": marked("approved on the platform: {key}"),
    "amended": marked("corrected: {key}"),
    "removed": marked("taken out: {key}"),
    "deleted": marked("file deleted"),
    "renamed": marked("file moved to {key}"),
    "unreadable": marked("unreadable version"),
    "file_changed": marked("attachment changed: {key}"),
    "file_removed": marked("attachment removed: {key}"),
}


_MOVED: Final[Mapping[str, str]] = {
    "renamed": marked("MOVED: the tag {tag} is the one that was made as {where}."),
    "moved": marked("MOVED: the tag {tag} once led to {where}."),
    "not_its_commit": marked("MOVED: the tag {tag} leads to another commit: {where}."),
    "not_annotated": marked("The tag {tag} carries no message and no signature: {where}."),
}


def audit_rows(audit: Audit, index: Index, zone: tzinfo) -> list[dict[str, Any]]:
    """Return one row an event, times in `zone`, words in the language in use."""
    rows = []
    roles: dict[str, str] = {"": ""}
    for each in audit.events:
        if each.role not in roles:
            roles[each.role] = role_words(index.store.repository.role_labels(), (each.role,))
        marks = list(each.marks)
        if each.what == "signed" and each.signature in MARKS:
            marks.append(each.signature)
        commit = each.step.commit
        rows.append(
            {
                "record": each.record,
                "event": each.what,
                "what": event_words(each),
                "at": _shown_at(each, zone),
                "written": commit.when.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                "who": each.by or each.person,
                "role": roles[each.role],
                "author": commit.author_name,
                "email": commit.author_email,
                "commit": commit.sha,
                "signature": each.signature,
                "detail": _detail(each),
                "marks": marks,
                "changed": [
                    {"field": field, "label": label_of(each.kind, field, language())}
                    for field in each.changed
                ],
            }
        )
    return rows


def _detail(event: Event) -> str:
    if event.what == "signed" and event.detail:
        reference = event.detail["approval"]
        return _("taken over from the approval {reference}").format(reference=reference)
    return text_of(event.detail, language())


def _shown_at(event: Event, zone: tzinfo) -> str:
    if event.at is None or "T" not in event.told_at:
        return event.told_at
    return event.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def event_words(event: Event) -> str:
    """Return what happened, in words."""
    kind, key = event.kind, event.key
    if event.what == "signed":
        signoff = kind.signoffs.get(signoff_name(key))
        name = pick(signoff.label, language()) if signoff else key
        return _("signed off: {name}").format(name=name)
    what = event.what
    if not key:
        what = {"registered": "begun", "outcome": "undone"}.get(what, what)
    outcome = pick(kind.outcomes[key], language()) if key in kind.outcomes else key
    stage, before = _stage(kind, key), _stage(kind, event.before)
    return _(_WHAT[what]).format(key=key, stage=stage, before=before, outcome=outcome)


def _stage(kind: Kind, name: str) -> str:
    return next((pick(each.label, language()) for each in kind.stages if each.name == name), name)


# --- as lines ----------------------------------------------------------------------------------


def render_rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a trail, record by record; each with whether it is a heading."""
    for record, group in itertools.groupby(rows, key=lambda row: row["record"]):
        events = list(group)
        yield record, True
        for row in events:
            yield f"  {row['at'] or row['written']}  {row['what']}", False
            for line in row_lines(row):
                yield f"      {line}", False
        if words := returned_words(events):
            yield f"  {words}", False
        yield "", False


def row_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is told below an event: who, when it was written, the detail, the marks."""
    author = row["author"]
    if row["who"]:
        role = f" ({row['role']})" if row["role"] else ""
        yield _("by {who}{role}").format(who=row["who"], role=role)
    else:
        author = f"{author} <{row['email']}>"
    yield _("written {written} by {author}, commit {commit}").format(
        written=row["written"], author=author, commit=row["commit"][:8]
    )
    if row["detail"]:
        yield row["detail"]
    for mark in row["marks"]:
        yield f"{'!!' if mark in GRAVE else '>>'} {_(MARKS[mark])}"
    if row["event"] == "returned":
        labels = dict.fromkeys(each["label"] for each in row["changed"])
        changed = ", ".join(labels) or _("nothing")
        yield _("changed since: {fields}").format(fields=changed)


def returned_words(events: Sequence[Mapping[str, Any]]) -> str:
    """Return how often the customer sent a record back, "" if never."""
    count = sum(row["event"] == "returned" for row in events)
    if not count:
        return ""
    return ngettext(
        "Sent back by the customer {n} time.", "Sent back by the customer {n} times.", count
    ).format(n=count)


def summary_lines(audit: Audit, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what holds for all of it: authors, signatures, marks, whether history was rewritten."""
    for each in audit.authors:
        persons = ", ".join(each["persons"])
        if len(each["persons"]) > 1:
            persons = _("several persons: {persons}").format(persons=persons)
        yield _("Author {name} <{email}>: {person}; {commits} commits, {signed} signed").format(
            **each, person=persons or _("UNKNOWN, no person record has this e-mail address")
        )
    for mark, count in Counter(mark for row in rows for mark in row["marks"]).most_common():
        yield f"{count} × {_(MARKS[mark])}"
    yield from past_lines(audit)


def past_lines(audit: Audit) -> Iterator[str]:
    """Yield what this clone knows about rewritten history."""
    past = audit.past
    if past is None:
        yield _("There is no commit yet.")
        return
    if past.shallow:
        yield _("This clone is shallow: what is older than it was not looked at.")
    for each in past.replaced:
        yield _("Parts of history are replaced in this clone: {ref}").format(ref=each)
    yield from (_(_MOVED[each.why]).format(tag=each.name, where=each.where) for each in past.tags)
    if not past.main:
        yield _("There is no main branch to compare history with.")
        return
    name = past.main.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if past.unrelated:
        yield _("REWRITTEN: {branch} has no commit in common with this branch.").format(branch=name)
    if past.lost:
        yield _("REWRITTEN: {count} commits that {branch} once had are gone: {commits}").format(
            count=len(past.lost), branch=name, commits=", ".join(sha[:8] for sha in past.lost[:10])
        )
    elif past.moves:
        yield _("{branch} was seen at {count} positions by this clone; none was lost.").format(
            branch=name, count=past.moves
        )
    else:
        yield _("This clone remembers no earlier position of {branch}.").format(branch=name)
    if past.ahead or past.behind:
        yield _("Not on {branch}: {ahead} commits; on it and not here: {behind}.").format(
            branch=name, ahead=past.ahead, behind=past.behind
        )


# --- as a form ---------------------------------------------------------------------------------


def build_audit_form(
    audit: Audit, rows: Sequence[Mapping[str, Any]], store: Store, record: str, now: datetime
) -> dict[str, Any]:
    """Return an audit as the plain data its templates are fed with."""
    config = store.repository.config
    spoken = (language(),)
    wording = Wording(spoken, load_words(store), config.site.zone, lambda _kind, _id: "")
    records = [
        {
            "id": name,
            "events": [
                {
                    "at": row["at"],
                    "written": row["written"],
                    "what": row["what"],
                    "grave": any(mark in GRAVE for mark in row["marks"]),
                    "lines": list(row_lines(row)),
                }
                for row in events
            ],
            "returned": returned_words(events),
        }
        for name, group in itertools.groupby(rows, key=lambda row: row["record"])
        if (events := list(group))
    ]
    form: dict[str, Any] = printable(
        {
            "kind": "_audit",
            "id": record,
            "company": wording.label(config.company),
            "languages": list(spoken),
            "form": {"title": [_("Audit trail")], "number": "", "revision": "", "step": []},
            "draft": False,
            "digest": f"sha256:{hashlib.sha256(dump_rows(rows)).hexdigest()}",
            "words": {key: wording.label(text) for key, text in wording.words.items()},
            "made": _("Made on {at} from the commits up to that time.").format(
                at=now.strftime("%Y-%m-%d %H:%M")
            ),
            "columns": [_("Happened"), _("Written"), _("What")],
            "records": records,
            "summary": list(summary_lines(audit, rows)),
        }
    )
    return form


def dump_rows(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the rows as the JSON that a PDF carries and that its digest is over."""
    return json.dumps(list(rows), ensure_ascii=False, indent=1).encode("utf-8", "replace")
