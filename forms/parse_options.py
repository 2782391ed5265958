"""Options and rows of questions, read from questionnaire.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.study import Missing, Option, Row
from forms.toml_tables import NAME, NAME_RULE, TomlTable, duplicates, is_integer, listed, nearest

# No question can ask for a year of birth or a postcode: the widest range ends here.
HIGHEST_NUMBER = 1000

OPTION_RULE = '[[1, "Yes"], [2, "No"]], codes 0 or more'
MULTIPLE_RULE = '[[1, "key", "Label"], …], codes 0 or more'


@dataclass(frozen=True, slots=True)
class Shared:
    """The option sets, missing codes and branches that questions refer to by name."""

    sets: Mapping[str, tuple[Option, ...]]
    missing: Mapping[str, Missing]
    branches: tuple[str, ...]


def read_rows(table: TomlTable) -> tuple[Row, ...]:
    """Return the sentences of a grid or a list of statements."""
    return tuple(
        Row(t.name("variable"), t.text("text"), t.text("construct", required=False))
        for t in table.tables("rows", "variable", required=True)
    )


def read_option_set(table: TomlTable, shared: Shared, *, at_least: int) -> tuple[Option, ...]:
    """Return options written here, or those of the set that is named."""
    name = table.data.get("options")
    if isinstance(name, str):
        table.has("options")  # asking makes it a known key
        if name not in shared.sets:
            hint = nearest(name, shared.sets)
            table.fault("options", f"unknown option set {name!r}{hint}", listed(shared.sets))
        options = shared.sets.get(name, ())
    else:
        options = read_options(table, "options")
    if options and len(options) < at_least:
        table.fault("options", f"needs at least {at_least} options")
    return options


def read_options(table: TomlTable, key: str, *, keyed: bool = False) -> tuple[Option, ...]:
    """Return ``[[code, label], …]``, or ``[[code, key, label], …]`` for a multiple question."""
    entries = table.array(key)
    if not entries and key in table.data and isinstance(table.data[key], list):
        table.fault(key, "is empty", MULTIPLE_RULE if keyed else OPTION_RULE)
    found = [read_option(table, key, entry, keyed=keyed) for entry in entries]
    options = tuple(option for option in found if option)
    for code in duplicates(o.code for o in options):
        table.fault(key, f"code {code} stands there twice")
    for label in duplicates(o.label for o in options):
        table.fault(key, f"label {label!r} stands there twice")
    for name in duplicates(o.key for o in options if o.key):
        table.fault(key, f"key {name!r} stands there twice")
    return options


def read_option(table: TomlTable, key: str, entry: object, *, keyed: bool) -> Option | None:
    """Return one option; None, and a fault, when it is not made as it should be."""
    rule = MULTIPLE_RULE if keyed else OPTION_RULE
    parts = entry if isinstance(entry, list) else []
    if len(parts) != (3 if keyed else 2) or not all(isinstance(p, str) for p in parts[1:]):
        table.fault(key, f"{entry!r} is not an option", rule)
        return None
    code, label = parts[0], parts[-1].strip()
    # Codes below 0 are missing codes.
    if not is_integer(code) or not 0 <= code <= HIGHEST_NUMBER:
        table.fault(key, f"{code!r} cannot be the code of an answer", f"0 to {HIGHEST_NUMBER}")
        return None
    if not label:
        table.fault(key, f"code {code} has no label")
    if keyed and not NAME.fullmatch(parts[1]):
        table.fault(key, f"{parts[1]!r} is not a name that can stand here", NAME_RULE)
    return Option(code, label, parts[1] if keyed else "")
