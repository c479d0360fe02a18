from __future__ import annotations

import pytest

from csctl.kinds.codes import fit_code, propose_code
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin

SCHEMAS = Schemas([builtin("schemas")])


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        ("customer", "Beifang Motor", "BEIFANG-MOTOR"),
        ("customer", "北方", ""),
        ("customer", "北方 12", ""),
        ("customer", "A", ""),
        ("customer", "", ""),
        ("customer", "Société Générale Automobile", "SOCIETE-GENERALE"),
        ("customer", "Supercalifragilistic Ltd", "SUPERCALIFRAGILI"),
        ("person", "Zhang Wei", "zhang-wei"),
        ("person", "张伟 Zhang Wei", "zhang-wei"),
        ("person", "Ängström", "angstrom"),
        ("person", "张伟", ""),
    ],
)
def test_a_code_is_proposed_from_latin_letters(kind: str, name: str, code: str) -> None:
    assert propose_code(SCHEMAS.kind(kind), name) == code


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [("customer", "byd", "BYD"), ("person", "Li-Na", "li-na"), ("person", "9", "")],
)
def test_a_text_is_fitted_to_the_case_of_the_codes(kind: str, text: str, code: str) -> None:
    assert fit_code(SCHEMAS.kind(kind), text) == code
