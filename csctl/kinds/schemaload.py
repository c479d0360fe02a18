"""Schemas from disk to kinds: search path, shared shapes, a repository's extensions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from csctl.errors import CsctlError, Misfit, UsageError, YamlError
from csctl.index.cache import NO_CACHE, RepositoryCache, code_digest, digest_of, schemas_digest
from csctl.kinds.arranging import in_sections, mark_answers, ordered_properties
from csctl.kinds.building import build_kind
from csctl.kinds.schema import Kind
from csctl.kinds.schemaextend import extend
from csctl.messages import _, language
from csctl.places import kind_headers
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio

if TYPE_CHECKING:
    from csctl.kinds.unsound import Unsound

_ENVELOPE: Final = "common/envelope.yaml"


class Schemas:
    """The kinds of a records repository, each loaded when first asked for.

    `search_path` holds folders of schema files, the repository's before the built-in ones.
    `cache` remembers what these files come to.
    """

    def __init__(self, search_path: Sequence[Path], cache: RepositoryCache = NO_CACHE) -> None:
        self._path = tuple(search_path)
        self._cache = cache
        self._sources: dict[str, dict[str, Any]] = {}
        self._headers: dict[str, dict[str, str]] | None = None
        # Shapes are shared by many fields: found, read and resolved once each.
        self._found: dict[tuple[str, tuple[Path, ...]], _Source] = {}
        self._shapes: dict[str, dict[str, Any]] = {}

    def names(self) -> list[str]:
        """Return the names of all kinds, sorted."""
        return sorted(self.headers())

    def headers(self) -> Mapping[str, Mapping[str, str]]:
        """Return for each kind its kind, prefix, folder and code, from the first lines only."""
        if self._headers is None:
            lost = {each.name for each in self.unsound.values() if not each.stands}
            headers = kind_headers(self._path)
            self._headers = {name: each for name, each in headers.items() if name not in lost}
        return self._headers

    def kind(self, name: str) -> Kind:
        """Return the kind called `name`; UsageError with the nearest names if there is none.

        CsctlError if it is the repository's own and does not hold together. An addition to a
        shipped kind that does not leaves the kind as it is shipped.
        """
        key, known = f"kind {name}", found_in(self.digest)
        if key not in known:
            unsound = self.unsound.get(name)
            if unsound is not None and not unsound.stands:
                raise unsound.error
            if name not in self.headers():
                raise UsageError(
                    _("There is no kind of record called '{name}'.").format(name=name),
                    did_you_mean(name, self.names()),
                )
            as_shipped = unsound is not None and unsound.is_addition
            shipped = Schemas(self._path[1:], self._cache) if as_shipped else self
            known[key] = shipped._build(name)
        kind: Kind = known[key]
        return kind

    @cached_property
    def unsound(self) -> Mapping[str, Unsound]:
        """The kinds of the repository's own that do not hold together, by name."""
        if len(self._path) < 2 or not self._path[0].is_dir():
            return {}
        # Few companies have kinds of their own.
        from csctl.kinds.unsound import Unsound, find_unsound

        own, shipped = self._path[0], kind_headers(self._path[1:])

        def find() -> dict[str, Any]:
            found = find_unsound(own, shipped, self._build, self._read)
            return {each.name: each._asdict() for each in found}

        found = self._remembered(f"unsound {language()}", find)
        return {name: Unsound(**each) for name, each in found.items()}

    def _build(self, name: str) -> Kind:
        try:
            return build_kind(self.flattened(name))
        except KeyError as error:
            raise Misfit(
                _("The schema {name}.yaml lacks '{key}'.").format(name=name, key=error.args[0]),
                words=(str(error.args[0]),),
            ) from error
        except UsageError as error:
            raise Misfit(
                _("The schema {name}.yaml does not hold together: {why}").format(
                    name=name, why=error.message
                ),
                error.hint,
            ) from error
        except (TypeError, ValueError, AttributeError) as error:
            raise CsctlError(
                _("The schema {name}.yaml is not in the form of one: {why}.").format(
                    name=name, why=error
                )
            ) from error

    @cached_property
    def digest(self) -> str:
        """What tells these schema files, and the code that reads them, from all others."""
        return schemas_digest(self._path)

    def flattened(self, name: str) -> dict[str, Any]:
        """Return the schema file `name` as one JSON Schema without references."""
        return self._remembered(f"schema {name}", lambda: self._flatten(name))

    def mark(self, name: str) -> str:
        """Return what tells the schema of a kind, and the code that reads it, from all others."""

        def find() -> dict[str, Any]:
            schema = json.dumps(self.kind(name).schema, ensure_ascii=False)
            return {"mark": digest_of(code_digest(), name, schema)}

        return str(self._remembered(f"mark {name}", find)["mark"])

    def linked_kinds(self) -> Mapping[str, Sequence[str]]:
        """Return for each kind the kinds that its link fields name."""
        return self._remembered("links", lambda: {name: self._links(name) for name in self.names()})

    def with_duties(self) -> Sequence[str]:
        """Return the names of the kinds that declare duties, sorted."""

        def find() -> dict[str, Any]:
            return {each: True for each in self.names() if self.kind(each).duties}

        return list(self._remembered("duties", find))

    def _links(self, name: str) -> list[str]:
        return sorted({field.link for field in self.kind(name).links()})

    def _remembered(self, what: str, find: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return what follows from the schema files, found out once for all processes."""
        found = found_in(self.digest)
        if what not in found:
            key = f"{what} {self.digest}" if self._cache.works else ""
            known = self._cache.text(key)
            found[what] = json.loads(known) if known else find()
            if not known:
                self._cache.keep(key, json.dumps(found[what]))
        result: dict[str, Any] = found[what]
        return result

    def _flatten(self, name: str) -> dict[str, Any]:
        sources = [
            _Source(path, self._read(path), self._path[number:])
            for number, folder in enumerate(self._path)
            if (path := folder / f"{name}.yaml").is_file()
        ]
        if not sources:
            raise CsctlError(_("There is no schema file {name}.yaml.").format(name=name))
        own = sources[0]
        if "x-extends" not in own.data:
            if len(sources) > 1 and own.data != sources[1].data:
                raise CsctlError(
                    _("{path} would replace a schema that csctl ships.").format(path=own.path.name),
                    _("Add to it instead: x-extends: builtin"),
                )
            return mark_answers(self._inline(own))
        if len(sources) < 2:
            raise CsctlError(
                _("{path} extends a built-in schema, but there is none of that name.").format(
                    path=own.path.name
                ),
                _("Remove x-extends and declare the whole kind."),
            )
        base, added = self._inline(sources[1]), self._inline(own)
        extended = extend(base, added, own.path)
        extended["properties"] = in_sections(extended["properties"])
        return mark_answers(extended)

    def profile(self, name: str) -> dict[str, Any]:
        """Return a table of defaults such as `clocks`, `numbering` or `roles`."""
        return self._remembered(f"profile {name}", lambda: self._read_profile(name))

    def has_own_profile(self, name: str) -> bool:
        """Tell whether the repository has a table of its own in place of the shipped one."""
        own, *shipped = self._path
        return bool(shipped) and (own / "profiles" / f"{name}.yaml").is_file()

    def _read_profile(self, name: str) -> dict[str, Any]:
        found = self._find_table("profiles", name)
        if found is None:
            raise CsctlError(_("There is no profile {name}.").format(name=name))
        return found

    def exchange(self, name: str) -> dict[str, Any] | None:
        """Return the table of an open format and a kind, such as `catenax-8d`, if there is one."""
        return self._find_table("exchange", name)

    def _find_table(self, folder_name: str, name: str) -> dict[str, Any] | None:
        paths = (folder / folder_name / f"{name}.yaml" for folder in self._path)
        return next((self._read(path) for path in paths if path.is_file()), None)

    def _read(self, path: Path) -> dict[str, Any]:
        key = str(path)
        if key not in self._sources:
            if path.is_symlink():
                raise CsctlError(_("{path} is a link; it is not followed.").format(path=path))
            try:
                self._sources[key] = yamlio.load(path.read_bytes()).data
            except YamlError as error:
                raise YamlError(
                    f"{path}:{error.line}:{error.column}: {error.message}", error.hint,
                    line=error.line, column=error.column,
                ) from error  # fmt: skip
            except OSError as error:
                raise CsctlError(
                    _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
                ) from error
        return self._sources[key]

    def _inline(self, source: _Source) -> dict[str, Any]:
        inlined: dict[str, Any] = self._resolve(source.data, source, ())
        if "x-kind" in source.data and "x-extends" not in source.data:
            envelope = self._target(_ENVELOPE, source, ())
            sections = {each["name"] for each in inlined.get("x-sections", ())}
            extra = [s for s in envelope.get("x-sections", ()) if s["name"] not in sections]
            properties = ordered_properties(envelope["properties"], inlined.get("properties", {}))
            inlined["properties"] = properties
            inlined["x-sections"] = [*inlined.get("x-sections", ()), *extra]
            required = [*envelope.get("required", ()), *inlined.get("required", ())]
            inlined["required"] = list(dict.fromkeys(required))
            inlined["additionalProperties"] = False
        return inlined

    def _resolve(self, node: Any, source: _Source, seen: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [self._resolve(each, source, seen) for each in node]
        if not isinstance(node, dict):
            return node
        node = dict(node)
        target = node.pop("$ref", None)
        resolved = {key: self._resolve(value, source, seen) for key, value in node.items()}
        if target is None:
            return resolved
        shape = {**self._target(str(target), source, seen), **resolved}
        if "x-columns" in shape:  # more columns for a row shape that several lists share
            shape["properties"] = {**shape["properties"], **shape.pop("x-columns")}
        return shape

    def _target(self, target: str, source: _Source, seen: tuple[str, ...]) -> dict[str, Any]:
        """Return the shape a reference names; it is shared, so nobody changes it."""
        file, _hash, pointer = target.partition("#")
        if file:
            source = self._find(file, source.folders)
        place = f"{source.path}#{pointer}"
        if place in self._shapes:
            return self._shapes[place]
        if place in seen:
            raise Misfit(
                _("The schema reference {ref} leads to itself.").format(ref=target), words=(target,)
            )
        node: Any = source.data
        for step in pointer.strip("/").split("/") if pointer else ():
            node = node.get(step) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            raise Misfit(
                _("The schema reference {ref} leads nowhere.").format(ref=target), words=(target,)
            )
        self._shapes[place] = self._resolve(node, source, (*seen, place))
        return self._shapes[place]

    def _find(self, name: str, folders: tuple[Path, ...]) -> _Source:
        if (name, folders) not in self._found:
            self._found[name, folders] = self._look_for(name, folders)
        return self._found[name, folders]

    def _look_for(self, name: str, folders: tuple[Path, ...]) -> _Source:
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise Misfit(
                _("The schema reference {ref} leaves its folder.").format(ref=name), words=(name,)
            )
        for number, folder in enumerate(folders):
            if (folder / name).is_file():
                return _Source(folder / name, self._read(folder / name), folders[number:])
        raise Misfit(_("There is no schema file {name}.").format(name=name), words=(name,))


@lru_cache(maxsize=8)
def found_in(_digest: str) -> dict[str, Any]:
    """Return what this process found out so far of schema files; branches mostly share them."""
    return {}


class _Source(NamedTuple):
    """A schema file as read, and the folders it may refer to: its own and the later ones.

    What csctl ships never refers to a repository's shapes, so that these cannot loosen it.
    """

    path: Path
    data: Mapping[str, Any]
    folders: tuple[Path, ...]
