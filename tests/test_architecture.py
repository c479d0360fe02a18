"""The architecture: which module is for what, and which modules it may build on.

LAYERS is the document. A module imports only from layers above it in the table, so that a
reader who knows the table knows what can depend on what. Adding a module means adding a row.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import csctl

ROOT = Path(csctl.__file__).parent

LAYERS: tuple[tuple[str, dict[str, str]], ...] = (
    (
        "values",
        {
            "": "the version",
            "catalogue": "a compiled catalogue, looked up in place",
            "environment": "the one reader of the environment",
            "errors": "what csctl says when it cannot",
            "findings": "one breach at one place",
            "index.cachefile": "facts that may be lost",
            "charts.control": "limits, and points out of control",
            "charts.drawing": "a chart as a display list",
            "charts.terminal": "bars of characters",
            "resources": "where schemas, templates and catalogues lie",
            "yamlfile.scalars": "what an unquoted scalar means",
            "git.gitformats": "what git prints, as values",
            "times.timewords": "words for days and times",
            "ledgers.workbook": "one Excel sheet, read in a process of its own",
            "tables.table": "a table to be given out",
        },
    ),
    (
        "words",
        {
            "messages": "every text people see, in their language",
            "index.cache": "the cache of a repository, and its tables",
        },
    ),
    (
        "tools",
        {
            "suggest": "did you mean",
            "tables.plain": "tables as CSV and JSON",
            "atomic": "a file whole or not at all",
            "asked": "what an answer was built on",
            "sharing.pullrequests": "where a pull request is made",
            "kinds.fastshape": "what surely has its declared shape",
            "kinds.addresses": "how a place in a record is written",
            "git.locking": "one process at a time",
            "verdicts.pool": "very much work on all cores",
            "places": "where a repository is, read without YAML",
            "times.moments": "days and times as people write them and records store them",
            "times.publicdays": "public holidays and make-up working days",
            "interchange.markup": "XML with the places of its elements",
            "forms.images": "photos, turned and bounded",
            "ledgers.table": "rows under headings",
            "yamlfile.canonical": "the YAML csctl writes, read fast",
            "yamlfile.yamlparse": "YAML to data, strictly",
            "yamlfile.yamltree": "where every value of a text stands",
            "git.gitprocess": "git as a process",
            "kinds.schemaextend": "what a repository may add to a shipped schema",
            "forms.rendering": "templates, sandboxed",
            "rules.rule": "one rule",
            "charts.bars": "Pareto, trend by month, ages",
            "charts.grids": "Paynter, steps of 8Ds",
            "kpi.periods": "months and values as figures are shown",
        },
    ),
    ("commits", {"git.quickcommit": "a commit that spares git a look at all files"}),
    ("fields", {"kinds.field": "a field as its schema declares it"}),
    ("stages", {"kinds.stages": "stages, milestones, sends, sign-offs, clocks, duties"}),
    (
        "text and git",
        {
            "times.calendars": "working days and hours",
            "yamlfile.yamlio": "a YAML text, its data and their places",
            "git.gitrepo": "the git repository",
            "git.rewrites": "whether history was rewritten",
            "git.lineage": "what git knows of the past, and what came since",
            "git.snapshot": "how a work tree differs from HEAD",
            "git.walk": "the whole history in one walk",
            "charts.lines": "runs, control limits, satisfaction, lead times",
            "ledgers.excel": "workbooks, through a child process",
            "ledgers.plaintext": "CSV and JSON Lines",
            "interchange.sheetcells": "the cells of a sheet of a workbook",
            "kinds.schema": "a kind, of fields and stages",
            "rules.table_capa": "rules of corrective action",
            "rules.table_change": "rules of changes, and of missed clocks",
            "rules.table_laboratory": "rules of the laboratory, documents, appraisals",
            "rules.table_survey": "rules of surveys, shipments, monthly reports",
        },
    ),
    (
        "kinds and records",
        {
            "rules.table": "every rule: code, level, clause, example",
            "yamlfile.yamltext": "data as canonical YAML",
            "yamlfile.parts": "one field of a text without the others",
            "git.remotes": "what other clones have",
            "git.everywhere": "the numbers taken on any branch",
            "git.lookback": "the history of one file, asked for ahead",
            "git.history": "field by field, who changed what",
            "git.changeset": "what a change does, as git tells it",
            "interchange.workbookparts": "a workbook as its parts",
            "ledgers.sheets": "any table people have",
            "kinds.arranging": "a schema of several files, in order",
            "kinds.building": "a kind built from its schema",
            "kinds.codes": "a code made of a name",
            "kinds.conformance": "whether data have their declared shape",
            "record": "one record and its addresses",
            "registration.shapes": "what the keys of a map are for",
            "forms.wording": "values as forms word them",
            "kinds.fieldtable": "the fields of a kind as a table",
            "git.signatures": "which key signed a commit or tag",
            "git.merges": "what came to main, and the tags that speak of it",
        },
    ),
    ("unsound", {"kinds.unsound": "kinds that do not hold together"}),
    (
        "on a record",
        {
            "yamlfile.yamlnotes": "a text with comments as canonical YAML",
            "tables.cells": "values of records as cells",
            "tables.xlsx": "tables as XLSX workbooks",
            "sharing.desks": "everybody's own branch",
            "git.grafting": "changes put onto another commit",
            "kinds.schemaload": "schemas from disk",
            "config": "csctl.yaml",
            "display": "values as people read them",
            "forms.album": "photos made fit, kept",
            "interchange.sheetpictures": "pictures in a sheet of a workbook",
            "forms.embedded": "what a PDF carries inside",
            "forms.pdf": "pages, through typst",
            "casework.selecting": "which records",
            "index.contents": "what a record holds wherever it stands",
            "approval.signoffs": "who stands for which content",
            "rules.fields": "steps rules share",
            "casework.questionnaires": "the arithmetic of satisfaction surveys",
            "charts.svg": "charts through a template",
            "kpi.cells": "what a field says, as a cell of a plain row",
        },
    ),
    ("configuration", {"configcheck": "what is wrong with csctl.yaml"}),
    (
        "repository",
        {
            "repository": "root, configuration, schemas",
            "yamlfile.yamledit": "one value changed, every other byte kept",
            "approval.frozen": "what no longer changes in place",
            "tables.picking": "values found, chosen and put in order",
            "tables.writing": "tables as files",
            "casework.severity": "how bad a complaint is",
            "trail.rows": "history as rows",
            "ledgers.importmap": "which column fills which field",
            "rules.shape": "the sound part of a record",
            "kpi.casework": "what complaints and 8Ds contribute to figures",
            "kpi.definitions": "what each figure means",
            "kpi.satisfaction": "what a survey scores",
            "kpi.service": "what shipments, parts, surveys and services contribute to figures",
        },
    ),
    (
        "store",
        {
            "store": "records on disk: find, read, number, write",
            "tables.definitions": "registers as they are declared",
            "sharing.fieldmerge": "two people's changes to one record",
            "kpi.counting": "rows counted and added up",
            "kpi.targets": "what a figure is aimed at",
        },
    ),
    (
        "remembered",
        {
            "index.untracked": "files that lie on disk and not in HEAD",
            "index.facts": "what follows from one file's bytes alone",
            "verdicts.footing": "what the verdicts on a work tree stand on",
            "kpi.figures": "figures out of plain rows, from anywhere",
        },
    ),
    ("groups", {"index.groups": "which records belong together"}),
    (
        "view",
        {
            "verdicts.kept": "the answer of all rules, as it is kept",
            "index.view": "the records of a kind in a work tree, without reading them",
        },
    ),
    ("views", {"index.views": "one view a kind, of one snapshot"}),
    (
        "beside the store",
        {
            "index.index": "what records say about each other",
            "sharing.joining": "commits brought onto another branch",
            "sharing.numbers": "numbers reserved on the server",
            "registration.drafts": "answers not lost",
            "forms.audience": "what a customer may see",
            "forms.parties": "who makes an agreement with whom",
            "diagnosis": "what is amiss with an installation",
            "sharing.pipelines": "what a git platform runs",
        },
    ),
    (
        "keys",
        {
            "approval.keys": "whose key is whose, and when",
            "roles": "which role a person held",
            "clocks.visiting": "which customers are due for a visit",
            "kpi.sources": "which records each table of figures comes from",
            "kpi.repeating": "whether what came again came within a year",
            "kpi.telling": "figures as rows that people and programs read",
        },
    ),
    ("approvals", {"approval.approvals": "who approved on the platform, and what vouches for it"}),
    (
        "proofs",
        {
            "approval.proofs": "what stands behind a sign-off",
            "clocks.lengths": "how long a clock runs",
            "clocks.pauses": "how long a record waited for its customer",
            "clocks.sites": "in which calendar a clock counts",
            "clocks.stops": "what stops a clock",
        },
    ),
    ("clocks", {"clocks.clock": "when something is due"}),
    (
        "across records",
        {
            "trail.clauses": "what proves a clause of a standard",
            "sharing.clashwords": "what two people made different, in the words of the form",
            "registration.choices": "what an answer can be picked from",
            "registration.beginning": "a record that begins",
            "casework.precedents": "earlier cases",
            "clocks.duties": "what is due for every period",
            "kpi.supply": "the rows of figures out of a repository",
            "forms.blocks": "the parts of a form",
            "rules.context": "what a rule may ask",
        },
    ),
    (
        "answers and rules",
        {
            "interchange.exchangemap": "how a record and a report of an open format map",
            "index.nearby": "the records around a few",
            "tables.database": "all records as an SQLite database",
            "registration.answers": "what was typed, as values",
            "forms.model": "a form as plain data",
            "ledgers.namesakes": "records that cells name",
            "kpi.clocking": "clocks as rows of figures",
            "kpi.promised": "duties as rows of figures",
            "kpi.freezing": "figures written down, and whether they still come out so",
            "scaffold": "a repository from nothing",
            "rules.appraisal": "where appraisals lie, and whether they add up",
            "rules.customer": "what a customer's card must hold",
            "rules.document": "controlled documents",
            "rules.envelope": "what every record must hold",
            "rules.privacy": "personal data out of place",
            "rules.reference": "how complaints and 8Ds lean on each other",
            "rules.repeats": "what a repeat is told by",
            "rules.roles": "who held which role",
            "rules.year_ahead": "the calendar of the year to come",
            "rules.survey": "what a survey and its responses must hold",
            "rules.times": "in which order things happened",
        },
    ),
    (
        "families of rules",
        {
            "kpi.recounting": "the rows of figures for a rule",
            "reports.drawings": "the charts of reports",
            "reports.lists": "where 8Ds stand, what came back",
            "reports.model": "a report as plain data",
            "approval.codeowners": "who approves which records, for git platforms",
            "interchange.formmap": "which cell of a customer's form takes which field",
            "forms.questionnairesheet": "the questionnaire of a survey as a workbook",
            "interchange.inward": "a report of an open format, read back",
            "interchange.outward": "a record as a report of an open format",
            "ledgers.cells": "cells of an old ledger as values",
            "tables.computed": "what registers show that stands in no field",
            "tables.ledger": "the records of a kind as a table that can come back",
            "tables.schemapage": "the page about the database",
            "forms.blank": "a form without a record",
            "forms.publishing": "a form as a file",
            "approval.mergepolicy": "what merges by itself, and who approves the rest",
            "registration.questions": "what is asked",
            "rules.capa": "actions followed up to their effect",
            "rules.change": "whether a change may be",
            "rules.change_past": "clocks and calendars of the past",
            "rules.complaint": "what a complaint must hold",
            "rules.complaint_end": "what closes a complaint",
            "rules.containment": "what protects the customer",
            "rules.eight_d": "an 8D up to its causes",
            "rules.feedback": "where feedback leads, what a returned part shows",
            "rules.oversight": "nonconformities, inspections, assessments",
            "rules.lateness": "missed clocks and pauses",
            "rules.laboratory": "what a test needs, and who may see or keep what",
            "rules.signing": "who may sign",
            "rules.service": "requests, call-backs, suggestions, promised actions",
            "rules.monthly": "shipments and reports month by month",
            "rules.visits": "what is planned, visited, logged and handed on",
        },
    ),
    (
        "more of them",
        {
            "rules.figures": "whether figures that are kept still come out so",
            "clocks.agenda": "what is to be done",
            "clocks.escalation": "who is told when",
            "forms.questionnaireback": "a questionnaire filled in as a workbook, read back",
            "interchange.customerform": "a record in a customer's own workbook",
            "forms.questionnaire": "the questions of a survey on paper",
            "reports.content": "the parts of reports",
            "reports.paper": "a report as PDF",
            "ledgers.mapdraft": "a map drafted from headings",
            "tables.register": "computed tables over records of several kinds",
            "ledgers.rowids": "rows imported once",
            "approval.authors": "who the author of a commit is",
            "rules.change_basis": "what decides stands on the main branch first",
            "rules.change_kept": "what a change may not rewrite",
            "rules.eight_d_end": "an 8D after its causes",
            "rules.ownforms": "the maps of customers' own forms",
        },
    ),
    ("registers on paper", {"tables.document": "tables as documents"}),
    (
        "a change, step by step",
        {
            "reports.monthly": "the report of a month, and of a customer",
            "trail.stepping": "what each commit did to each record",
        },
    ),
    ("gates", {"rules.gates": "what must be true to be in a stage, or to send"}),
    ("files of records", {"verdicts.files": "what is wrong with a file, whatever stands in it"}),
    (
        "verdicts",
        {
            "verdicts.validation": "all rules over records",
            "casework.workflow": "change, correct, advance, open again",
        },
    ),
    ("questions answered", {"verdicts.touched": "which questions are answered with a file"}),
    ("many looks", {"verdicts.looks": "what is known of very many records while they are read"}),
    ("very many records", {"verdicts.judging": "the verdict on each, few of them held at a time"}),
    ("kept by key", {"verdicts.keyed": "which verdicts asked a question"}),
    ("verdicts anew", {"verdicts.rechecking": "the verdicts that may differ, found anew"}),
    ("kept verdicts", {"verdicts.verdicts": "the verdicts on all records, kept or anew"}),
    (
        "acts",
        {
            "casework.attaching": "files beside a record",
            "verdicts.changes": "a change judged as a change",
            "sharing.exchange": "handing work in and taking in others'",
            "casework.reminding": "the written chase for an overdue action",
            "sharing.renumbering": "another number for a record",
            "casework.edits": "what was typed, as edits",
            "approval.enrolment": "a person's own signing key",
            "ledgers.importing": "an old ledger as records",
            "ledgers.updating": "what was changed in an exported ledger",
            "approval.signing": "a record signed off",
        },
    ),
    (
        "acts on acts",
        {
            "registration.registering": "answers and files as a record",
            "clocks.agendafile": "what is due, for calendars",
            "clocks.reasons": "why something is due, and what it lacks",
            "casework.sending": "what leaves the house",
            "casework.whereabouts": "how far the work on each record has got",
        },
    ),
    (
        "standing",
        {
            "clocks.board": "the page of the morning meeting",
            "forms.batch": "many forms in one call, on all cores",
            "casework.standing": "where a record stands",
            "trail.events": "what two versions tell an auditor",
            "trail.evidence": "what a file in somebody's hands proves",
        },
    ),
    (
        "facts of a trail",
        {
            "trail.facts": "what an audit found out, kept",
            "casework.flow": "where a case stands among its neighbours",
        },
    ),
    ("approvals of a trail", {"trail.approvals": "approvals as an audit tells them"}),
    ("trail of all", {"trail.audit": "every event of every record"}),
    ("trail in words", {"trail.words": "an audit as people read it"}),
    (
        "output",
        {
            "console.sections": "every command, in order of use",
            "console.output": "tables, JSON, CSV, findings",
            "console.progress": "a bar, on a terminal only",
        },
    ),
    ("confidential", {"console.confidential": "which of two repositories answers"}),
    (
        "terminal",
        {
            "console.options": "what a command is invoked with",
            "console.terminal": "one line after the other",
        },
    ),
    ("help", {"console.helptext": "click's own words, in our languages"}),
    (
        "asking and saving",
        {
            "console.prompts": "questions and answers",
            "console.judging": "what all rules say of all records",
            "console.saving": "how a command that writes ends",
            "console.ahead": "what is answered while git still looks",
        },
    ),
    ("what reports are about", {"console.scoping": "months, customer, part, plant of a report"}),
    ("reports shown", {"console.reporting": "what the commands of reports share"}),
    ("commands", {"commands": "one module a command: parse, call down, show"}),
    ("cli", {"cli": "which command lives where; the only boundary of errors"}),
    ("script", {"__main__": "python -m csctl"}),
)

CLICK = {
    "console.output",
    "console.confidential",
    "console.options",
    "console.prompts",
    "console.reporting",
    "console.scoping",
    "console.terminal",
    "console.helptext",
    "cli",
    "commands",
}
THIRD_PARTY: dict[str, set[str]] = {
    "click": CLICK,
    "yaml": {"yamlfile.yamlparse", "yamlfile.yamltree", "yamlfile.yamlnotes", "yamlfile.yamledit"},
    "git": {"git.gitrepo"},
    "holidays": {"times.publicdays"},
    "icalendar": {"clocks.agendafile"},
    "PIL": {"forms.images"},
    "jsonschema": {"kinds.conformance"},
    "jsonschema_rs": {"kinds.fastshape"},
    "jinja2": {"forms.rendering"},
    "markupsafe": {"forms.rendering"},
    "typst": {"forms.pdf"},
    "python_calamine": {"ledgers.workbook"},
    "xlsxwriter": {"forms.questionnairesheet", "tables.xlsx"},
    "tabulate": {"console.output"},
    "wcwidth": {"console.output", "console.terminal"},
    "rich": {"console.progress"},
}
NUMBERS = {module: number for number, (_title, row) in enumerate(LAYERS) for module in row}
OUTPUT = NUMBERS["console.output"]


def modules() -> dict[str, ast.Module]:
    """Return the tree of each module; "" is the package, `commands.x` a module of a command."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if name == "" or path.name != "__init__.py":
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


MODULES = modules()


def row_of(module: str) -> str:
    return "commands" if module.startswith("commands.") else module


def nodes(module: str) -> Iterator[ast.AST]:
    """Yield the nodes of a module without what only a type checker sees."""
    waiting: list[ast.AST] = [MODULES[module]]
    while waiting:
        node = waiting.pop()
        only_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if not only_types:
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def imported(module: str) -> Iterator[str]:
    """Yield what a module imports, at the top or in functions, by dotted names of modules."""
    for node in nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            source = node.module or ""
            for alias in node.names:
                inner = f"{source}.{alias.name}".removeprefix("csctl.")
                known = source.split(".")[0] == "csctl" and inner in MODULES
                yield f"csctl.{inner}" if known else source


def own(module: str) -> set[str]:
    """Return the modules of csctl that a module imports."""
    names = {name for name in imported(module) if name.split(".")[0] == "csctl"}
    return {name.removeprefix("csctl").removeprefix(".") for name in names}


def uses(module: str) -> set[str]:
    """Return the dotted names that a module reads or calls, such as `sys.exit`."""
    attributes = (node for node in nodes(module) if isinstance(node, ast.Attribute))
    names = (node for node in nodes(module) if isinstance(node, ast.Name))
    return {ast.unparse(node) for node in attributes} | {node.id for node in names}


def users_of(*names: str) -> set[str]:
    return {row_of(module) for module in MODULES if uses(module) & set(names)}


def test_every_module_has_one_row() -> None:
    rows = [module for _title, row in LAYERS for module in row]
    assert len(rows) == len(set(rows))
    assert {row_of(module) for module in MODULES} == set(rows)


def test_modules_import_only_from_layers_above_them_in_the_table() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in MODULES
        for other in own(module)
        if NUMBERS[row_of(other)] >= NUMBERS[row_of(module)]
    ]
    assert wrong == []


def test_commands_never_import_each_other() -> None:
    commands = [module for module in MODULES if module.startswith("commands.")]
    assert len(commands) > 10
    assert [m for m in commands if any(o.startswith("commands.") for o in own(m))] == []


def test_third_party_packages_stay_in_their_modules() -> None:
    wrong = []
    for module in MODULES:
        for name in {each.split(".")[0] for each in imported(module)}:
            is_ours = name == "csctl" or name in sys.stdlib_module_names
            if not is_ours and row_of(module) not in THIRD_PARTY.get(name, set()):
                wrong.append(f"{module} imports {name}")
    assert wrong == []


def test_nothing_prints_and_only_the_command_line_ends_the_process() -> None:
    assert users_of("print", "breakpoint") == set()
    assert users_of("sys.exit", "os._exit", "exit", "quit", "SystemExit") <= {"cli"}


def test_only_one_module_reads_the_environment() -> None:
    assert users_of("os.environ", "os.getenv", "os.environb") == {"environment"}


def test_nothing_below_output_knows_the_time_the_folder_or_a_terminal() -> None:
    clock = users_of("datetime.now", "datetime.today", "datetime.utcnow", "date.today", "time.time")
    folder = users_of("Path.cwd", "os.getcwd", "os.chdir", "Path.home")
    terminal = users_of("sys.stdin", "sys.stdout", "sys.stderr", "input", "os.get_terminal_size")
    # `ledgers.workbook` is the child process that speaks to `excel` through its pipes.
    below = {each for each in clock | folder | terminal if NUMBERS[each] < OUTPUT} - {
        "ledgers.workbook"
    }
    assert below == set()


def test_errors_are_caught_broadly_at_the_boundary_only() -> None:
    broad = set()
    for module in MODULES:
        for node in nodes(module):
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else ""
                reraises = any(isinstance(each, ast.Raise) for each in ast.walk(node))
                if caught in ("", "Exception", "BaseException") and not reraises:
                    broad.add(module)
    assert broad <= {"cli", "ledgers.workbook"}


def test_every_module_says_what_it_is_for_and_stays_short() -> None:
    for module, tree in MODULES.items():
        words = ast.get_docstring(tree)
        assert words, module
        assert len(words.splitlines()[0]) <= 100, module


def test_data_folders_hold_no_python() -> None:
    for folder in ("schemas", "templates", "records"):
        assert not list((ROOT.parent / folder).rglob("*.py"))
    assert not {"schemas", "templates"} & set(MODULES)


def test_rules_ask_the_context_and_nothing_behind_it() -> None:
    """What a rule asks is noted; `now`, the index and the store would not be."""
    rules = [m for m in MODULES if m.startswith("rules.") and m != "rules.context"]
    assert len(rules) > 10
    behind = {"now", "index.index", "store", "reader", "lister", "asked"}
    for module in rules:
        assert not {f"context.{each}" for each in behind} & uses(module), module
        for node in nodes(module):
            if isinstance(node, ast.Compare | ast.BinOp):
                assert "context.today" not in ast.unparse(node), module
