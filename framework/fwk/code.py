"""Which code makes numbers: the files of a package, and the releases of the libraries that it imports."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

NUMERICAL = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn"}
"""What enters every number: package and distribution."""


def digest(modules: Iterable[str]) -> str:
    """Identifies the code of the top-level packages (or single-file modules) that these modules belong to."""
    found = hashlib.sha256()
    for name in sorted({module.partition(".")[0] for module in modules}):
        for path in _files(name):
            found.update(path.read_bytes())
    return found.hexdigest()


def libraries(modules: Iterable[str]) -> dict[str, str]:
    """The releases of what enters every number, and of what the packages of these modules import, by distribution.

    Imports are read off the code, those within functions included; the standard library, fwk and the package itself are
    none. What is not installed is left out.
    """
    names = {*NUMERICAL.values()}
    for package in {module.partition(".")[0] for module in modules} - {""}:
        names |= _imported(package)
    return {name: found for name in sorted(names) if (found := _release(name))}


def own_version(module: str) -> str:
    """The version that the package of a module says it has; "" if it says none, as a script of one's own."""
    return str(getattr(import_module(module.partition(".")[0]), "__version__", ""))


def module_of(make: Callable[..., object]) -> str:
    """The module of a class or function, partial ones included; "" if it does not say."""
    return str(getattr(make.func if isinstance(make, partial) else make, "__module__", ""))


def _files(package: str) -> list[Path]:
    module = import_module(package)
    folders = [Path(folder) for folder in getattr(module, "__path__", [])]
    if folders:
        return [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    path = getattr(module, "__file__", None)
    return [Path(path)] if path else []


@cache
def _imported(package: str) -> frozenset[str]:
    """Distributions that a package imports anywhere in its code."""
    known = {package, "fwk", *NUMERICAL, *sys.stdlib_module_names}
    names: set[str] = set()
    for path in _files(package):
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return frozenset(provider for name in names - known for provider in _providers(name) if provider != "fwk")


def _providers(package: str) -> Iterable[str]:
    """The distributions that a package comes from: as a rule the one of its name, which is found fast."""
    return [package] if _release(package) else _all_providers().get(package, [])


@cache
def _all_providers() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def _release(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
