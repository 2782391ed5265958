"""Findings on a written file, in numbers only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from exports.verify.equivalence_classes import Diversity, Risk
from exports.verify.inference import InferableCells
from exports.verify.leaks import AnswersKnown

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shape:
    """The file as a table. Counts are columns by name.

    ``absent`` columns are promised and not there, ``unknown`` ones there and not promised;
    ``one_each`` hold a different cell in every row.
    """

    rows: int = 0
    columns: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    in_order: bool = True
    one_each: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSummary:
    """Classes of rows alike in the core key. Counts are people unless said otherwise.

    ``k_rows`` is the smallest class by rows, ``people`` how many people have rows, ``k_all_rows``
    the fewest people who are in the same classes with all of their rows. ``k_exact`` is k by the
    cells as they stand, ``k_complete`` that among rows with a value in every column of the key,
    ``k_stratum`` that of rows in one stratum. ``count`` counts classes, ``sizes`` maps a class size
    to classes. ``batches`` are (rows, smallest class). ``suppressed_*`` show nothing in the key.
    """

    k: int = 0
    k_rows: int = 0
    people: int = 0
    k_all_rows: int = 0
    k_exact: int = 0
    k_complete: int | None = None
    k_stratum: int | None = None
    count: int = 0
    sizes: Mapping[int, int] = field(default_factory=dict)
    batches: tuple[tuple[int, int], ...] = ()
    unique: int = 0
    suppressed_classes: int = 0
    suppressed_rows: int = 0
    unique_insider: int = 0
    unique_insider_and_core: int = 0


@dataclass(frozen=True, slots=True)
class TruthComparison:
    """The file beside the true rows. Counts are people unless said otherwise.

    ``left_out`` lost at least one row; ``repeated`` and ``unpaired`` are rows. ``k_coverage`` is
    the fewest people whose released rows fit a released person, ``k_coverage_reverse`` the fewest
    whose true rows fit a released row; both are lower bounds unless ``exact``. ``untrue`` maps a
    column to its cells that do not stand for the true one.
    """

    rows_true: int
    left_out: int
    repeated: int
    unpaired: int
    unique_before: int
    k_coverage: int
    k_coverage_reverse: int
    exact: bool
    untrue: Counts


@dataclass(frozen=True, slots=True)
class Findings:
    """The measurements of one file. None is what could not be measured.

    ``broken`` says why the file is no table; everything else is then empty.
    """

    broken: str = ""
    shape: Shape = Shape()
    classes: ClassSummary = ClassSummary()
    diversity: Mapping[str, Diversity] = field(default_factory=dict)
    compared: TruthComparison | None = None
    prosecutor: Risk | None = None
    journalist: Risk | None = None
    marketer: float | None = None
    population: bool = False
    presence: tuple[float, float] | None = None
    answers: AnswersKnown | None = None
    suppressed: Counts = field(default_factory=dict)
    inferable: tuple[InferableCells, ...] = ()
    tell_arrival: tuple[str, ...] = ()
    unexplained: Counts = field(default_factory=dict)
    wrong_bands: tuple[tuple[str, str], ...] = ()
    wrong_lifted: Counts = field(default_factory=dict)
    sorted_by_content: bool = True
    order_correlation: float | None = None
    order_follows_input: bool = False

    @property
    def l(self) -> int | None:  # noqa: E743  # the literature has no other name for it
        """Fewest different values of any sensitive column in any class."""
        return min((one.distinct for one in self.diversity.values()), default=None)

    @property
    def entropy_l(self) -> float | None:
        """Smallest exp of the entropy of any sensitive column in any class."""
        return min((one.entropy for one in self.diversity.values()), default=None)

    @property
    def t(self) -> float | None:
        """Largest earth mover's distance of any sensitive column in any class (0-1)."""
        return max((one.distance for one in self.diversity.values()), default=None)

    def share(self, rows: int) -> float:
        """Return ``rows`` as a share of the file (0-1)."""
        return rows / self.shape.rows if self.shape.rows else 0.0

    def figures(self) -> dict[str, Any]:
        """Return every number under its name in JSON, shares rounded to 6 digits."""
        rounded: dict[str, Any] = _rounded({
            **self._of_classes(),
            **self._of_truth(),
            **self._of_risk(),
            **self._of_cells(),
        })  # fmt: skip
        return rounded

    def _of_classes(self) -> dict[str, Any]:
        classes = self.classes
        return {
            "rows": self.shape.rows,
            "people": classes.people,
            "k_value": classes.k,
            "k_rows": classes.k_rows,
            "k_all_rows": classes.k_all_rows,
            "k_exact": classes.k_exact,
            "k_complete": classes.k_complete,
            "k_stratum": classes.k_stratum,
            "l": self.l,
            "entropy_l": self.entropy_l,
            "t": self.t,
            "diversity": {name: asdict(one) for name, one in self.diversity.items()},
            "rows_alike": {name: one.rows_alike for name, one in self.diversity.items()},
            "classes": classes.count,
            "class_sizes": {str(size): count for size, count in classes.sizes.items()},
            "batches": [{"rows": rows, "k_value": k} for rows, k in classes.batches],
            "unique_after": classes.unique,
            "suppressed_classes": classes.suppressed_classes,
            "suppressed_rows": classes.suppressed_rows,
        }

    def _of_truth(self) -> dict[str, Any]:
        # None where there were no true rows, and so is each figure taken from it.
        beside = self.compared
        return {
            "k_coverage": beside and beside.k_coverage,
            "k_coverage_reverse": beside and beside.k_coverage_reverse,
            "k_coverage_exact": beside and beside.exact,
            "rows_true": beside and beside.rows_true,
            "rows_left_out": beside and beside.left_out,
            "rows_repeated": beside and beside.repeated,
            "rows_unpaired": beside and beside.unpaired,
            "unique_before": beside and beside.unique_before,
            "cells_untrue": None if beside is None else sum(beside.untrue.values()),
            "cells_untrue_by_column": beside and dict(beside.untrue),
            "sorted_by_content": self.sorted_by_content,
            "order_correlation": self.order_correlation,
            "order_follows_input": self.order_follows_input,
        }

    def _of_risk(self) -> dict[str, Any]:
        classes, known = self.classes, self.answers
        return {
            "prosecutor": self.prosecutor and asdict(self.prosecutor),
            "journalist": self.journalist and asdict(self.journalist),
            "marketer": self.marketer,
            "population_known": self.population,
            "presence": self.presence,
            "unique_insider": classes.unique_insider,
            "unique_insider_share": self.share(classes.unique_insider),
            "unique_insider_and_core": classes.unique_insider_and_core,
            "unique_insider_and_core_share": self.share(classes.unique_insider_and_core),
            "answers_known": known and {
                "columns": list(known.columns),
                "rows": known.rows,
                "alone": {str(many): share for many, share in known.alone.items()},
            },
        }  # fmt: skip

    def _of_cells(self) -> dict[str, Any]:
        return {
            "cells_withheld": sum(self.suppressed.values()),
            "cells_withheld_by_column": dict(self.suppressed),
            "cells_given_away": [
                {"column": one.column, "source": list(one.source), "cells": one.cells}
                for one in self.inferable
            ],
            "cells_unexplained": sum(self.unexplained.values()),
            "cells_unexplained_by_column": dict(self.unexplained),
            "cells_wrongly_lifted": sum(self.wrong_lifted.values()),
            "bands_untrue": [{"column": name, "cell": cell} for name, cell in self.wrong_bands],
            "columns_absent": list(self.shape.absent),
            "columns_unknown": list(self.shape.unknown),
            "columns_in_order": self.shape.in_order,
            "columns_one_value_each": list(self.shape.one_each),
            "columns_tell_arrival": list(self.tell_arrival),
            "broken": self.broken,
        }


def _rounded(value: Any) -> Any:
    """Return ``value`` with every fraction in it rounded."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(inner) for inner in value]
    return value
