"""Which code makes numbers: the modules that a module reaches, and the releases of the libraries that they import."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec, resolve_name

NUMERICAL = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn"}
"""What enters every number: package and distribution."""


@dataclass(frozen=True)
class _Reached:
    """What importing a module brings in: sources of its own package's and of local modules, and libraries."""

    sources: dict[str, str] = field(default_factory=dict)
    libraries: set[str] = field(default_factory=set)


def digest(modules: Iterable[str]) -> str:
    """Identifies the code of these modules and of what they import from their own packages and from local files.

    Local is what no installed distribution says it brings, such as a script beside the config, or an editable checkout.
    """
    sources: dict[str, str] = {}
    for module in modules:
        sources |= _reached(module).sources
    return hashlib.sha256(repr(sorted(sources.items())).encode()).hexdigest()


def libraries(modules: Iterable[str]) -> dict[str, str]:
    """The releases of what enters every number, and of what these modules import, by distribution.

    Imports are read off the code, also those within functions, and followed through the modules' own packages and local
    files, not into libraries. The standard library and fwk are none; what is not installed is left out.
    """
    names = set(NUMERICAL.values()).union(*(_reached(module).libraries for module in modules))
    return {name: found for name in sorted(names) if (found := _release(name))}


def released(module: str) -> str:
    """The release of the distribution that a module comes from; "" for local code."""
    package = module.partition(".")[0]
    return next((found for name in _providers(package) if (found := _release(name))), "")


def module_of(make: Callable[..., object]) -> str:
    """The module of a class or function, partial ones included; "" if it does not say."""
    return getattr(make.func if isinstance(make, partial) else make, "__module__", None) or ""


@cache
def _reached(module: str) -> _Reached:
    found, package = _Reached(), module.partition(".")[0]
    todo = [] if package in _known() else [module]
    while todo:
        name = todo.pop()
        spec = None if name in found.sources else _spec(name)
        if spec is None:
            continue
        found.sources[name] = source = _source(spec)
        for imported in _imports(source, spec):
            top = imported.partition(".")[0]
            if top in _known():
                continue
            if top == package or not (providers := _providers(top)):
                todo.append(imported)
            else:
                found.libraries.update(providers)
    return found


@cache
def _known() -> frozenset[str]:
    """What is no library of a method's own: it enters every number, or is named elsewhere in what identifies a run."""
    return frozenset({"", "fwk", *NUMERICAL, *sys.stdlib_module_names})


def _spec(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except Exception:  # noqa: BLE001  # the plugin border: a stranger's parent package is imported
        return None


def _source(spec: ModuleSpec) -> str:
    """Its text; "" for what has none that can be read, such as a compiled module or a folder."""
    try:
        return getattr(spec.loader, "get_source", lambda _: "")(spec.name) or ""
    except (ImportError, OSError, SyntaxError, UnicodeError):
        return ""


def _imports(source: str, spec: ModuleSpec) -> Iterator[str]:
    """Modules that a module imports anywhere; of `from a import b` both a and a.b, whatever b is."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return  # a template, say, that is never imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = _absolute("." * node.level + (node.module or ""), spec)
            yield start
            yield from (f"{start}.{alias.name}" for alias in node.names)


def _absolute(name: str, spec: ModuleSpec) -> str:
    package = spec.name if spec.submodule_search_locations is not None else spec.parent
    try:
        return resolve_name(name, package)
    except ImportError:
        return ""  # beyond the top-level package


@cache
def _providers(package: str) -> tuple[str, ...]:
    """The distributions that a package comes from, as a rule the one of its name, which is found fast; () for none."""
    return (package,) if _release(package) else tuple(sorted(set(_all_providers().get(package, ()))))


@cache
def _all_providers() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def _release(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
