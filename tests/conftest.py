"""What all tests share: one thread for each numerical library, and notes of methods that are no errors."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # default threads make small fits ten times slower on a busy machine


def pytest_configure(config: pytest.Config) -> None:
    # not in pyproject.toml: there, pytest would import fwk before coverage looks on
    config.addinivalue_line("filterwarnings", "ignore::fwk.api.Note")
