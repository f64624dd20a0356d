"""The MLflow UI on a logged comparison, and a Chromium to look at it with."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from logged import Logged, log_comparison

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--window-size=1600,1300",
)  # fmt: skip

SERVE = """
import sys
from pathlib import Path
from fwk.track import serve, ui
serve(ui(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """The browser and its driver; first of all, so that nothing is logged for nobody."""
    pytest.importorskip("selenium", reason="needs selenium: pip install 'fwk[test]'")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Chromium and chromedriver; on Debian: apt-get install chromium chromium-driver")
    return CHROMIUM, DRIVER


@pytest.fixture(scope="session")
def comparison(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """A logged comparison, and the MLflow UI on it."""
    folder = tmp_path_factory.mktemp("comparison")
    summary, report, runs = log_comparison(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (folder / "ui.log").open("w") as log:
        command = [sys.executable, "-c", SERVE, str(folder), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            lines = iter(process.stdout.readline, "")
            yield Logged(next(line.split()[1] for line in lines if line.startswith("Open ")), summary, report, runs)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


@pytest.fixture
def browser(chromium: tuple[str, str], tmp_path: Path) -> Iterator[Any]:
    """A Chromium that nobody has used. It leaves a picture of its last page in the test's folder."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium[0]
    for option in (*OPTIONS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromium[1]))
    try:
        yield found
        found.save_screenshot(str(tmp_path / "page.png"))
    finally:
        found.quit()
