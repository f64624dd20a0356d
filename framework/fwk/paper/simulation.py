"""The theory's simulation: piece by piece, by as many workers as wanted, kept, and finished after an interruption."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fwk.alone import alone
from fwk.api import Mistake
from fwk.code import libraries
from fwk.paper.theory import Piece, Settings, fits, pieces
from fwk.plugins import Registry, load_plugins
from fwk.workers import answers, working_folder

LAYOUT = 3  # of the table; raise it when the rows of the same settings become others


@dataclass(frozen=True)
class Simulation:
    """What is simulated, and where its table is kept; `without` these plugins."""

    folder: Path
    settings: Settings
    without: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file of the table, whether it is there or not; other settings, and other releases of fwk and of the
        libraries in every number, have another."""
        code = [LAYOUT, version("fwk"), libraries(())]
        content = json.dumps([*code, dataclasses.asdict(self.settings)], sort_keys=True)
        return self.folder / f"theory-{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}.parquet"

    def table(self, jobs: int = 1, say: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
        """The rows of every piece, which are the same for any number of workers; what is kept is only read.

        Raises Mistake where a card is missing.
        """
        if not self.path.exists():
            with alone(self.path, lambda: say("theory: another process is at it: waiting")):
                if not self.path.exists():
                    self._finish(jobs, say)
        return pd.read_parquet(self.path)

    def forget(self) -> None:
        """Remove the table, and the pieces of one that was interrupted."""
        for path in (self.path, *self._parts().values()):
            path.unlink(missing_ok=True)

    def seconds(self, jobs: int, fresh: bool = False) -> float:
        """Of wall time, for what is not kept (all, if fresh), from a few timed fits. Raises Mistake as `table` does."""
        if self.path.exists() and not fresh:
            return 0.0
        registry = self._registry()
        left = [piece for piece, path in self._parts().items() if fresh or not path.exists()]
        draws = [piece for piece in left if piece.seed is not None]
        few = dataclasses.replace(self.settings, seeds=1, in_X=(False,), shares=(), norms=self.settings.norms[:1])
        one = dataclasses.replace(few, alphas=(few.alpha,))
        spent = 0.0
        if draws:
            ahead = len(draws) * fits(dataclasses.replace(few, shares=self.settings.shares))
            spent += ahead / fits(one) * _timed(dataclasses.replace(draws[0], settings=one), registry)
        if len(draws) < len(left):
            spent += len(self.settings.norms) * _timed(Piece(few), registry)
        return spent / jobs

    def _parts(self) -> dict[Piece, Path]:
        """Where each piece is kept until the table is whole."""
        found = enumerate(pieces(self.settings))
        return {piece: self.path.with_name(f"{self.path.stem}.{number}.parquet") for number, piece in found}

    def _registry(self) -> Registry:
        registry = load_plugins(self.without)
        needed = {"gmm4": registry.datasets, **dict.fromkeys(self.settings.rankers, registry.methods)}
        if missing := [name for name, known in needed.items() if name not in known]:
            raise Mistake(f"the theory's simulation needs {', '.join(missing)}; `fwk plugins` says what is installed")
        return registry

    def _finish(self, jobs: int, say: Callable[[str], None]) -> None:
        self._registry()
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = self._parts()
        left = [_Job(piece, self.without, path) for piece, path in parts.items() if not path.exists()]
        try:
            with working_folder() as folder:
                found = answers(dict(enumerate(left)), jobs, "loky", folder / "running")
                for done, _ in enumerate(found, len(parts) - len(left) + 1):
                    say(f"theory: {done} of {len(parts)} parts")
        except TerminatedWorkerError as error:
            raise Mistake("a worker was killed; is there enough memory? what it had done is kept") from error
        flags = dict.fromkeys(("in_X", "projected", "closed"), "boolean")  # missing where a row is not about it
        _write(pd.concat(map(pd.read_parquet, parts.values()), ignore_index=True).astype(flags), self.path)
        for path in parts.values():
            path.unlink()  # a process that is killed here leaves some, which only `forget` removes


@dataclass(frozen=True)
class _Job:
    """A piece to be worked out, and where its rows go."""

    piece: Piece
    without: tuple[str, ...]
    path: Path

    def do(self) -> None:
        """Write the rows; nothing is said of them."""
        _write(pd.DataFrame(list(self.piece.rows(load_plugins(self.without)))), self.path)


def _timed(piece: Piece, registry: Registry) -> float:
    start = time.perf_counter()
    list(piece.rows(registry))
    return time.perf_counter() - start


def _write(table: pd.DataFrame, path: Path) -> None:
    part = path.with_suffix(".part")
    table.to_parquet(part)
    part.replace(path)
