"""What all tests share: one thread for each numerical library, and notes of methods that are no errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # see below: pytest must not import fwk before coverage looks on
    from fwk.shelf import Folders

os.environ.setdefault("OMP_NUM_THREADS", "1")  # default threads make small fits ten times slower on a busy machine


def pytest_configure(config: pytest.Config) -> None:
    # not in pyproject.toml: there, pytest would import fwk before coverage looks on
    config.addinivalue_line("filterwarnings", "ignore::fwk.api.Note")


@pytest.fixture(scope="module")
def data_folder(request: pytest.FixtureRequest) -> Path:
    """Real data, which do not come with the repository; with the sub-folder that a module names in NEEDS."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    needed = folder / getattr(request.module, "NEEDS", "")
    if not needed.is_dir():
        pytest.skip(f"the data folder {needed} is not here")
    return folder


@pytest.fixture(scope="module")
def shelf(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Where data sets find them."""
    from fwk.shelf import Folders

    return Folders(data_folder, tmp_path_factory.mktemp("cache"), fetch=False)
