"""The numbers that docs/design.md gives are those of the code, and what the code cites is there."""

import ast
import operator
import re

import pytest

from forms.load import load_study
from tests.conftest import FLAGSHIP
from tests.serving import ROOT

PAGE = (ROOT / "docs" / "design.md").read_text("utf-8")
PARTS = ("survey", "forms", "exports")
MODULES = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
    ast.Pow: operator.pow,
}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 24 * 3600}
BYTES = {"KiB": 2**10, "MiB": 2**20}
FLOOR = r"\| ([A-D]) \| (\d+) \| ([\d.]+) \| (\d+) \|"
RANGE = re.compile(r"(-?\d+) to (-?\d+)")


def number(node):
    """The number (of a span of time: seconds) that an expression is; None for anything else."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand) if (value := number(operand)) is not None:
            return -value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATIONS:
            parts = number(left), number(right)
            return None if None in parts else OPERATIONS[type(op)](*parts)
        case ast.Call(func=ast.Name("timedelta"), keywords=[ast.keyword("days", days)]):
            return number(days) * SECONDS["day"]
        case ast.Call(func=ast.Name("Limit"), args=[_, ast.Constant(most)]):
            return most
        case ast.Call(func=ast.Name("range"), args=[first, end]):
            return range(number(first), number(end))
    return None


def assigned(body):
    """Name → expression, of everything assigned right here; several at once one by one."""
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Tuple(names)], value=ast.Tuple(values)):
                yield from zip(map(ast.unparse, names), values, strict=True)
            case ast.Assign(targets=[ast.Name(name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(name), value=ast.expr() as value):
                yield name, value
            case ast.ClassDef(name=owner, body=inner):
                yield from ((f"{owner}.{name}", value) for name, value in assigned(inner))


def numbers_in(module):
    found = {n: number(v) for n, v in assigned(ast.parse(module.read_text("utf-8")).body)}
    return {name: value for name, value in found.items() if value is not None}


def read(name, said):
    """What a cell of the page says, in the unit of the constant ``name``."""
    if bounds := RANGE.match(said):
        return range(int(bounds[1]), int(bounds[2]) + 1)
    digits, unit, *_ = f"{said} -".split()
    value = float(digits.replace(",", ""))
    one = SECONDS["minute"] if name.endswith("_MINUTES") else 1
    return value * {**SECONDS, **BYTES}.get(unit.removesuffix("s"), 1) / one


def told():
    """Names of a row → its values."""
    rows = {}
    for names, values in re.findall(
        r"^\| (`[A-Z][\w.]*`(?:, `\w+`)*) \| ([^|]+) \|", PAGE, re.MULTILINE
    ):
        each = tuple(re.findall(r"`([\w.]+)`", names))
        said = zip(each, values.split(", "), strict=True)
        rows[each] = [read(name, value) for name, value in said]
    return rows


CODE = [numbers_in(module) for module in MODULES]
TOLD = told()


@pytest.mark.parametrize("names", TOLD, ids=", ".join)
def test_a_number_of_the_page_is_defined_once_in_the_code(names):
    found = {name: [here[name] for here in CODE if name in here] for name in names}
    assert found == {name: [value] for name, value in zip(names, TOLD[names], strict=True)}


def test_every_row_of_the_page_is_compared():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| `[A-Z]", line)]
    assert len(TOLD) == len(rows) > 60


def test_the_shipped_study_asks_what_the_page_says():
    policy = load_study(FLAGSHIP).policy
    floors = {n: (t.k, t.max_violating, t.min_rows_per_language) for n, t in policy.tiers.items()}
    rows = re.findall(FLOOR, PAGE)
    assert {n: (int(k), float(share), int(rows)) for n, k, share, rows in rows} == floors
    for name, value in re.findall(r"^\| `([a-z]\w+)` \| (\d+) \|", PAGE, re.MULTILINE):
        assert getattr(policy, name) == int(value)


def test_a_page_that_code_cites_is_there():
    text = "\n".join(module.read_text("utf-8") for module in MODULES)
    pages = set(re.findall(r"docs/[\w/-]+(?:\.md)?", text))
    assert [page for page in pages if not list(ROOT.glob(f"{page}*"))] == []
    headings = set(re.findall(r"docs/design\.md, ([A-Z]\w+(?: [a-z]+)?)", text))
    assert len(headings) > 3
    assert {f"## {heading}" for heading in headings} <= set(PAGE.splitlines())
