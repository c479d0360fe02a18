"""Forms and charts through jinja2: sandboxed, from the template folders only, values escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from csctl.errors import CsctlError
from csctl.messages import _

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment
    from markupsafe import Markup

GENERIC: Final = "_form"
# Characters that mean something in CommonMark or GitHub's tables wherever they stand.
_SPECIAL: Final = re.compile(r"[\\`*_\[\]{}|~#$]")
# What means something only at the start of a line: quotes, lists, rules, underlined headings.
_AT_START: Final = re.compile(r"^(?:([-+=>])|([0-9]{1,9})([.)])(?=\s|$))", re.MULTILINE)
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
# Addresses that viewers turn into links without being asked.
_LINK: Final = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=www)\.|@", re.IGNORECASE)


def find_template(kind: str, ending: str, search_path: Sequence[Path]) -> str:
    """Return the file name of a kind's own template, else that of the generic form.

    `ending` is `.typ` or `.md.j2`; the folders of `search_path` are looked through in order.
    """
    own = f"{kind}{ending}"
    return own if any((folder / own).is_file() for folder in search_path) else GENERIC + ending


def render_markdown(form: Mapping[str, Any], search_path: Sequence[Path]) -> str:
    """Return a form, as forms.model.build_form makes it, as Markdown.

    Uses `<kind>.md.j2` or the generic template from the folders of `search_path`. Every value is
    escaped. Raises CsctlError with file and line if the template cannot be rendered.
    """
    name = find_template(str(form["kind"]), ".md.j2", search_path)
    text = _render(name, {"form": form}, _environment(tuple(search_path), escape_markdown))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def render_text(name: str, data: Mapping[str, Any], search_path: Sequence[Path]) -> str:
    """Return what a template of XML such as SVG says; every value is escaped.

    Errors as for render_markdown.
    """
    return _render(name, data, _environment(tuple(search_path), html.escape))


def _render(name: str, data: Mapping[str, Any], environment: SandboxedEnvironment) -> str:
    import jinja2

    try:
        return environment.get_template(name).render(data)
    except jinja2.TemplateSyntaxError as error:
        raise _broken(error.filename or error.name or name, error.lineno, error) from error
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise _broken(*_place_of(error, name), error) from error


def escape_markdown(value: Any) -> str:
    """Return text so that a Markdown viewer shows it as it is, its lines kept as lines."""
    text = str(value).replace("&", "&amp;").replace("<", "&lt;")
    text = _SPECIAL.sub(r"\\\g<0>", text)
    text = _INDENT.sub(lambda match: "&nbsp;" * len(match[0]), text)
    text = _AT_START.sub(lambda match: f"{match[2] or ''}\\{match[1] or match[3]}", text)
    return _LINK.sub(r"\\\g<0>", text).replace("\n", "<br>")


@lru_cache(maxsize=4)
def _environment(
    search_path: tuple[Path, ...], escape: Callable[[str], str]
) -> SandboxedEnvironment:
    # Only rendering needs jinja2, which takes 50 ms to import.
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    class Confined(jinja2.FileSystemLoader):
        """Reads templates of its folders, and no file a link leads to from there."""

        def get_source(
            self, environment: jinja2.Environment, template: str
        ) -> tuple[str, str, Callable[[], bool]]:
            source, name, is_fresh = super().get_source(environment, template)
            if not any(Path(name).resolve().is_relative_to(each.resolve()) for each in search_path):
                raise CsctlError(
                    _("The template {file} leads out of its folder; it is not read.").format(
                        file=template
                    )
                )
            return source, name, is_fresh

    def finish(value: Any) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(str(value)))

    return ImmutableSandboxedEnvironment(
        loader=Confined(search_path),
        undefined=jinja2.StrictUndefined,
        # Marks what macros return as finished, so that nothing is escaped twice.
        autoescape=True,
        finalize=finish,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _place_of(error: BaseException, name: str) -> tuple[str, int]:
    """Return file and line of the template an error came from: jinja2 puts them into the trace."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(".j2"):
            name, line = file, trace.tb_lineno
        trace = trace.tb_next
    return name, line


def _broken(file: str, line: int, error: Exception) -> CsctlError:
    return CsctlError(
        _("The template {file} cannot be rendered, line {line}: {reason}.").format(
            file=Path(file).name, line=line or "?", reason=error
        )
    )
