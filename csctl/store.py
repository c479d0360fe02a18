"""Records on disk: found by id, read, numbered, and written atomically with their commit."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from csctl.atomic import write_atomically
from csctl.errors import CsctlError, UsageError
from csctl.findings import Finding
from csctl.git.everywhere import highest_number
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.places import NUMBERED, stem_of
from csctl.places import RECORDS as FOLDER
from csctl.record import Record
from csctl.repository import Repository
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio

YAML_RULE: Final = "YAML"
# Bytes of a file name, less what .yaml and a temporary file add.
_LONGEST_NAME: Final = 200


class Change(NamedTuple):
    """One file to be written: `before` is what was read (None = must not exist yet)."""

    path: str
    before: bytes | None
    after: bytes


class Store:
    """The records of one repository."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._root = repository.root
        self._schemas = repository.schemas
        self._folders: set[str] = set()
        self._prefixes: dict[str, str] | None = None

    # --- finding -------------------------------------------------------------------------------

    def path_of(self, kind: Kind, record_id: str) -> str:
        """Return the path of a record's file, which follows from its id alone."""
        base = f"{FOLDER}/{kind.folder}"
        if not kind.prefix:
            return f"{base}/{record_id}.yaml"
        match = NUMBERED.fullmatch(record_id)
        if match is None or match.group(1) != kind.prefix:
            raise UsageError(
                _("'{id}' is not a number of a {kind}.").format(id=record_id, kind=kind.name),
                _("It looks like {prefix}-2026-0007.").format(prefix=kind.prefix),
            )
        return f"{base}/{match.group(2)}/{int(match.group(3)) // 100:02d}/{record_id}.yaml"

    def kind_of(self, record_id: str) -> Kind:
        """Return the kind an id belongs to, by its prefix or by where a file of that code lies."""
        kind = self._find_kind(record_id)
        if kind is None:
            prefix, _dash, _number = record_id.partition("-")
            for unsound in self._schemas.unsound.values():
                if unsound.prefix and unsound.prefix == prefix and not unsound.stands:
                    raise unsound.error
            raise UsageError(
                _("There is no record {id}.").format(id=record_id),
                did_you_mean(record_id, self.ids()) or _("See: csctl complaint list"),
            )
        return kind

    def _find_kind(self, record_id: str) -> Kind | None:
        if name := self.numbered_kind(record_id):
            return self._schemas.kind(name)
        headers = self._schemas.headers()
        for name, header in headers.items() if _is_name(record_id) else ():
            if not header.get("prefix"):
                path = self._root / FOLDER / header.get("folder", name) / f"{record_id}.yaml"
                if os.path.isfile(path):  # False, and no error, where it cannot be looked at
                    return self._schemas.kind(name)
        return None

    def numbered_kind(self, record_id: str) -> str:
        """Return the kind whose number an id is, "" for none."""
        if self._prefixes is None:
            headers = self._schemas.headers().items()
            self._prefixes = {each["prefix"]: name for name, each in headers if "prefix" in each}
        match = NUMBERED.fullmatch(record_id)
        return self._prefixes.get(match[1], "") if match else ""

    def find(self, record_id: str) -> str | None:
        """Return the path of the record with exactly this id, None if there is none."""
        kind = self._find_kind(record_id)
        path = self.path_of(kind, record_id) if kind else ""
        return path if path and os.path.isfile(self._root / path) else None

    def complete(self, start: str) -> str:
        """Return the one id that begins with `start`; UsageError if there are none or several."""
        if self.find(start):
            return start
        upper = start.upper()
        matches = [each for each in self.ids() if each.upper().startswith(upper)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise UsageError(
                _("{count} records begin with {start}.").format(count=len(matches), start=start),
                ", ".join(matches[:5]) + ("…" if len(matches) > 5 else ""),
            )
        raise UsageError(
            _("There is no record {id}.").format(id=start), did_you_mean(start, self.ids())
        )

    def ids(self) -> list[str]:
        """Return the ids of all records on disk, sorted."""
        return sorted(stem_of(path) for path in self.iter_paths() if path.endswith(".yaml"))

    def iter_paths(self, kind: Kind | None = None) -> Iterator[str]:
        """Yield the paths of all record files, or those of one kind, sorted.

        A folder that is a link is not followed but yielded itself: reading it says so.
        """
        start = self._root / FOLDER / (kind.folder if kind else "")
        if start.is_symlink():
            yield start.relative_to(self._root).as_posix()
            return
        for folder, folders, files in os.walk(start, followlinks=False):
            # What lies beside a record, in the folder of its name, are its attachments.
            folders[:] = sorted(name for name in folders if f"{name}.yaml" not in files)
            relative = Path(folder).relative_to(self._root).as_posix()
            for name in folders:
                if Path(folder, name).is_symlink():
                    yield f"{relative}/{name}"
            for name in sorted(files):
                if name.endswith(".yaml"):
                    yield f"{relative}/{name}"

    # --- reading -------------------------------------------------------------------------------

    def read(self, path: str) -> Record:
        """Read the record in a file; YamlError or CsctlError says why it cannot be."""
        return self.build(path, self.read_bytes(path))

    def build(self, path: str, content: bytes) -> Record:
        """Build a record from the bytes of its file."""
        document = yamlio.load(content)
        named = str(document.data.get("id", stem_of(path)))
        return Record(self.kind_at(path), named, path, document)

    def folder_of(self, kind: str) -> str:
        """Return the folder of the records of a kind."""
        return f"{FOLDER}/{self._schemas.headers().get(kind, {}).get('folder')}"

    def has_folder(self, kind: str) -> bool:
        """Tell whether there is the folder of the records of a kind, or something in its place."""
        return os.path.lexists(f"{self._root}/{self.folder_of(kind)}")

    def kind_at(self, path: str) -> Kind:
        """Return the kind whose folder a path lies in; CsctlError if it lies in none."""
        return self._schemas.kind(self.kind_name_at(path))

    def kind_name_at(self, path: str) -> str:
        """Return the name of the kind whose folder a path lies in; CsctlError if none."""
        parts = path.split("/", 2)
        if len(parts) > 2 and parts[0] == FOLDER and parts[1] in self._kinds_by_folder:
            return self._kinds_by_folder[parts[1]]
        raise CsctlError(
            _("{path} lies in no folder of a kind.").format(path=path),
            did_you_mean(parts[1] if len(parts) > 1 else "", self._kinds_by_folder),
        )

    @cached_property
    def _kinds_by_folder(self) -> dict[str, str]:
        headers = self._schemas.headers().items()
        return {header["folder"]: name for name, header in headers if "folder" in header}

    def get(self, record_id: str) -> Record:
        """Return the record whose id this is, or alone begins so; UsageError if there is none."""
        record_id = self.complete(record_id)
        path = self.path_of(self.kind_of(record_id), record_id)
        try:
            return self.read(path)
        except yamlio.YamlError as error:
            raise CsctlError(
                f"{path}:{error.line}:{error.column}: {error.message}", error.hint
            ) from error

    def get_path(self, record_id: str) -> str:
        """Return the path of the record with this id, which need not be readable."""
        record_id = self.complete(record_id)
        return self.path_of(self.kind_of(record_id), record_id)

    def read_bytes(self, path: str) -> bytes:
        """Return the bytes of a file; CsctlError if it is unreadable or outside the repository."""
        try:
            with open(self._readable(path), "rb", buffering=0) as file:  # read at one go
                return file.read()
        except OSError as error:
            raise CsctlError(
                _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
            ) from error

    def _readable(self, path: str) -> str:
        """Return where a file lies, as `confined` does; what leads to a folder is followed once."""
        folder, _slash, name = path.rpartition("/")
        full = f"{self._root}/{path}"
        is_odd = name in ("", ".", "..") or "\\" in path or "\0" in path
        if is_odd or os.path.islink(full):
            return str(self.confined(path))
        if folder not in self._folders:
            self.confined(path)
            self._folders.add(folder)
        return full

    def confined(self, path: str) -> Path:
        """Return a path below the root; CsctlError if `..` or a link leads out of it."""
        full = self._root / path.replace("\0", "..")
        if full.is_symlink() or not _is_below(full, self._root):
            raise CsctlError(
                _("{path} is a link or leads out of the repository; it is not followed.").format(
                    path=path
                )
            )
        return full

    def iter_records(self, kind: Kind | None = None) -> Iterator[Record | Finding]:
        """Yield every record, or one finding in place of each that cannot be read."""
        for path in self.iter_paths(kind):
            yield self.try_read(path)

    def try_read(self, path: str) -> Record | Finding:
        """Read a record; a file that is none is a finding, so that the others are still read."""
        try:
            return self.read(path)
        except CsctlError as error:
            return unreadable(path, error)

    # --- numbering -----------------------------------------------------------------------------

    def lock(self) -> AbstractContextManager[object]:
        """Hold the right to give out numbers: two `new` at one moment get different ones."""
        return self.repository.git.lock("numbers")

    def next_numbers(self, kind: Kind, year: int, count: int = 1) -> list[str]:
        """Return the next free ids of a year; to be called under `lock`.

        Numbers on other branches, local and remote-tracking, and in other work trees are taken.
        """
        start = f"{kind.prefix}-{year:04d}-"
        base = f"{FOLDER}/{kind.folder}/{year:04d}"
        highest = highest_number(self.repository.git, base, start)
        return [f"{start}{highest + step:04d}" for step in range(1, count + 1)]

    def check_code(self, kind: Kind, code: str) -> None:
        """Raise UsageError unless `code` may name a new record of the kind."""
        if not _is_name(code) or not re.match(kind.code, code):
            from csctl.kinds.conformance import shown_pattern  # only after a mistake

            raise UsageError(
                _("'{code}' cannot be the code of a {kind}.").format(code=code, kind=kind.name),
                _("The form is {pattern}.").format(pattern=shown_pattern(kind.code)),
            )
        if (self._root / self.path_of(kind, code)).exists():
            raise UsageError(
                _("There is a {kind} {code} already.").format(kind=kind.name, code=code)
            )

    # --- writing -------------------------------------------------------------------------------

    def save(
        self, changes: Sequence[Change], message: str, *, commit: bool = True, sync: bool = True
    ) -> str:
        """Write files and commit exactly them; return the commit's id, "" without one.

        Nothing is written unless every file is still as it was read, and all or none of the
        files are. `sync=False` leaves the flushing to the system, for imports of thousands.
        """
        if commit and changes:
            self.repository.git.user()  # asked before anything is written that nobody could commit
        with self.repository.git.lock("write"):
            for change in changes:
                self._check_unchanged(change)
            self._write(changes, sync=sync)
        if not commit or not changes:
            return ""
        return self.repository.git.commit([change.path for change in changes], message)

    def _write(self, changes: Sequence[Change], *, sync: bool) -> None:
        for number, change in enumerate(changes):
            try:
                write_atomically(self.confined(change.path), change.after, sync=sync)
            except CsctlError:
                for written in changes[:number]:
                    path = self._root / written.path
                    if written.before is None:
                        path.unlink()
                    else:
                        write_atomically(path, written.before, sync=sync)
                raise

    def _check_unchanged(self, change: Change) -> None:
        path = self.confined(change.path)
        now = path.read_bytes() if path.is_file() else None
        if now == change.before:
            return
        if change.before is None:
            raise CsctlError(
                _("{path} exists already; nothing was written.").format(path=change.path)
            )
        raise CsctlError(
            _("{path} changed on disk since it was read; nothing was written.").format(
                path=change.path
            ),
            _("Repeat the command: it will read the file as it is now."),
        )


def unreadable(path: str, error: CsctlError) -> Finding:
    """Return the finding for a file that is no record."""
    line, column = getattr(error, "line", 1), getattr(error, "column", 1)
    return Finding(path, line, column, YAML_RULE, "error", error.message, error.hint)


def _is_name(text: str) -> bool:
    fits = 0 < len(text.encode("utf-8", "replace")) <= _LONGEST_NAME
    return fits and not set(text) & set("/\\:\0") and text not in (".", "..")


def _is_below(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links, or a name no file system takes
        return False


def message_for(
    kind: str, ids: Iterable[str], what: str, trailers: Mapping[str, str] | None = None
) -> str:
    """Return the commit message of one act on records: subject, then trailers for machines."""
    ids = list(ids)
    subject = f"{kind} {ids[0] if len(ids) == 1 else len(ids)}: {what}"
    lines = [subject, "", f"Csctl-Kind: {kind}", *(f"Csctl-Id: {each}" for each in ids[:100])]
    lines += [f"{key}: {value}" for key, value in (trailers or {}).items()]
    return "\n".join(lines) + "\n"
