"""What a comparison's file can say. A key's description is what it may hold, a colon, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

T = TypeVar("T")


class Twice(ValueError):
    """A value stands twice in a list, the second time at `position`."""

    def __init__(self, value: object, position: int) -> None:
        super().__init__(f"{written(value)} stands here twice")
        self.position = position


def written(value: object) -> str:
    """A value as a file has it: of a mapping the keys that were given.

    >>> written(0.3), written("encoded"), written(SpaceSpec(method="fare", gamma=0))
    ('0.3', "'encoded'", '{method: fare, gamma: 0}')
    """
    if not isinstance(value, BaseModel):
        return repr(value)
    given = value.model_dump(exclude_unset=True)
    alone = list(given) == ["path"]
    return repr(given["path"]) if alone else f"{{{', '.join(f'{key}: {of}' for key, of in given.items())}}}"


def _distinct(values: list[T]) -> list[T]:
    for position, value in enumerate(values):
        if any(type(value) is type(other) and value == other for other in values[:position]):
            raise Twice(value, position)
    return values


Some = Annotated[list[T], Field(min_length=1), AfterValidator(_distinct)]
Grids = dict[str, Some[Any]]
Share = Annotated[float, Field(gt=0, lt=1)]
Known = Literal["all"] | Annotated[int, Field(ge=1)]
Alpha = Annotated[float, Field(gt=0, le=1)]
Budget = Annotated[int, Field(ge=0)] | Annotated[float, Field(ge=0, le=1)]

CALLED = "text: what tables and pictures call it; the name by default"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Open(BaseModel):
    """Keys that are not declared are knobs; `check` compares them with the card."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    @property
    def knobs(self) -> dict[str, Any]:  # a knob's value is whatever its method takes
        """What is given beyond the declared keys."""
        return dict(self.__pydantic_extra__ or {})


class DatasetSpec(_Open):
    """A data set: its name or a mapping; further keys are its knobs."""

    name: str = Field(description="a name that `fwk datasets` lists: which data set")
    called: str = Field(default="", description=CALLED)
    minority: str = Field(
        default="", description="an expression over the raw columns, such as race == 'Black': who is the minority"
    )
    keep: str | None = Field(
        default=None,
        description="an expression over the raw columns, such as age > 17: the rows to keep; '' for all; the card's by "
        "default",
    )
    group_in_X: bool | Some[bool] = Field(
        default=True, description="true, false or a list of both: whether the sensitive attribute is among the features"
    )
    test: Literal["published"] | Share | None = Field(
        default=None, description="'published', or a share between 0 and 1 such as 0.2: the test part"
    )
    missing: Literal["learner", "impute"] = Field(
        default="learner",
        description="'learner' or 'impute': leave gaps to the learner, or fill them on train",
    )


class MethodSpec(_Open):
    """A method: its name or a mapping; further keys are its knobs, fixed."""

    name: str = Field(description="a name that `fwk methods` lists: which method")
    called: str = Field(default="", description=CALLED)
    sweep: Some[Any] | Grids | None = Field(
        default=None, description="a list of values, or {knob: [values]}: what the front is drawn over"
    )
    tune: Grids | Literal[False] | None = Field(
        default=None,
        description="{knob: [values]}, or false for none: knobs to choose on the validation part",
    )
    each: Grids = Field(
        default_factory=dict, description="{knob: [values]}: knobs of which every value gets its own curve"
    )
    quick: bool = Field(default=True, description="true or false: whether --quick keeps it")


class LearnerSpec(_Strict):
    """A scikit-learn classifier."""

    path: str = Field(
        default="sklearn.ensemble.HistGradientBoostingClassifier",
        description="a dotted path such as sklearn.linear_model.LogisticRegression: the class",
    )
    params: dict[str, Any] = Field(default_factory=dict, description="a mapping {parameter: value}: its parameters")


class SpaceSpec(_Open):
    """A space learned by a firm-side method; further keys are its knobs."""

    method: str = Field(description="the name of a firm-side method: the one that learns the space")


class TuneSpec(_Strict):
    """How knobs are chosen on the validation part."""

    metric: str = Field(
        default="eqod", description="a name that `fwk metrics` lists: what is least on average over the trial settings"
    )
    trials: int = Field(
        default=3, ge=1, description="a whole number from 1: settings at which each choice of the tuned knobs is tried"
    )


Space = Literal["encoded", "standardised"] | SpaceSpec


class Config(_Strict):
    """One comparison."""

    name: str = Field(
        default="",
        pattern=r"^(\w[\w .-]*)?$",
        description="letters, digits, spaces, '.', '_' and '-': the comparison's name; the file's by default",
    )
    description: str = Field(default="", description="text: a sentence for the report")
    seed: int = Field(default=0, description="a whole number: everything random derives from it")
    repeats: int = Field(default=10, ge=1, description="a whole number from 1: how often all is repeated")
    resplit: bool = Field(
        default=True, description="true or false: whether each repeat draws new parts, or only a new collective"
    )
    validation: Share = Field(
        default=0.15, description="a share between 0 and 1: how much of what is not test is the validation part"
    )
    select: Literal["validation", "test"] = Field(
        default="validation", description="'validation' or 'test': the part on which fronts are chosen"
    )
    datasets: list[DatasetSpec] = Field(
        min_length=1, description="a list of names, or of mappings with a name: what the methods are compared on"
    )
    methods: list[MethodSpec] = Field(
        min_length=1, description="a list of names, or of mappings with a name: what is compared"
    )
    learner: LearnerSpec | Some[LearnerSpec] = Field(
        default=LearnerSpec(),
        description="a dotted path, {path: ..., params: {...}}, or a list of them: the classifier that a firm trains",
    )
    alpha: Alpha | Some[Alpha] = Field(
        default=0.3,
        description="a share above 0 up to 1, or a list of them: how much of the minority in the train part joins",
    )
    majority_known: Known | Some[Known] = Field(
        default="all",
        description="'all', a whole number from 1, or a list of them: majority members that the collective knows",
    )
    space: Space | Some[Space] = Field(
        default="encoded",
        description="'encoded', 'standardised', {method: NAME}, or a list of them: where distances are measured",
    )
    budgets: Literal["auto"] | Some[Budget] = Field(
        default="auto",
        description="'auto', or a list of counts (75) or shares of the candidates (0.5): how many labels flip",
    )
    tune: TuneSpec = Field(default=TuneSpec(), description="a mapping {metric: ..., trials: ...}: how knobs are chosen")
    audit: list[str] | None = Field(
        default=None,
        description="a list of raw columns: what results are broken down by; the data set's own by default",
    )
    bootstrap: int = Field(
        default=1000, ge=0, description="a whole number from 0: draws of test people for the intervals; 0 for none"
    )
    timeout: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="seconds, above 0: how long one fit may take"
    )
    output: str = Field(default="", description="a folder: where results go; results/<name> by default")
    tracking_uri: str = Field(default="", description="an address: the MLflow server; mlruns/ here by default")

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


def to_yaml(content: Mapping[str, Any]) -> str:
    """Plain content as YAML 1.2, in its own order; tuples as lists."""
    text = StringIO()
    yaml = YAML(pure=True)
    yaml.default_flow_style = None
    yaml.width = 120
    yaml.dump(_listed(content), text)
    return text.getvalue()


def _listed(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {key: _listed(value) for key, value in node.items()}
    return [_listed(value) for value in node] if isinstance(node, list | tuple) else node
