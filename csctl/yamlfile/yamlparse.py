"""Parses YAML as records use it into plain data; says in one sentence why it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from csctl.errors import YamlError
from csctl.messages import _
from csctl.yamlfile.scalars import MAX_DEPTH, resolve

_MAX_EVENTS: Final = 200_000
# Three hundred pages: no field of a form, and forms, diffs and terminals choke on more.
_LONGEST_TEXT: Final = 1_000_000
_UNREADABLE: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"
)
_HALF: Final = re.compile("[\ud800-\udfff]")


def parse(text: str) -> dict[str, Any]:
    """Return the data of a YAML mapping. Raises YamlError."""
    try:
        return _build(_Parser(text))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise _syntax_error(error, text) from error


class _PurePython(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """The parser where PyYAML was built without libyaml."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)

    def get_event(self) -> Any:
        """Return the next event; half characters are refused, as libyaml does."""
        event: Any = super().get_event()  # type: ignore[no-untyped-call]
        if isinstance(event, ScalarEvent) and _HALF.search(event.value):
            problem = "found invalid Unicode character escape code"
            raise yaml.scanner.ScannerError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]
        return event


_Parser: Final[Any] = getattr(yaml, "CBaseLoader", _PurePython)


def _build(parser: Any) -> dict[str, Any]:
    """Make data of the parser's events: faster than of nodes, and nothing recurses."""
    get = parser.get_event
    first = _open(get)
    root: dict[str, Any] = {}
    target: Any = root
    key: str | None = None
    above: list[Any] = []
    for _count in range(_MAX_EVENTS):
        event = get()
        kind = event.__class__
        if kind is ScalarEvent:
            value = event.value
            plain = event.implicit[0]
            if event.tag is not None or event.anchor is not None:
                raise _marked(event)
            if len(value) > _LONGEST_TEXT:
                raise _too_long(event)
            if target.__class__ is list:
                target.append(resolve(value) if plain else value)
            elif key is None:
                if value in target or (plain and value == "<<"):
                    raise _bad_key(event)
                key = value
            else:
                target[key] = resolve(value) if plain else value
                key = None
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            new: Any = {} if kind is MappingStartEvent else []
            _check_collection(event, len(above) + 2)
            if target.__class__ is list:
                target.append(new)
            elif key is None:
                raise _bad_key(event)
            else:
                target[key] = new
                key = None
            above.append(target)
            target = new
        elif kind is AliasEvent:
            raise _marked(event)
        elif above:
            target = above.pop()
        else:
            _close(get)
            return root
    raise _at(first, _("The file holds more than 200,000 values."))


def _open(get: Callable[[], Any]) -> Any:
    get()
    start = get()
    if isinstance(start, StreamEndEvent):
        raise YamlError(_("The file is empty."))
    if start.version or start.tags:
        raise _at(start, *_no_directive())
    first = get()
    if isinstance(first, ScalarEvent) and not first.value and first.implicit[0]:
        raise YamlError(_("The file is empty."))
    if isinstance(first, AliasEvent):
        raise _marked(first)
    if not isinstance(first, MappingStartEvent):
        raise _at(
            first,
            _("The file does not begin with a field and its value."),
            _("Write lines such as 'customer: GEELY'."),
        )
    _check_collection(first, 1)
    return first


def _close(get: Callable[[], Any]) -> None:
    get()
    event = get()
    if not isinstance(event, StreamEndEvent):
        raise _at(event, *_no_second())


def _check_collection(event: Any, depth: int) -> None:
    if event.tag is not None or event.anchor is not None:
        raise _marked(event)
    if depth > MAX_DEPTH:
        raise _at(event, _too_deep())


def _too_deep() -> str:
    return _("The file is nested more than 40 levels deep.")


def _at(event: Any, message: str, hint: str = "") -> YamlError:
    return _there(event.start_mark, message, hint)


def _there(mark: Any, message: str, hint: str = "") -> YamlError:
    return YamlError(message, hint, line=mark.line + 1, column=mark.column + 1)


def _marked(event: Any) -> YamlError:
    sign = "*" if isinstance(event, AliasEvent) else "&" if event.anchor is not None else "!"
    return _at(event, *_no_sign(sign))


def _too_long(event: Any) -> YamlError:
    return _at(
        event,
        _("This text has more than {limit} characters.").format(limit=_LONGEST_TEXT),
        _("Put it into a file beside the record: csctl attach ID FILE"),
    )


def _no_sign(sign: str) -> tuple[str, str]:
    return (
        _("A text may not begin with '{sign}' unless it stands in quotes.").format(sign=sign),
        _("Put it in single quotes; anchors, aliases and tags are not used in records."),
    )


def _no_directive() -> tuple[str, str]:
    return _("Lines that begin with '%' are not used in records."), _("Remove it.")


def _no_second() -> tuple[str, str]:
    return (
        _("The file holds a second document after '---' or '...'."),
        _("Put each record in a file of its own."),
    )


def _bad_key(event: Any) -> YamlError:
    if not isinstance(event, ScalarEvent):
        return _at(
            event,
            _("A list or a map cannot be the name of a field."),
            _("Put a text that begins with a bracket in single quotes."),
        )
    if event.value == "<<" and event.implicit[0]:
        return _at(event, _("'<<' is not used in records."), _("Write the fields out."))
    return _at(
        event,
        _("{key!r} stands here a second time.").format(key=event.value[:60]),
        _("Keep one of the two."),
    )


def _syntax_error(error: Exception, text: str) -> YamlError:
    if bad := _UNREADABLE.search(text):
        before = text[: bad.start()]
        return YamlError(
            _("The file holds the invisible character U+{code:04X}.").format(code=ord(bad[0])),
            _("Delete it; in double quotes it can be written as an escape."),
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
        )
    if isinstance(error, yaml.MarkedYAMLError) and (known := _explain(error, text)):
        return known
    return YamlError(_("The file is not valid YAML: {reason}.").format(reason=error))


def _explain(error: Any, text: str) -> YamlError | None:
    """Say in words of the trade what the parser says in words of its grammar."""
    mark = error.problem_mark
    start = error.context_mark or mark
    said = f"{error.context}: {error.problem}"
    before, sign = text[: mark.index].rpartition("\n")[2], text[mark.index : mark.index + 1]
    if sign == "\t" or "tab character" in said:
        return _there(mark, _("A tab stands where the line is indented."), _("Use spaces."))
    if "cannot start" in said or re.search(r"an? (alias|anchor|tag):|tag handle", said):
        return _there(start, *_no_sign(text[start.index : start.index + 1]))
    if "nesting depth" in said:  # libyaml 0.2.6 counts for itself, and looks far ahead
        return _there(mark, _too_deep())
    for needle, place, message, hint in _explanations(mark, start):
        if needle in said:
            return _there(place, message, hint)
    if sign == ":" or (sign.strip() and (before.strip() or "not allowed" in said)):
        return _there(
            mark,
            _("'{sign}' cannot stand here.").format(sign=sign),
            _("Put the whole text in single quotes, or indent the line like the one above."),
        )
    if "expected" in said and "block" in said:
        return _there(
            mark,
            _("The indentation of this line fits none of the lines above."),
            _("Indent it like the line it belongs to."),
        )
    return None


def _explanations(mark: Any, start: Any) -> tuple[tuple[str, Any, str, str], ...]:
    """List what the parser may say: its words, the place to look at, ours, the hint."""
    quote = _("A quote is opened here and never closed.")
    bracket = _("A bracket is opened here and never closed, or a comma is missing.")
    escape = _("In double quotes a backslash begins an escape, and this is none.")
    line = _("This line is neither a field with its value nor a row of a list.")
    put = _("Put the whole text in single quotes.")
    return (
        ("end of stream", start, quote, _("Close it.")),
        ("unexpected document", start, quote, _("Close it.")),
        ("',' or", start, bracket, put),
        ("flow node", start, bracket, put),
        ("decimal", mark, escape, _("Use single quotes, or write the backslash twice.")),
        ("escape", mark, escape, _("Use single quotes, or write the backslash twice.")),
        ("expected ':'", start, line, _("Write 'field: value' or '- value'.")),
        ("directive", start, *_no_directive()),
        ("incompatible YAML", mark, *_no_directive()),
        ("<document start>", mark, *_no_second()),
    )


def has_libyaml() -> bool:
    """Tell whether records are read by the C parser; PyYAML can be built without it."""
    return bool(yaml.__with_libyaml__)
