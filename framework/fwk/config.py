"""YAML -> Config. All faults of a file at once, each with file, line, key, value and what would be right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from fwk.api import Mistake
from fwk.hints import nearest_name

Share = Annotated[float, Field(gt=0, lt=1)]
Place = tuple[str | int, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Open(BaseModel):
    """Keys that are not declared are knobs; the plan checks them against the card."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def knobs(self) -> dict[str, Any]:  # a knob's value is whatever its method takes
        """What is given beyond the declared keys."""
        return dict(self.__pydantic_extra__ or {})


class DatasetSpec(_Open):
    """A data set: its name or a mapping; further keys are its knobs."""

    name: str
    called: str = Field("", description="what tables and pictures call it; the name by default")
    minority: str = Field("", description="expression over the raw columns, e.g. race == 'Black'")
    keep: str | None = Field(None, description="expression for the rows to keep; '' for all; the card's by default")
    group_in_X: bool | list[bool] = Field(True, description="whether the sensitive attribute is among the features")
    test: Literal["published"] | Share | None = Field(None, description="published, or the share drawn at random")
    missing: Literal["learner", "impute"] = Field("learner", description="leave gaps to the learner, or fill on train")


class MethodSpec(_Open):
    """A method: its name or a mapping; further keys are its knobs, fixed."""

    name: str
    called: str = Field("", description="what tables and pictures call it; the name by default")
    sweep: list[Any] | dict[str, list[Any]] | None = Field(
        None, description="values of the swept knob, or {knob: values}"
    )
    tune: dict[str, list[Any]] | Literal[False] | None = Field(
        None, description="knobs to choose on the validation part, with their grids; false: none"
    )
    each: dict[str, list[Any]] = Field(
        default_factory=dict, description="knobs of which every value gets its own curve"
    )


class LearnerSpec(_Strict):
    """A scikit-learn classifier."""

    path: str = Field("sklearn.ensemble.HistGradientBoostingClassifier", description="dotted path of the class")
    params: dict[str, Any] = Field(default_factory=dict, description="its parameters")


class SpaceSpec(_Open):
    """A space learned by a firm-side method; further keys are its knobs."""

    method: str


class TuneSpec(_Strict):
    """How knobs are chosen on the validation part."""

    metric: str = Field("eqod", description="the metric whose mean over the trial settings is least")
    trials: Annotated[int, Field(ge=1)] = Field(3, description="settings of the sweep that each candidate is tried at")


Known = Literal["all"] | Annotated[int, Field(ge=1)]
Alpha = Annotated[float, Field(gt=0, le=1)]
Space = Literal["encoded", "standardised"] | SpaceSpec
Budget = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0, le=1)]


class Config(_Strict):
    """One comparison."""

    name: str = Field("", description="the comparison's name; the file's by default", pattern=r"^[\w .-]*$")
    description: str = Field("", description="a sentence for the report")
    seed: int = 0
    repeats: Annotated[int, Field(ge=1)] = 10
    resplit: bool = Field(True, description="each repeat draws new parts; false: only a new collective")
    validation: Share = Field(0.15, description="share of what is not test that becomes the validation part")
    select: Literal["validation", "test"] = Field("validation", description="the part on which fronts are chosen")
    datasets: Annotated[list[DatasetSpec], Field(min_length=1)]
    methods: Annotated[list[MethodSpec], Field(min_length=1)]
    learner: LearnerSpec | list[LearnerSpec] = LearnerSpec()
    alpha: Alpha | list[Alpha] = Field(0.3, description="share of the minority in the train part that joins")
    majority_known: Known | list[Known] = Field("all", description="how many majority members the collective knows")
    space: Space | list[Space] = Field("encoded", description="where distances are measured")
    budgets: Literal["auto"] | list[Budget] = Field("auto", description="flips: counts, or shares of the candidates")
    tune: TuneSpec = TuneSpec()
    audit: list[str] | None = Field(None, description="raw columns to break results down by; the data set's by default")
    bootstrap: Annotated[int, Field(ge=0)] = Field(1000, description="draws of test people for the intervals; 0: none")
    timeout: Annotated[float, Field(gt=0)] | None = Field(None, description="seconds that one fit may take")
    output: str = Field("", description="folder of the results; results/<name> by default")
    tracking_uri: str = Field("", description="an MLflow server; mlruns/ here by default")

    def learners(self) -> list[LearnerSpec]:
        """The learner axis."""
        return self.learner if isinstance(self.learner, list) else [self.learner]

    def alphas(self) -> list[float]:
        """The alpha axis."""
        return self.alpha if isinstance(self.alpha, list) else [self.alpha]

    def knowns(self) -> list[int | None]:
        """The majority_known axis; None = all."""
        given = self.majority_known if isinstance(self.majority_known, list) else [self.majority_known]
        return [None if known == "all" else known for known in given]

    def spaces(self) -> list[str | SpaceSpec]:
        """The space axis."""
        return list(self.space) if isinstance(self.space, list) else [self.space]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a file."""

    place: Place
    message: str


@dataclass(frozen=True)
class Draft:
    """A file as read: its Config if it has the right form, and the faults of form that were found.

    datasets, methods: the entries that have the right form, by position, so that a fault elsewhere does not hide
    theirs.
    """

    path: Path
    raw: Any  # ruamel's tree, which knows line and column
    config: Config | None
    faults: tuple[Fault, ...]
    datasets: Mapping[int, DatasetSpec] = field(default_factory=dict)
    methods: Mapping[int, MethodSpec] = field(default_factory=dict)

    def raise_faults(self, more: Sequence[Fault] = ()) -> Config:
        """The Config, or Mistake with every fault, a line each."""
        faults = sorted({*self.faults, *more}, key=lambda fault: self._position(fault.place))
        if faults or self.config is None:
            lines = [f"{self.where(fault.place)}: {fault.message}" for fault in faults]
            count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
            raise Mistake("\n".join([f"{count} in {self.path}", *lines]))
        return self.config

    def where(self, place: Place) -> str:
        """`file:line:column: key` of a place in the file."""
        line, column = self._position(place)
        return f"{self.path}:{line}:{column}: {'.'.join(map(str, place)) or 'top level'}"

    def _position(self, place: Place) -> tuple[int, int]:
        node, position = self.raw, (1, 1)
        for step in place:
            try:
                line, column = node.lc.item(step) if isinstance(step, int) else node.lc.key(step)
                node = node[step]
            except (AttributeError, KeyError, TypeError, IndexError):
                break
            position = (line + 1, column + 1)
        return position


def read_config(path: Path) -> Draft:
    """Read a file. Raises Mistake if it is missing or no YAML; faults of form are collected in the Draft."""
    raw = _parse(path)
    if not isinstance(raw, Mapping):
        raise Mistake(f"{path}:1:1: a comparison is a mapping with the keys datasets and methods, not {raw!r}")
    plain = _plain(raw)
    for section in ("datasets", "methods"):
        if isinstance(plain.get(section), list):
            plain[section] = [{"name": entry} if isinstance(entry, str) else entry for entry in plain[section]]
    _expand_learners(plain)
    plain.setdefault("name", path.stem)
    config, faults = _validate(Config, plain, ())
    return Draft(
        path,
        raw,
        config,
        tuple(faults),
        dict(_entries(DatasetSpec, plain.get("datasets"))),
        dict(_entries(MethodSpec, plain.get("methods"))),
    )


def dump(config: Config) -> str:
    """The config as YAML, every default filled in."""
    from io import StringIO

    text = StringIO()
    YAML(typ="safe", pure=True).dump(config.model_dump(mode="json"), text)
    return text.getvalue()


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
        raise Mistake(f"{place}: not YAML: {str(error.problem or error.context).splitlines()[0]}") from error
    except YAMLError as error:
        raise Mistake(f"{path}: not YAML: {str(error).splitlines()[0]}") from error


def _plain(node: Any) -> Any:
    """ruamel's tree without its marks."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _expand_learners(plain: dict[str, Any]) -> None:
    def expand(entry: Any) -> Any:
        return {"path": entry} if isinstance(entry, str) else entry

    if "learner" in plain:
        given = plain["learner"]
        plain["learner"] = [expand(entry) for entry in given] if isinstance(given, list) else expand(given)


def _entries(model: type[Any], section: object) -> Iterator[tuple[int, Any]]:
    for position, entry in enumerate(section if isinstance(section, list) else []):
        valid, _ = _validate(model, entry, ())
        if valid is not None:
            yield position, valid


def _validate(model: type[Any], content: object, base: Place) -> tuple[Any, list[Fault]]:
    try:
        return model.model_validate(content), []
    except pydantic.ValidationError as error:
        return None, _merged(base, error.errors())


def _merged(base: Place, errors: Sequence[Any]) -> list[Fault]:
    """One fault a place: the branches of a union each complain, and are told as one."""
    by_place: dict[Place, list[str]] = {}
    for error in errors:
        place = base + tuple(step for step in error["loc"] if _in_file(step, error))
        by_place.setdefault(place, []).append(_message(error, place))
    return [Fault(place, ", or ".join(dict.fromkeys(messages))) for place, messages in by_place.items()]


_FIELDS = {
    name for model in (Config, DatasetSpec, MethodSpec, LearnerSpec, SpaceSpec, TuneSpec) for name in model.model_fields
}


def _in_file(step: str | int, error: Any) -> bool:
    """Whether a step of pydantic's location is a key or position in the file, not the name of a union's branch."""
    return isinstance(step, int) or step in _FIELDS or (error["type"] == "extra_forbidden" and step == error["loc"][-1])


def _message(error: Any, place: Place) -> str:
    value = error["input"]
    if error["type"] == "extra_forbidden":
        known = _siblings(place)
        return f"no such key{nearest_name(str(place[-1]), known)}; there are: {', '.join(known)}"
    if error["type"] == "missing":
        return f"is missing: {error['loc'][-1]}"
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    return f"{shown}: {error['msg'].lower()}"


def _siblings(place: Place) -> list[str]:
    owner = place[-2] if len(place) > 1 and isinstance(place[-2], str) else ""
    model = {"learner": LearnerSpec, "tune": TuneSpec}.get(owner, Config)
    return list(model.model_fields)
