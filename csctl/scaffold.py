"""A records repository from nothing: configuration, first person, schemas, rules for git."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from csctl import __version__
from csctl.atomic import write_atomically
from csctl.config import build_config
from csctl.configcheck import check_config
from csctl.errors import CsctlError, UsageError
from csctl.git.gitrepo import GitRepo
from csctl.kinds.conformance import check_shape, export_schema, plain_schema
from csctl.kinds.field import pick
from csctl.kinds.schemaload import Schemas
from csctl.places import CONFIG, RECORDS, search_path
from csctl.registration import beginning
from csctl.repository import Repository
from csctl.store import Change, Store
from csctl.yamlfile import yamlio, yamltext

_EXPORTED: Final = ".csctl/schemas"
_EDITOR: Final = ".vscode/settings.json"
_MAPPING: Final = "yaml.schemas"
_ATTRIBUTES: Final = (
    "*.yaml text eol=lf",
    f"{RECORDS}/** -text -diff",
    f"{RECORDS}/**/*.yaml text eol=lf diff",
)
_IGNORED: Final = (".csctl-*", ".csctl/cache/")
_ZONES: Final = {"zh-TW": ("Asia/Taipei", "TW")}
_ZONE: Final = ("Asia/Shanghai", "CN")


@dataclass(frozen=True, slots=True)
class Setup:
    """What `init` is told: the company, and the first person."""

    company: str
    language: str
    profile: str
    name: str
    code: str
    email: str
    role: str
    signing: bool = False
    platform: str = ""


def find_changes(root: Path, setup: Setup | None, now: datetime) -> list[Change]:
    """Return the files that are still to be written at `root`; [] where all is set up.

    `setup` is None where there is a csctl.yaml already: it and its people are left alone.
    UsageError for answers that make no valid configuration or person.
    """
    schemas = Schemas(search_path(root, "schemas"))
    changes = [_with_lines(root, ".gitattributes", _ATTRIBUTES)]
    changes.append(_with_lines(root, ".gitignore", _IGNORED))
    if setup is not None:
        text = render_config(setup, schemas, now)
        document = yamlio.load(text)
        for finding in check_config(document, schemas):
            raise UsageError(finding.message, finding.hint)
        changes.append(Change(CONFIG, None, text.encode()))
        config = build_config(document.data)
        store = Store(Repository(root, GitRepo(root), config, schemas))
        changes += _first_person(store, setup, now)
    changes += [_replaced(root, path, content) for path, content in _exports(schemas).items()]
    changes.append(_editor_settings(root, schemas))
    return [each for each in changes if each.after != each.before]


def render_config(setup: Setup, schemas: Schemas, now: datetime) -> str:
    """Return csctl.yaml: every setting there is with what it is for, those in use filled in.

    What comes again is due from the day of `now` on: what was before is nobody's debt.
    """
    major, minor, *_rest = __version__.split(".")
    zone, country = _ZONES.get(setup.language, _ZONE)
    values: dict[str, Any] = {
        "csctl": f">={major}.{minor},<{int(major) + 1}",
        "company": setup.company,
        "language": setup.language,
        "form_language": setup.language,
        "sites": {"main": {"zone": zone, "calendar": country}},
        "numbering": {"profile": setup.profile},
        "duties": {"since": f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%d}"},
    }
    if setup.signing:
        values["signing"] = {"required": True}
    if setup.platform:
        values["platform"] = {"kind": setup.platform}
    blocks = []
    for name, schema in schemas.flattened("config")["properties"].items():
        words = (schema.get("x-label"), schema.get("x-hint"))
        lines = [f"# {pick(each, setup.language)}" for each in words if each]
        held = {name: values[name]} if name in values else None
        text = yamltext.dump(held, yamlio.Layout()) if held else f"#{name}:\n"
        blocks.append("\n".join([*lines, text]))
    return "\n".join(blocks)


def _first_person(store: Store, setup: Setup, now: datetime) -> Sequence[Change]:
    kind = store.repository.schemas.kind("person")
    local = now.astimezone(store.repository.config.site.zone)
    answers = {"name": setup.name, "email": setup.email}
    roles = {"roles": [{"id": "R1", "role": setup.role}]} if setup.role else {}
    made = beginning.register(
        store, kind, {**answers, **roles}, me=setup.code, now=local, code=setup.code
    )
    for problem in check_shape(kind, made.record.data):
        raise UsageError(problem.message, problem.hint)
    return made.changes


def _with_lines(root: Path, name: str, lines: Sequence[str]) -> Change:
    """Return a file of git's with the lines it lacks at its end; what stands there stays."""
    before = _bytes(root / name)
    held = (before or b"").decode("utf-8", "replace").splitlines()
    missing = [each for each in lines if each not in [line.strip() for line in held]]
    added = "".join(f"{each}\n" for each in missing).encode()
    gap = b"\n" if missing and before and not before.endswith(b"\n") else b""
    return Change(name, before, (before or b"") + gap + added)


def _replaced(root: Path, path: str, content: bytes) -> Change:
    return Change(path, _bytes(root / path), content)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CsctlError(f"{path}: {error.strerror}") from error


# --- for editors -------------------------------------------------------------------------------


def export_schemas(root: Path, schemas: Schemas) -> list[str]:
    """Write plain JSON Schemas and the editor's mapping; return the paths of the schemas."""
    exports = _exports(schemas)
    for path, content in exports.items():
        write_atomically(root / path, content)
    settings = _editor_settings(root, schemas)
    if settings.after != settings.before:
        write_atomically(root / settings.path, settings.after)
    return list(exports)


def _exports(schemas: Schemas) -> dict[str, bytes]:
    plain = {name: export_schema(schemas.kind(name)) for name in schemas.names()}
    plain["config"] = plain_schema(schemas.flattened("config"))
    return {f"{_EXPORTED}/{name}.json": _json(each) for name, each in plain.items()}


def _json(data: Mapping[str, Any], indent: int | None = None) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=indent) + "\n").encode()


def _editor_settings(root: Path, schemas: Schemas) -> Change:
    """Return the editor's settings with our schemas mapped; a file with comments stays as it is."""
    before = _bytes(root / _EDITOR)
    try:
        settings = json.loads(before) if before else {}
    except ValueError:
        return Change(_EDITOR, before, before or b"")
    held = settings.get(_MAPPING, {}) if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or not isinstance(held, dict):
        return Change(_EDITOR, before, before or b"")
    mapped = {**held, **{path: files for path, files in _mapping(schemas) if path not in held}}
    if mapped == held:
        return Change(_EDITOR, before, before or b"")
    return Change(_EDITOR, before, _json({**settings, _MAPPING: mapped}, 2))


def _mapping(schemas: Schemas) -> Iterator[tuple[str, str]]:
    for name in schemas.names():
        yield f"{_EXPORTED}/{name}.json", f"{RECORDS}/{schemas.kind(name).folder}/**/*.yaml"
    yield f"{_EXPORTED}/config.json", CONFIG
