"""The tools csctl is measured beside, in an environment of their own, and what they are told."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PEERS: Final = ("yamale", "check-jsonschema", "beancount", "beanquery")
KINDS: Final = {"complaint": "complaints", "8d": "8ds", "customer": "customers", "person": "people"}
# As many paths as surely fit on a command line.
_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Tools:
    """The interpreter csctl and its peers run in; `peers` is empty where none are installed."""

    python: Path
    peers: Mapping[str, str]

    @property
    def csctl(self) -> list[str]:
        """csctl as its console script starts it."""
        return [str(self.python), "-c", "from csctl.cli import run; run()"]

    @property
    def click(self) -> list[str]:
        """The start-up that every command line made with click has."""
        return [str(self.python), "-c", "import click"]

    def script(self, name: str) -> str:
        """Return the path of a peer's script."""
        return str(self.python.with_name(name))


def install() -> Tools:
    """Make the environment, or take the one of the last run; csctl itself is the checkout's."""
    wanted = (ROOT / "setup.cfg").read_bytes() + sys.version.encode() + " ".join(PEERS).encode()
    folder = ROOT / ".csctl" / f"peers-{hashlib.sha256(wanted).hexdigest()[:12]}"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "installed").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PEERS, str(ROOT)], check=True)
        (folder / "installed").touch()
    listed = subprocess.run(
        [str(python), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
    )
    versions = {each["name"]: each["version"] for each in json.loads(listed.stdout)}
    return Tools(python, {name: versions[name] for name in (*PEERS, "click")})


def without_peers() -> Tools:
    """Return the interpreter at hand, for a run that measures csctl, click and git only."""
    return Tools(Path(sys.executable), {})


# --- the same records for the peers ------------------------------------------------------------


def lay_out(records: Path, exported: Path, folder: Path, most: int) -> int:
    """Link records into `folder`, each kind's beside its schemas for the peers; return how many.

    Of more than `most` it is every second, third and so on, so that the mix stays the same.
    """
    held = {name: sorted((records / name).rglob("*.yaml")) for name in KINDS.values()}
    step = -(-sum(map(len, held.values())) // most)
    for kind, name in KINDS.items():
        schema = json.loads((exported / f"{kind}.json").read_text(encoding="utf-8"))
        for path in held[name][::step]:
            target = folder / name / path.relative_to(records / name)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
        (folder / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")
        (folder / f"{name}.yamale").write_text(yamale_schema(schema), encoding="utf-8")
    return sum(len(each[::step]) for each in held.values())


def check_jsonschema_calls(tools: Tools, folder: Path) -> Iterator[list[str]]:
    """Yield its calls: as many a kind as it takes, since a call takes as many paths as fit."""
    for name in KINDS.values():
        paths = [str(path) for path in sorted((folder / name).rglob("*.yaml"))]
        for begin in range(0, len(paths), _AT_ONCE):
            yield [
                tools.script("check-jsonschema"),
                *("--schemafile", str(folder / f"{name}.json")),
                *paths[begin : begin + _AT_ONCE],
            ]


def yamale_calls(tools: Tools, folder: Path) -> Iterator[list[str]]:
    """Yield its calls: one a kind, on as many processes as it takes by itself."""
    for name in KINDS.values():
        schema = str(folder / f"{name}.yamale")
        yield [tools.script("yamale"), "--schema", schema, str(folder / name)]


def yamale_schema(schema: Mapping[str, Any]) -> str:
    """Return a yamale schema of the shape that a JSON Schema declares.

    Types, required keys, choices, patterns, bounds and answers in place of a value are in it;
    what yamale has no words for is not: the gates of the stages (`if` and `then`), and formats.
    """
    parts: list[str] = []
    top = _map(schema, parts)
    return "\n---\n".join([top, *parts]) + "\n"


def _map(schema: Mapping[str, Any], parts: list[str]) -> str:
    required = set(schema.get("required", ()))
    lines = [
        f"{json.dumps(name)}: {_validator(value, parts, name in required)}"
        for name, value in schema["properties"].items()
    ]
    return "\n".join(lines)


def _validator(schema: Mapping[str, Any], parts: list[str], required: bool) -> str:
    name, arguments = _call(schema, parts)
    if not required:
        arguments = [*arguments, "required=False"]
    return f"{name}({', '.join(arguments)})"


def _call(schema: Mapping[str, Any], parts: list[str]) -> tuple[str, list[str]]:
    if "if" in schema:
        answer = _validator(schema["then"], parts, required=True)
        return "any", [_validator(schema["else"], parts, required=True), answer]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return "any", [_validator(each, parts, required=True) for each in schema[key]]
    if "const" in schema or "enum" in schema:
        return "enum", [_literal(each) for each in schema.get("enum", [schema.get("const")])]
    plain = {"boolean": "bool", "integer": "int", "number": "num"}
    kind = schema.get("type")
    if kind == "string":
        return _text(schema)
    if kind in ("integer", "number"):
        bounds = {"minimum": "min", "maximum": "max"}
        return plain[kind], [f"{bounds[key]}={schema[key]}" for key in bounds if key in schema]
    if kind == "boolean":
        return plain[kind], []
    if kind == "array":
        items = _validator(schema.get("items", {}), parts, required=True)
        return "list", [items, *(["min=1"] if schema.get("minItems") else [])]
    if kind == "object" and schema.get("properties"):
        number = len(parts)
        parts.append("")
        parts[number] = f"part{number}:\n" + re.sub("(?m)^", "  ", _map(schema, parts))
        return "include", [repr(f"part{number}")]
    if kind == "object":
        values = schema.get("additionalProperties")
        inner = _validator(values, parts, required=True) if isinstance(values, dict) else "any()"
        return "map", [inner]
    return "any", []


def _text(schema: Mapping[str, Any]) -> tuple[str, list[str]]:
    if "pattern" in schema:
        return "regex", [_literal(schema["pattern"])]
    bounds = {"minLength": "min", "maxLength": "max"}
    return "str", [f"{bounds[key]}={schema[key]}" for key in bounds if key in schema]


def _literal(value: Any) -> str:
    return repr(value)
