"""What a change is judged by stands on the main branch first: settings, people, their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from csctl.findings import Finding, Level
from csctl.messages import _
from csctl.places import CONFIG
from csctl.record import Record
from csctl.rules.change import Step
from csctl.rules.fields import breach
from csctl.yamlfile.yamlio import Document

RULE: Final = "CHG-BASE"
# Days, hours and clocks have a rule of their own; the others are words on forms.
_FREE: Final = ("clocks", "sites", "company", "language", "form_language", "numbering", "csctl")
_VOUCHING: Final = ("roles", "keys", "email", "aliases", "handles", "active")


def check_settings(main: Mapping[str, Any], last: Document) -> Iterator[Finding]:
    """Yield settings that decide what a change may do and are not those of the main branch."""
    for name in dict.fromkeys((*main, *last.data)):
        if name not in _FREE and main.get(name) != last.data.get(name):
            line, column = last.position((name,))
            yield _finding(CONFIG, f"{name}: {CONFIG}", line, column, name)


def check_files(drifted: Iterable[str]) -> Iterator[Finding]:
    """Yield files that decide what a change may do and are not those of the main branch."""
    for path in drifted:
        yield _finding(path, path)


def _finding(path: str, name: str, line: int = 1, column: int = 1, field: str = "") -> Finding:
    return Finding(
        path, line, column, RULE, "error",
        _("{name} decides what this change may do, and it is not as on the main branch.").format(
            name=name
        ),
        _("Bring it in by a change of its own. Did the main branch go on? csctl sync"),
        field=field,
    )  # fmt: skip


def check_rewritten(main: str, lost: str, level: Level) -> Iterator[Finding]:
    """Yield that the main branch does not hold any more what it held."""
    yield Finding(
        CONFIG, 1, 1, RULE, level,
        _("{main} once held the commit {commit} and does not any more: it was rewritten.").format(
            main=main, commit=lost[:8]
        ),
        _("What was lost: git log {commit}. See: csctl audit").format(commit=lost[:8]),
    )  # fmt: skip


# --- sign-offs ---------------------------------------------------------------------------------


def new_signoffs(base: Record | None, last: Record) -> dict[str, Mapping[str, Any]]:
    """Return the sign-offs a change brings: address -> row."""
    before, after = _signoffs(base), _signoffs(last)
    return {
        f"signoffs.{key}": row
        for key, row in after.items()
        if isinstance(row, Mapping) and row != before.get(key)
    }


def check_signers(
    steps: Sequence[Step], last: Record, given: Mapping[str, Mapping[str, Any]]
) -> Iterator[Finding]:
    """Yield sign-offs that another hand wrote; an approval or a spoken release may be taken over.

    `steps` are those of the record, the whole change last.
    """
    for address, row in given.items():
        writer = next((each for each in steps if _wrote(each, address, row)), None)
        if writer is None or "approval" in row or "how" in row:
            continue
        person = writer.author.person
        if person is None or person.id != row.get("by"):
            yield breach(
                "CHG-WHO", last, address,
                _("{author} wrote down the sign-off of {by}.").format(
                    author=person.id if person else f"{writer.author.name} <{writer.author.email}>",
                    by=row.get("by"),
                ),
                _("Everybody signs himself: csctl sign {id}").format(id=last.id),
            )  # fmt: skip


def new_vouchers(base: Record | None, last: Record) -> Iterator[tuple[str, str]]:
    """Yield who signs, or releases by word, in a change: address and person."""
    for address, row in new_signoffs(base, last).items():
        yield address, str(row.get("by", ""))
    known = dict(base.sendings()) if base else {}
    for key, row in last.sendings():
        if row.get("released_by") and row != known.get(key):
            yield f"sent.{key}", str(row["released_by"])


def check_vouchers(
    last: Record, address: str, main: Record | None, now: Record
) -> Iterator[Finding]:
    """Yield a sign-off of somebody whose role, key or name comes with it, or was taken away."""
    before = main.data if main else {}
    other = [each for each in _VOUCHING if before.get(each) != now.data.get(each)]
    if other:
        yield breach(
            RULE, last, address,
            _("What says whether {person} may sign is not as on the main branch: {fields}.").format(
                person=now.id, fields=", ".join(other)
            ),
            _("Bring it in by a change of its own. Did the main branch go on? csctl sync"),
        )  # fmt: skip


def _wrote(step: Step, address: str, row: Mapping[str, Any]) -> bool:
    held = [_signoffs(each).get(address.partition(".")[2]) for each in (step.new, *step.olds)]
    return held[0] == row and row not in held[1:]


def _signoffs(record: Record | None) -> Mapping[str, Any]:
    found = record.data.get("signoffs") if record else None
    return found if isinstance(found, Mapping) else {}
