"""``lacrima anonymise DATA --start POLICY``: a first policy with its hierarchies, to be edited.

Files are new, for their owner alone, and come all or not at all. Values stand in hierarchies of
quasi-identifiers and nowhere else; a comment beside each list says why its columns are there.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from exports.errors import ExportRefused
from exports.tabular.column_content import FEWEST, RARE, ColumnContent
from exports.tabular.column_names import (
    IDENTIFIER,
    kind_by_name,
    may_be_shared,
    tells_people_apart,
)
from exports.tabular.hierarchy_files import hierarchy_text, stem_of, write_new
from exports.tabular.input_table import AS_IT_SAYS, ReadOptions
from exports.tabular.open_table import read_table
from exports.tabular.people import ids_of
from exports.tabular.role_guesses import OWN, Guess, guess, toml_text

LIMIT = 0.05  # so that a first run does not fail on a few rows that are like no others

_ROLES = {
    "identifier": "Never leaves: names, addresses, numbers.",
    "person": "Never leaves. It repeats, so it tells whose each row is: k counts these people, not"
    " rows. Decide: if it only repeats by chance, move it to left_out.",
    "household": "Never leaves: tells households apart, which k then counts.",
    "left_out": "Never leaves, and tells nobody apart.",
    "quasi_identifier": "What others may know of somebody: made coarser. Decide: what could a"
    " neighbour, a colleague or the press know? Each column more costs detail in all others.",
    "sensitive": "What nobody should learn: leaves as it is; l and t in [privacy] protect it.",
    "plain": "Leaves as it is, protected by nothing. Decide: which of these might somebody know?",
}
_HEAD = """\
# A first policy, guessed from the names of the columns and from what they hold. Whether it protects
# anybody is yours to judge: read every line, and move what is wrong.
"""
_PRIVACY = """
[privacy]
# So many people at least look alike: 5 is usual for data given to named researchers, 12 for open
# data.
k = {k}
# So many different values at least of each sensitive column in every group of people alike.
# l = 2
# Share of people of whom rows may be left out, so that the others keep more detail. 0: nobody.
suppression_limit = {limit}"""


Labels = Mapping[str, Mapping[str, str]]
_NO_VALUES = "Cells of sensitive columns that are no value: l does not count them."


@dataclass(frozen=True, slots=True)
class Started:
    """What was written: the policy, how many hierarchy files, and the columns of each role."""

    policy: Path
    files: int
    roles: Mapping[str, Sequence[str]]


def start(data: Path, policy: Path, how: ReadOptions = AS_IT_SAYS) -> Started:
    """Write a first policy for the table in ``data``, and its hierarchies into a folder beside it.

    Raise ExportRefused where either exists already, or where the table is too small for any.
    """
    folder = policy.parent / f"{policy.stem}-hierarchies"
    for path in (policy, folder):
        if path.exists() or path.is_symlink():
            raise ExportRefused(f"{path} is there already: --start writes a new policy only.")
    read = read_table(data, how)
    if read.cells.height < RARE:
        raise ExportRefused(
            f"{data} has {read.cells.height} rows: k = {RARE} rows alike cannot be had from them."
        )
    missing, labels = read.metadata.missing, read.metadata.value_labels
    contents = [
        ColumnContent(column, missing.get(column.name, ()), labels.get(column.name, ()))
        for column in read.cells
    ]
    if any(_reads_like_an_answer(content) for content in contents):
        raise ExportRefused(
            f"{data}: the first line must name the columns, and cells of it read like answers."
        )
    guesses = _of_people(read.cells, [guess(content) for content in contents])
    hierarchies = _file_names(guesses)
    text = _policy_text(
        guesses, {name: f"{folder.name}/{file}" for name, file in hierarchies.items()}, labels
    )
    files = {hierarchies[one.column]: hierarchy_text(one.lines) for one in guesses if one.lines}
    _write(policy, text, folder, files)
    roles = {role: [one.column for one in guesses if one.role == role] for role in _ROLES}
    return Started(policy, len(files), roles)


def _reads_like_an_answer(content: ColumnContent) -> bool:
    """Return whether a column's name may be somebody's: names stand in the policy, to be read."""
    name = ColumnContent(pl.Series("name", [content.name]))
    # Columns may be numbered; a number with decimals or of many digits is somebody's.
    number = bool(name.numbers and content.numbers) and not content.name.strip().isdecimal()
    people = name.names_people(labels=False) and content.names_people(labels=False)
    return bool(name.contacts) or name.dates or number or people


def _of_people(table: pl.DataFrame, guesses: Sequence[Guess]) -> list[Guess]:
    """Return the guesses with the one identifier that tells whose rows these are, if any repeat."""
    values = {
        one.column: ids_of(table[one.column].drop_nulls())
        for one in guesses
        if one.role == "identifier"
    }
    several = {
        name: cells.n_unique() for name, cells in values.items() if cells.is_duplicated().any()
    }
    keys = [name for name in several if tells_people_apart(name)]
    # Where almost every row has a value of its own, two may be alike by chance.
    by_chance = {one.column for one in guesses if one.why == OWN}
    others = [
        name
        for name in several
        if not may_be_shared(name) and not table[name].null_count() and name not in by_chance
        if kind_by_name(name) == IDENTIFIER or several[name] >= FEWEST
    ]
    person = max(keys or others, key=lambda name: several[name], default=None)
    return [_with_people(one, person, repeats=one.column in several) for one in guesses]


def _with_people(one: Guess, person: str | None, *, repeats: bool) -> Guess:
    if one.column == person:
        return replace(one, role="person")
    if repeats and person is None:
        why = f"{one.why}, but it repeats; if it tells whose each row is, make it person"
        return replace(one, role="left_out", why=why)
    return one


def _file_names(guesses: Iterable[Guess]) -> dict[str, str]:
    """Return a file's name for each column with lines, none twice on any system."""
    names: dict[str, str] = {}
    for one in guesses:
        if one.lines:
            stem, number = stem_of(one.column), 1
            while (name := f"{stem}{f'-{number}' * (number > 1)}.csv").lower() in {
                taken.lower() for taken in names.values()
            }:
                number += 1
            names[one.column] = name
    return names


def _meanings(one: Guess, labels: Labels) -> str:
    """Return what the data say of the codes in a hierarchy file."""
    said = labels.get(one.column, {})
    codes = [line[0] for line in one.lines if line[0] in said]
    return ", ".join(f"{toml_text(code)} is {toml_text(said[code])}" for code in codes)


def _policy_text(guesses: Sequence[Guess], files: Mapping[str, str], labels: Labels) -> str:
    parts = [_HEAD.rstrip()]
    if absent := sorted(frozenset[str]().union(*(one.no_values for one in guesses))):
        parts += ["", *_comment(_NO_VALUES), f"missing = [{_names(absent)}]"]
    parts += [_PRIVACY.format(k=RARE, limit=LIMIT), "", "[roles]"]
    for role, said in _ROLES.items():
        asked = [one for one in guesses if one.role == role]
        if asked or role == "quasi_identifier":
            parts += [*_comment(said), f"{role} = [", *_listed(asked), "]"]
    if empty := [one.column for one in guesses if one.role == "empty"]:
        parts += _comment(f"Without any value, so without a role: {_names(empty)}.")
    keys = [one for one in guesses if one.role == "quasi_identifier"]
    parts += ["", "[hierarchies]"]
    parts += _comment(
        "How each may be made coarser. Files are tables of value, groups and *: rename and regroup"
        " what belongs together, as nothing is known here but how often each value occurs."
    )
    for one in keys:
        parts += _comment(_meanings(one, labels))
        parts.append(f"{_key(one.column)} = {one.rule or toml_text(files[one.column])}")
    rules = [one for one in guesses if one.rule and one.role in ("sensitive", "plain")]
    if rules:
        parts += ["", "[numbers]"]
        parts += _comment(
            "Numbers of their own point at people: rounded, and one number for the few at each end."
        )
        parts += [f"{_key(one.column)} = {one.rule}" for one in rules]
    return "\n".join(parts) + "\n"


def _comment(text: str, indent: str = "") -> list[str]:
    start = f"{indent}# "
    return textwrap.wrap(
        text, 100, initial_indent=start, subsequent_indent=start, break_long_words=False
    )


def _listed(guesses: Sequence[Guess]) -> Iterator[str]:
    """Yield the columns by why they are there, in the order of the table."""
    reasons = dict.fromkeys(one.why for one in guesses)
    for why in reasons:
        yield from _comment(why, "    ")
        names = [f"{toml_text(one.column)}," for one in guesses if one.why == why]
        # Names hold spaces of their own, at which no line may break.
        line = "   "
        for name in names:
            if len(line) + len(name) >= 100 and line.strip():
                yield line
                line = "   "
            line += f" {name}"
        yield line


def _names(columns: Iterable[str]) -> str:
    return ", ".join(map(toml_text, columns))


def _key(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else toml_text(column)


def _write(policy: Path, text: str, folder: Path, files: Mapping[str, str]) -> None:
    """Write the files and at last the policy. Raise ExportRefused and leave nothing behind."""
    made = False
    try:
        policy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if files:
            folder.mkdir(mode=0o700)
            made = True
        for name, content in files.items():
            write_new(folder / name, content)
        write_new(policy, text)
    except BaseException as fault:
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(fault, OSError):
            why = fault.strerror or fault
            raise ExportRefused(f"{policy} cannot be written: {why}.") from None
        raise
