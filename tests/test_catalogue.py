from __future__ import annotations

import gettext
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from csctl.catalogue import Catalogue
from csctl.resources import builtin

FILES = sorted(builtin("locale").rglob("*.mo"))


def test_there_are_catalogues() -> None:
    assert len(FILES) >= 3


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_it_answers_as_gettext_does(path: Path) -> None:
    with path.open("rb") as file:
        reference = gettext.GNUTranslations(file)
    with path.with_suffix(".po").open("rb") as file:
        messages = [each for each in read_po(file) if each.id and each.string]
    catalogue = Catalogue(path)
    counted = 0
    for message in messages:
        if isinstance(message.id, str):
            assert (catalogue.find(message.id) or message.id) == reference.gettext(message.id)
            continue
        singular, plural = message.id
        assert catalogue.find(singular) is None
        for count in (0, 1, 2, 5, 11):
            found = catalogue.find_plural(singular, count)
            assert found == reference.ngettext(singular, plural, count)
            counted += 1
    assert counted or path.stem == "click"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
@pytest.mark.parametrize("text", ["none such", "~~~", "\x00", "\udce4", "Error", "{n} error "])
def test_what_it_does_not_hold_is_none(path: Path, text: str) -> None:
    assert Catalogue(path).find(text) is None
    assert Catalogue(path).find_plural(text, 2) is None


def test_the_rule_for_plurals_is_the_files_or_the_usual_one(tmp_path: Path) -> None:
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    for locale, forms in (("fr", ["un", "un", "des"]), ("en", ["des", "un", "des"])):
        messages = Catalog(locale)
        messages.add(("one", "many"), ("un", "des"))
        with (tmp_path / locale).open("wb") as file:
            write_mo(file, messages)
        catalogue = Catalogue(tmp_path / locale)
        assert [catalogue.find_plural("one", count) for count in (0, 1, 2)] == forms


def test_an_empty_catalogue_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.mo"
    path.write_bytes(bytes.fromhex("de120495") + bytes(24))
    assert Catalogue(path).find("anything") is None
    assert Catalogue(path).find("") is None
    assert Catalogue(path).find_plural("anything", 2) is None
