"""A record's form as a file, for an audience."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pypdf
import pytest

from csctl.approval.signoffs import digest
from csctl.casework.workflow import Edit, change
from csctl.forms.blocks import View
from csctl.forms.publishing import audience_yaml, publish, timestamp
from csctl.store import Store
from tests.commands.company import CLOSABLE, COMPLAINT, READY_3D, build_records

INTERNAL = View(("zh",), "internal", "", "")
CUSTOMERS = View(("zh",), "customer", COMPLAINT, "")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_records(tmp_path)


def test_markdown_is_text_in_utf_8(store: Store) -> None:
    record = store.get(READY_3D)
    assert "模具第三腔" in publish(record, store, INTERNAL, "md").decode()
    assert "模具第三腔" not in publish(record, store, CUSTOMERS, "md").decode()


def test_the_pdf_carries_what_its_audience_may_see(store: Store, tmp_path: Path) -> None:
    record = store.get(READY_3D)
    file = tmp_path / "8d.pdf"
    file.write_bytes(publish(record, store, CUSTOMERS, "pdf"))
    embedded = {name: each[0] for name, each in pypdf.PdfReader(file).attachments.items()}
    text = embedded[f"{READY_3D}.yaml"].decode()
    assert text == audience_yaml(record, store, CUSTOMERS)
    assert "模具第三腔" not in text
    assert json.loads(embedded["digest.json"])["sha256"] == digest(record)


def test_the_audiences_yaml_is_canonical(store: Store) -> None:
    record = store.get(READY_3D)
    text = audience_yaml(record, store, INTERNAL)
    assert text.startswith("schema: 8d/1\n")
    assert "notes: 模具第三腔" in text


def test_its_time_is_the_last_signature_never_now(store: Store) -> None:
    closable = store.get(CLOSABLE)
    assert timestamp(closable) == datetime.fromisoformat("2026-04-30T16:00+08:00")
    assert timestamp(store.get(COMPLAINT)) == datetime.fromisoformat("2026-05-31T16:00+08:00")
    assert timestamp(store.get("li-na")) == datetime.fromisoformat("2000-01-01T00:00+00:00")


@pytest.mark.parametrize("written", ["yesterday", "2026-05-31T16:00"])
def test_a_time_that_is_none_is_passed_over(store: Store, written: str) -> None:
    broken = change(store.get(COMPLAINT), [Edit("set", "received_at", written)])
    assert timestamp(broken).year == 2000
