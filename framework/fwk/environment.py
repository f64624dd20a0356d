"""What a comparison ran on: versions, commit, platform. No host name, no user name, no path."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fwk.plugins import Registry

PACKAGES = (
    "fwk", "numpy", "scipy", "pandas", "scikit-learn", "fairlearn", "holisticai", "numba", "joblib", "mlflow",
    "pyarrow",
)  # fmt: skip


def environment(registry: Registry) -> dict[str, object]:
    """Versions of Python, of the packages that make the numbers and of every plugin; platform and git commit."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
        "plugins": {
            plugin.name: f"{plugin.distribution} {plugin.version}, {plugin.state}" for plugin in registry.plugins
        },
        "commit": _commit(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The commit of the checkout that fwk is imported from, with a mark if it was changed; "" outside one."""
    here = Path(__file__).parent
    answers = []
    for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(["git", "-C", str(here), *command], capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode != 0:
            return ""
        answers.append(done.stdout.strip())
    return answers[0] + ("+changes" if answers[1] else "")
