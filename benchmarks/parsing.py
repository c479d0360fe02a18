"""What one record costs to read and to judge, with csctl's engines and others.

    python benchmarks/parsing.py [ROUNDS]

All engines take turns on every record, so that a busy machine slows them alike; printed is the
best of the rounds for each record, on average, and its ratio to csctl's fast path. Engines that
are not installed are left out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from csctl.kinds.conformance import plain_schema
from csctl.kinds.fastshape import build_filter
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin
from csctl.yamlfile import canonical, yamlparse
from csctl.yamlfile.yamlio import Layout
from csctl.yamlfile.yamltext import dump

ROOT = Path(__file__).resolve().parent.parent
SIZE = 1500
Engine = Callable[[Any], object]


def samples() -> list[str]:
    """Return the texts of the sample records."""
    return [path.read_text(encoding="utf-8") for path in sorted((ROOT / "records").rglob("*.yaml"))]


def shortened(text: str) -> str | None:
    """Return the first fields of a record, some 1.5 KB of them; None if it has not so many."""
    kept: dict[str, Any] = {}
    for key, value in yamlparse.parse(text).items():
        kept[key] = value
        short = dump(kept, Layout())
        if len(short.encode()) >= SIZE:
            return short if len(short.encode()) < 2 * SIZE else None
    return None


def table(
    title: str, engines: dict[str, Engine], cases: Sequence[dict[str, Any]], fast: str, rounds: int
) -> None:
    """Print the microseconds of each engine, and how many times those of the fast one."""
    best = dict.fromkeys(engines, 0.0)
    for case in cases:
        times = {name: float("inf") for name in engines}
        for _round in range(rounds):
            for name, engine in engines.items():
                start = time.perf_counter()
                engine(case[name])
                times[name] = min(times[name], time.perf_counter() - start)
        for name, seconds in times.items():
            best[name] += seconds / len(cases) * 1e6
    sys.stdout.write(f"\n{title}, {len(cases)} records\n")
    for name, micros in sorted(best.items(), key=lambda each: -each[1]):
        ratio = micros / best[fast]
        sys.stdout.write(f"  {name:<34}{micros:>9.1f} µs{ratio:>8.2f} ×\n")


def read(texts: Sequence[str], rounds: int) -> None:
    """Compare what makes data of texts."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    engines: dict[str, Engine] = {
        "PyYAML, safe C loader": lambda text: yaml.load(text, Loader=loader),
        "csctl, all YAML": yamlparse.parse,
        "csctl, canonical text": canonical.parse,
        "JSON": json.loads,
    }
    plain = [json.dumps(yamlparse.parse(text), ensure_ascii=False) for text in texts]
    cases = [
        {name: other if name == "JSON" else text for name in engines}
        for text, other in zip(texts, plain, strict=True)
    ]
    size = sum(len(text.encode()) for text in texts) / len(texts)
    table(f"Reading, {size:,.0f} bytes each", engines, cases, "csctl, canonical text", rounds)


def judge(texts: Sequence[str], rounds: int) -> None:
    """Compare what tells whether data have their shape."""
    schemas = Schemas((builtin("schemas"),))
    validators: dict[str, dict[str, Engine]] = {}
    cases = []
    for text in texts:
        data = yamlparse.parse(text)
        kind = schemas.kind(data["schema"].split("/")[0])
        if kind.name not in validators:
            validators[kind.name] = judges(kind)
        cases.append({name: (engine, data) for name, engine in validators[kind.name].items()})
    engines: dict[str, Engine] = dict.fromkeys(cases[0], lambda pair: pair[0](pair[1]))
    table("Judging", engines, cases, next(reversed(engines)), rounds)


def judges(kind: Kind) -> dict[str, Engine]:
    """Return the engines for one kind, the fast one last."""
    schema = plain_schema(kind.schema)
    reference = jsonschema.Draft202012Validator(schema)
    found: dict[str, Engine] = {"jsonschema": lambda data: list(reference.iter_errors(data))}
    try:
        compiled = import_module("fastjsonschema").compile(schema)
        found["fastjsonschema"] = lambda data: compiled(data)
    except ImportError:
        pass
    fits = build_filter(schema)
    if fits is not None:
        found["csctl: jsonschema-rs, if sure"] = fits
    return found


if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    whole = samples()
    short = [each for text in whole if (each := shortened(text))]
    for texts in (whole, short):
        read(texts, rounds)
        judge(texts, rounds)
