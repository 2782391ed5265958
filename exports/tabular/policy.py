"""The policy of ``lacrima anonymise``, checked before any data is read.

docs/anonymise.md shows the format. Every fault is one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from exports.errors import ExportRefused
from exports.tabular.delimited import unreadable
from exports.tabular.made_hierarchies import MadeHierarchy, made_hierarchy
from exports.tabular.number_rules import NumberRule, number_rules
from exports.tabular.wildcards import without_wildcards
from forms.toml_tables import parse_toml

IDS = ("person", "household")
HIDDEN = ("identifier", "left_out", *IDS)
ROLES = (*HIDDEN, "quasi_identifier", "sensitive", "plain")
MODES = ("local", "one-coding")


def _whole(value: Any, low: int) -> bool:
    # In Python true is a whole number; in a policy it is none.
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


def _number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _shares(value: Any) -> bool:
    both = isinstance(value, list) and len(value) == 2 and all(_number(v, 0, 1) for v in value)
    return both and value[0] <= value[1]


# The keys of [privacy]: in words what each must be, and the same as a test.
_PRIVACY: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "k": ("a whole number from 2", lambda v: _whole(v, 2)),
    "l": ("a whole number from 1", lambda v: _whole(v, 1)),
    "entropy_l": ("a number from 1", lambda v: _number(v, 1, math.inf) and v < math.inf),
    "t": ("a number from 0 to 1", lambda v: _number(v, 0, 1)),
    "presence": ("two shares from 0 to 1, the smaller first", _shares),
    "mode": ('"local" or "one-coding"', lambda v: v in MODES),
    "suppression_limit": ("a share from 0 to 1", lambda v: _number(v, 0, 1)),
    "seed": ("a whole number from 0", lambda v: _whole(v, 0) and v < 2**63),
}
# Those that may be one for all sensitive columns, or a table of columns.
_PER_COLUMN = ("l", "entropy_l", "t")
_TABLES = ("privacy", "roles", "hierarchies", "ordered", "numbers", "population", "known")

Mode = Literal["local", "one-coding"]
Said = TypeVar("Said")
Order = tuple[str, ...] | Literal["numbers"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as read. Paths are resolved against the policy's folder.

    ``roles`` maps each role to its columns; ``hierarchies`` a quasi-identifier to its file
    or rule;
    ``ordered`` a sensitive column to its values from lowest to highest, or to "numbers";
    ``numbers`` a sensitive or plain column to how its numbers are written;
    ``missing`` a sensitive column to cells that are no value;
    ``known`` a column that may tell of the quasi-identifiers to who knows it anyway;
    ``content`` is the file as it stands, for the report to repeat. What is None is not asked; l,
    entropy l and t may be one for all sensitive columns or a mapping of those that are meant.
    """

    path: Path
    k: int
    roles: Mapping[str, tuple[str, ...]]
    hierarchies: Mapping[str, Path | MadeHierarchy]
    l: int | Mapping[str, int] = 1  # noqa: E741 - the condition's name
    entropy_l: float | Mapping[str, float] = 1.0
    t: float | Mapping[str, float] | None = None
    presence: tuple[float, float] | None = None
    mode: Mode = "local"
    suppression_limit: float = 0.0
    seed: int = 0
    ordered: Mapping[str, Order] = field(default_factory=dict)
    numbers: Mapping[str, NumberRule] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    population: Path | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Columns to generalise."""
        return self.roles["quasi_identifier"]

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Columns that l and t speak of."""
        return self.roles["sensitive"]

    @property
    def hidden(self) -> tuple[str, ...]:
        """Columns that never leave."""
        return tuple(name for role in HIDDEN for name in self.roles[role])

    @property
    def ids(self) -> tuple[str, ...]:
        """Columns that tell people or households apart."""
        return tuple(name for role in IDS for name in self.roles[role])

    @property
    def unit(self) -> str:
        """What k counts."""
        if self.roles["household"]:
            return "households"
        return "people" if self.roles["person"] else "rows"

    def of_column(self, name: str) -> tuple[int, float, float | None]:
        """Return l, entropy l and t asked of a sensitive column."""
        return (
            self.l.get(name, 1) if isinstance(self.l, Mapping) else self.l,
            self.entropy_l.get(name, 1.0)
            if isinstance(self.entropy_l, Mapping)
            else self.entropy_l,
            self.t.get(name) if isinstance(self.t, Mapping) else self.t,
        )

    def without(self, columns: Collection[str]) -> Policy:
        """Return the policy for a table in which these columns say nothing.

        Raise ExportRefused where what is asked speaks of nothing else.
        """
        roles = {
            role: tuple(n for n in names if role in HIDDEN or n not in columns)
            for role, names in self.roles.items()
        }
        left = replace(
            self,
            roles=roles,
            hierarchies=_lacking(self.hierarchies, columns),
            ordered=_lacking(self.ordered, columns),
            numbers=_lacking(self.numbers, columns),
        )
        _refuse_contradictions(left)
        return left

    def leaving_apart(self, missing: Mapping[str, frozenset[str]]) -> Policy:
        """Return the policy whose rules leave to themselves what the file declares missing."""
        hierarchies = {
            name: replace(said, apart=said.apart | missing.get(name, frozenset()))
            if isinstance(said, MadeHierarchy)
            else said
            for name, said in self.hierarchies.items()
        }
        numbers = {
            name: replace(rule, apart=rule.apart | missing.get(name, frozenset()))
            for name, rule in self.numbers.items()
        }
        return replace(self, hierarchies=hierarchies, numbers=numbers)


def _lacking(table: Mapping[str, Said], columns: Collection[str]) -> dict[str, Said]:
    return {name: said for name, said in table.items() if name not in columns}


def read_policy(path: Path, columns: Callable[[], Sequence[str]]) -> Policy:
    """The policy of a TOML file. Raise ExportRefused with what is wrong and where.

    ``columns`` gives those of the data; it is called only where a wildcard stands for some of them.
    """
    content = _toml(path)
    _refuse_unknown(path, content, (*_TABLES, "missing"), "table")
    tables = {name: _table(path, content, name) for name in _TABLES}
    roles = _roles(path, tables["roles"], columns)
    policy = Policy(
        path,
        roles=roles,
        hierarchies=_hierarchies(path, tables["hierarchies"], roles["quasi_identifier"]),
        ordered=_ordered(path, tables["ordered"], roles["sensitive"]),
        numbers=number_rules(path, tables["numbers"], roles["sensitive"] + roles["plain"]),
        missing=_missing(path, content.get("missing", []), roles["sensitive"]),
        population=_population(path, tables["population"]),
        known=_known(path, tables["known"], (*roles["sensitive"], *roles["plain"])),
        content=content,
        **_privacy(path, tables["privacy"], roles["sensitive"]),
    )
    _refuse_contradictions(policy)
    return policy


def suggestion(name: str, known: Iterable[str]) -> str:
    """A question after a misspelt name, or nothing when no known name is near."""
    # difflib minds capitals: Age and AGE are too far apart for it.
    near = get_close_matches(name, list(known), n=1) or [
        other for other in known if other.lower() == name.lower()
    ]
    if not near:
        return ""
    return f" Did you mean {near[0]}?" if near[0] == near[0].strip() else f' There is "{near[0]}".'


def _toml(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path.read_text("utf-8-sig"))
    except OSError as fault:
        raise ExportRefused(unreadable(path, fault)) from None
    except UnicodeDecodeError as fault:
        raise ExportRefused(
            f"{path} is not UTF-8: byte {fault.start + 1}. Save it as UTF-8."
        ) from None
    except ValueError as fault:
        raise ExportRefused(f"{path} is not valid TOML: {fault}.") from None


def _table(path: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, Mapping):
        raise ExportRefused(f"{path}: {name} must be a table, [{name}].")
    if not table and name in ("privacy", "roles"):
        raise ExportRefused(f"{path}: there is no table [{name}].")
    return table


def _refuse_unknown(path: Path, keys: Iterable[str], known: Sequence[str], what: str) -> None:
    for key in keys:
        if key not in known:
            hint = suggestion(key, known) or f" There are: {', '.join(known)}."
            raise ExportRefused(f"{path}: unknown {what} {key}.{hint}")


def _privacy(path: Path, table: Mapping[str, Any], sensitive: Sequence[str]) -> dict[str, Any]:
    """The keys of [privacy], each checked to be what it must."""
    if "missing" in table:
        raise ExportRefused(f"{path}: missing stands above [privacy], at the top of the policy.")
    _refuse_unknown(path, table, tuple(_PRIVACY), "key in [privacy]:")
    if "k" not in table:
        raise ExportRefused(f"{path}: [privacy] must say k, the smallest number of rows alike.")
    for key, value in table.items():
        words, fits = _PRIVACY[key]
        each = {key: value}
        if key in _PER_COLUMN and isinstance(value, Mapping):
            each = {f"{key}.{column}": one for column, one in value.items()}
            if unknown := [column for column in value if column not in sensitive]:
                hint = suggestion(unknown[0], sensitive)
                raise ExportRefused(
                    f"{path}: {key} names {unknown[0]}, which is no sensitive column.{hint}"
                )
        for name, one in each.items():
            if not fits(one):
                shown = f'"{one}"' if isinstance(one, str) else one
                raise ExportRefused(f"{path}: {name} = {shown} must be {words}.")
    found = dict(table)
    if "presence" in found:
        found["presence"] = tuple(float(share) for share in found["presence"])
    return found


def _names(path: Path, key: str, value: object) -> tuple[str, ...]:
    """A list of column names."""
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ExportRefused(f'{path}: {key} must be a list of column names, such as ["age"].')
    return tuple(cast("list[str]", value))


def _roles(
    path: Path, table: Mapping[str, Any], columns: Callable[[], Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    _refuse_unknown(path, table, ROLES, "role in [roles]:")
    lists = {role: _names(path, role, table.get(role, [])) for role in ROLES}
    roles = without_wildcards(path, lists, columns)
    taken: dict[str, str] = {}
    for role, names in roles.items():
        for column in names:
            if column in taken:
                both = {taken[column], role}
                where = " and ".join(sorted(both)) if len(both) > 1 else f"{role} twice"
                raise ExportRefused(
                    f"{path}: {column} is in {where}; a column has exactly one role."
                )
            taken[column] = role
    for role in IDS:
        if len(roles[role]) > 1:
            raise ExportRefused(
                f"{path}: {role} names {len(roles[role])} columns; one tells them apart. Join them"
                " to one column in the data."
            )
    if not roles["quasi_identifier"]:
        raise ExportRefused(
            f"{path}: quasi_identifier names no column; there is nothing to protect people by."
        )
    return roles


def _hierarchies(
    path: Path, table: Mapping[str, Any], columns: Sequence[str]
) -> dict[str, Path | MadeHierarchy]:
    found: dict[str, Path | MadeHierarchy] = {}
    for column, said in table.items():
        if column not in columns:
            hint = suggestion(column, columns)
            raise ExportRefused(
                f"{path}: [hierarchies] has {column}, which is no quasi-identifier.{hint}"
            )
        if isinstance(said, Mapping):
            found[column] = made_hierarchy(f"{path}: hierarchies.{column}", said)
        elif isinstance(said, str) and said:
            found[column] = path.parent / said
        else:
            raise ExportRefused(
                f'{path}: hierarchies.{column} must be a file name, such as "age.csv", or a rule,'
                " such as { bands = [5, 10] }."
            )
    lacking = [column for column in columns if column not in table]
    if lacking:
        raise ExportRefused(
            f"{path}: [hierarchies] names no file or rule for {', '.join(lacking)}."
        )
    return {column: found[column] for column in columns}


def _refuse_other(path: Path, key: str, column: str, columns: Sequence[str], role: str) -> None:
    """Raise ExportRefused where the table ``key`` of a policy names a column of another role."""
    if column not in columns:
        hint = suggestion(column, columns)
        raise ExportRefused(f"{path}: [{key}] has {column}, which is no {role} column.{hint}")


def _ordered(path: Path, table: Mapping[str, Any], sensitive: Sequence[str]) -> dict[str, Order]:
    for column, order in table.items():
        _refuse_other(path, "ordered", column, sensitive, "sensitive")
        words = isinstance(order, list) and all(isinstance(v, str) for v in order)
        if order != "numbers" and not (words and order and len(set(order)) == len(order)):
            raise ExportRefused(
                f'{path}: ordered.{column} must be "numbers" or a list of its values as text,'
                " lowest first, none twice."
            )
    return {c: o if o == "numbers" else tuple(o) for c, o in table.items()}


def _known(path: Path, table: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """Column → who knows it, in words."""
    for column, who in table.items():
        _refuse_other(path, "known", column, columns, "plain or sensitive")
        if not isinstance(who, str) or not who.strip():
            raise ExportRefused(
                f'{path}: known.{column} must say who knows it, such as "the clinic alone".'
            )
    return dict(table)


def _missing(path: Path, value: object, sensitive: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Cells that are no value: a list for every sensitive column, or a list for each."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(sensitive, _no_values(path, "missing", value))
    for column in value:
        _refuse_other(path, "missing", column, sensitive, "sensitive")
    return {column: _no_values(path, f"missing.{column}", value[column]) for column in value}


def _no_values(path: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(cell, str) or _number(cell, -math.inf, math.inf) for cell in value
    ):
        raise ExportRefused(
            f'{path}: {key} must be a list of cells that are no value, such as [-99, "NA"].'
        )
    return tuple(str(cell) for cell in value)


def _population(path: Path, table: Mapping[str, Any]) -> Path | None:
    _refuse_unknown(path, table, ("data",), "key in [population]:")
    if not table:
        return None
    if not isinstance(table["data"], str) or not table["data"]:
        raise ExportRefused(
            f'{path}: population.data must be a file name, such as "everybody.csv".'
        )
    return path.parent / table["data"]


def _refuse_contradictions(policy: Policy) -> None:
    """Raise ExportRefused for keys that ask for each other."""
    # A table of columns names sensitive ones only: that was checked.
    asks = {"l": policy.l, "entropy_l": policy.entropy_l, "t": policy.t}
    asked = [n for n, v in asks.items() if not isinstance(v, Mapping) and v not in (None, 1, 1.0)]
    if asked and not policy.sensitive:
        raise ExportRefused(f"{policy.path}: {asked[0]} is asked for, but no column is sensitive.")
    if policy.presence and policy.unit == "households":
        raise ExportRefused(
            f"{policy.path}: presence counts people, and with the role household k counts"
            " households: ask for one of the two."
        )
    if policy.presence and not policy.population:
        raise ExportRefused(
            f"{policy.path}: presence needs the population: [population] data = FILE."
        )
    if policy.population and not policy.presence:
        raise ExportRefused(
            f"{policy.path}: [population] is used by presence alone, which is not asked."
        )
