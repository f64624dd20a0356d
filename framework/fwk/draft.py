"""YAML -> Draft. All faults of a file at once, each with file, line, key, value and what would be right."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fwk.api import Mistake
from fwk.config import Config, DatasetSpec, LearnerSpec, MethodSpec, SpaceSpec, TuneSpec, Twice
from fwk.hints import nearest_name

Place = tuple[str | int, ...]

SECTIONS: Mapping[str, type[DatasetSpec] | type[MethodSpec]] = {"datasets": DatasetSpec, "methods": MethodSpec}
WITHIN: Mapping[str, type[BaseModel]] = {**SECTIONS, "learner": LearnerSpec, "space": SpaceSpec, "tune": TuneSpec}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file."""

    place: Place
    message: str


@dataclass(frozen=True)
class Draft:
    """A file as read: its Config if it has the right form, and the faults of form that were found.

    datasets, methods  the entries that have the right form, by position
    rest               the Config without the keys that are faulty

    With these, a fault in one place does not hide one in another.
    """

    path: Path
    raw: Any  # ruamel's tree, which knows line and column
    config: Config | None
    faults: tuple[Fault, ...]
    datasets: Mapping[int, DatasetSpec]
    methods: Mapping[int, MethodSpec]
    rest: Config

    def raise_faults(self, more: Sequence[Fault] = ()) -> Config:
        """The Config, or Mistake with every fault, a line each."""
        faults = sorted(
            {*self.faults, *more}, key=lambda fault: (self._position(fault.place)[:2], str(fault.place), fault.message)
        )
        if faults or self.config is None:
            lines = [f"{self.where(fault.place)}: {fault.message}" for fault in faults]
            count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
            raise Mistake("\n".join([f"{count} in {self.path}", *lines]))
        return self.config

    def where(self, place: Place) -> str:
        """`file:line:column: key` of a place in the file."""
        line, column, place = self._position(place)
        return f"{self.path}:{line}:{column}: {'.'.join(map(str, place)) or 'top level'}"

    def _position(self, place: Place) -> tuple[int, int, Place]:
        """Line and column of the innermost key of a place that is in the file, and the place as a person sees it."""
        node, position = self.raw, (1, 1)
        for depth, step in enumerate(place):
            if isinstance(node, str):  # a name that stands for a mapping
                return *position, place[:depth]
            try:
                line, column = node.lc.item(step) if isinstance(step, int) else node.lc.key(step)
                node = node[step]
            except (AttributeError, KeyError, TypeError, IndexError):
                break
            position = (line + 1, column + 1)
        return *position, place


def read_config(path: Path) -> Draft:
    """Read a file. Raises Mistake if it is missing or no YAML; faults of form are collected in the Draft."""
    raw = _parse(path)
    if not isinstance(raw, Mapping):
        raise Mistake(f"{path}:1:1: {_shown(_plain(raw))} is no comparison; give a mapping with datasets and methods")
    plain = _with_names(_plain(raw))
    plain["name"] = _name(plain.get("name"), path)
    config, faults = _config(plain)
    return Draft(
        path,
        raw,
        config,
        tuple(faults),
        dict(_entries(DatasetSpec, plain.get("datasets"))),
        dict(_entries(MethodSpec, plain.get("methods"))),
        config or _rest(plain, faults),
    )


def _name(given: object, path: Path) -> object:
    """The comparison's name: as given, also as a number such as 2026; else the file's."""
    if given in (None, ""):
        return "".join(c if c.isalnum() or c in " .-" else "_" for c in path.stem).lstrip(" .-") or "comparison"
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


def _parse(path: Path) -> Any:
    try:
        return YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        near = sorted(str(other) for other in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        raise Mistake(f"no config file {path}" + (f"; there are: {', '.join(near)}" if near else "")) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path} cannot be read: {error}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        told = [text.splitlines()[0] for text in (error.context, error.problem) if text]
        raise Mistake(f"{place}: not YAML: {', '.join(told)}") from error
    except YAMLError as error:
        raise Mistake(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise Mistake(f"{path}: not YAML that can be read: it is nested too deeply") from error


def _plain(node: Any, above: tuple[int, ...] = (), named: int = 3) -> Any:
    """ruamel's tree without its marks; a date is text, a part that contains itself is cut off.

    Keys are text, but for whole numbers below `named` mappings whose keys are names: a learner's weights by label, say.
    """
    if id(node) in above:
        return "(itself)"
    if isinstance(node, Mapping):
        whole = named <= 0 and all(isinstance(key, int) for key in node)
        return {
            int(key) if whole else str(key): _plain(value, (*above, id(node)), named - 1) for key, value in node.items()
        }
    if isinstance(node, list):
        return [_plain(value, (*above, id(node)), named) for value in node]
    if isinstance(node, datetime.date):
        return node.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node if node is None else f"{getattr(node, 'tag', '')} {getattr(node, 'value', node)}".strip()


def _with_names(plain: dict[str, Any]) -> dict[str, Any]:
    """A name alone stands for a mapping: of a data set, a method, a learner."""

    def expand(entry: Any, key: str) -> Any:
        return {key: entry} if isinstance(entry, str) else entry

    for section, key in (("datasets", "name"), ("methods", "name"), ("learner", "path")):
        given = plain.get(section)
        if isinstance(given, list):
            plain[section] = [expand(entry, key) for entry in given]
        elif section == "learner" and section in plain:
            plain[section] = expand(given, key)
    return plain


def _config(plain: Mapping[str, Any]) -> tuple[Config | None, list[Fault]]:
    try:
        return Config.model_validate(plain), []
    except pydantic.ValidationError as error:
        return None, _faults(error.errors(), plain)


def _entries(model: type[Any], section: object) -> Iterator[tuple[int, Any]]:
    for position, entry in enumerate(section if isinstance(section, list) else []):
        with suppress(pydantic.ValidationError):
            yield position, model.model_validate(entry)


def _rest(plain: Mapping[str, Any], faults: Sequence[Fault]) -> Config:
    faulty = {fault.place[0] for fault in faults}
    sound = {key: value for key, value in plain.items() if key not in faulty and key not in SECTIONS}
    return Config.model_validate({**sound, **{section: [{"name": "-"}] for section in SECTIONS}})


def _faults(errors: Sequence[Any], plain: Mapping[str, Any]) -> list[Fault]:
    """One fault a place: the branches of a union each complain. Of a list and its parts, the parts are to blame."""
    found: dict[Place, Any] = {}
    for error in errors:
        place = _place(error, plain)
        if place not in found or error["type"] in ("extra_forbidden", "value_error"):
            found[place] = error
    around = {place for place in found if any(other[: len(place)] == place != other for other in found)}
    return [Fault(place, _message(error, place)) for place, error in found.items() if place not in around]


def _place(error: Any, plain: Any) -> Place:
    """The keys and positions of pydantic's location that are in the file; the names of a union's branches are not."""
    place: Place = ()
    for step in error["loc"]:
        if isinstance(plain, list) if isinstance(step, int) else isinstance(plain, Mapping) and step in plain:
            place, plain = (*place, step), plain[step]
    if isinstance(twice := error.get("ctx", {}).get("error"), Twice):
        return (*place, twice.position)
    return (*place, error["loc"][-1]) if error["type"] == "missing" else place


def _message(error: Any, place: Place) -> str:
    if error["type"] == "extra_forbidden":
        keys = list(_model_at(place).model_fields)
        return f"no such key{nearest_name(str(place[-1]), keys)}; there are: {', '.join(keys)}"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    is_wrong = "is missing" if error["type"] == "missing" else f"{_shown(error['input'])} does not fit"
    right = _right(place)
    near = nearest_name(str(error["input"]), re.findall(r"'(\w+)'", right)) if isinstance(error["input"], str) else ""
    return f"{is_wrong}{near}; give {right}"


def _model_at(place: Place) -> type[BaseModel]:
    """The model whose key is the last of a place."""
    inner = len([step for step in place if isinstance(step, str)]) > 1
    return WITHIN.get(str(place[0]), Config) if inner else Config


def _right(place: Place) -> str:
    """What may stand at a place, by the description of its key."""
    if place[0] in SECTIONS and isinstance(place[-1], int):
        return "a name, or a mapping with a name"
    model = _model_at(place)
    key = next(step for step in reversed(place) if step in model.model_fields)
    return str(model.model_fields[str(key)].description).rpartition(": ")[0]


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
