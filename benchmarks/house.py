"""How easily the code is read, in figures: names, modules, functions, comments.

    python -m benchmarks.house [--write]

Prints the tables; with --write they go to benchmarks/results-house.md. About half a minute.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.passes import PRODUCT
from benchmarks.process import ROOT
from benchmarks.product import BIN, without_settings
from benchmarks.report import machine, table

APP = "survey/app.py"
INIT = "__init__.py"
RUNS = 15
# Pages that a reader of the code was once referred to; those in the repository are not counted.
PAGES = re.compile(r"\b(?:DESIGN|INSTRUMENT|CONSENT)\.md\b")
TEXTS = {".css", ".html", ".js", ".md", ".py", ".sh", ".toml"}
MADE = {"dist", "instance"}  # folders that are no part of the repository
LAYOUT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef
Places = Mapping[str, Sequence[str]]  # a name → the modules that have it


@dataclass(frozen=True, slots=True)
class Module:
    """A file of the product: its path in the checkout and its text."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of its syntax tree."""
        return ast.walk(ast.parse(self.text))

    def tokens(self) -> Iterator[tokenize.TokenInfo]:
        """Its tokens, comments included."""
        return tokenize.generate_tokens(io.StringIO(self.text).readline)


def modules_of(root: Path) -> list[Module]:
    """Every module of the product in the checkout ``root``, empty files too."""
    paths = [path for package in PRODUCT for path in sorted((root / package).rglob("*.py"))]
    return [Module(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths]


def _repeated(places: Places, count: Callable[[Sequence[str]], int]) -> Places:
    return {name: places[name] for name in sorted(places) if count(places[name]) > 1}


def _classes(modules: Iterable[Module], named: Callable[[str], str]) -> Places:
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for node in module.nodes():
            if isinstance(node, ast.ClassDef):
                found[named(node.name)].append(module.path)
    return found


def shared_classes(modules: Iterable[Module]) -> Places:
    """Class names, leading underscores apart, that are defined in several modules."""
    return _repeated(_classes(modules, lambda name: name.lstrip("_")), lambda p: len({*p}))


def repeated_classes(modules: Iterable[Module]) -> Places:
    """Class names exactly as written that are defined more than once, in one module or several."""
    return _repeated(_classes(modules, str), len)


def shared_files(modules: Iterable[Module]) -> Places:
    """File names used more than once; every package has its __init__.py, which is none."""
    found: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        if module.name != INIT:
            found[module.name].append(module.path)
    return _repeated(found, len)


def imported_by(module: Module, modules: Iterable[Module]) -> list[str]:
    """The product's modules and packages that ``module`` imports itself."""
    there = {m.path.removesuffix(".py").removesuffix("/__init__") for m in modules}
    found = set()
    for node in module.nodes():
        if isinstance(node, ast.Import):
            found |= {alias.name.replace(".", "/") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            base = node.module.replace(".", "/")
            whole = {alias.name: f"{base}/{alias.name}" for alias in node.names}
            found |= {path if path in there else base for path in whole.values()}
    return sorted(found & there)


def _written(module: Module) -> set[int]:
    """The lines on which something other than a comment stands."""
    tokens = (token for token in module.tokens() if token.type not in LAYOUT)
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}


def _functions(module: Module) -> Iterator[Function]:
    return (node for node in module.nodes() if isinstance(node, Function))


def _body(node: Function) -> range:
    """The lines of a function below its signature and docstring."""
    body = node.body[ast.get_docstring(node) is not None :]
    return range(body[0].lineno, (body[-1].end_lineno or 0) + 1) if body else range(0)


def body_lengths(modules: Iterable[Module]) -> list[int]:
    """Lines of each function's body without blanks, comments and docstring, rising."""
    lengths: list[int] = []
    for module in modules:
        written = _written(module)
        lengths += [len(written.intersection(_body(node))) for node in _functions(module)]
    return sorted(lengths)


def comments(modules: Iterable[Module]) -> int:
    """Comments that have a line of their own; a paragraph of three lines is three."""
    tokens = (token for module in modules for token in module.tokens())
    return sum(t.type == tokenize.COMMENT and t.line.lstrip().startswith("#") for t in tokens)


def filled_lines(modules: Iterable[Module]) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip()) for module in modules for line in module.text.splitlines())


def _texts(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name[0] != "." and name not in MADE)
        paths = (Path(folder, name) for name in sorted(names))
        yield from (path for path in paths if path.suffix in TEXTS)


def missing_pages(root: Path) -> Places:
    """Pages named that are not in the checkout: each with the files that name it, by mention."""
    texts = list(_texts(root))
    there, found = {path.name for path in texts}, defaultdict(list)
    for path in texts:
        for page in PAGES.findall(path.read_text("utf-8")):
            if page not in there:
                found[page].append(path.relative_to(root).as_posix())
    return {page: found[page] for page in sorted(found)}


def traced() -> dict[str, Any]:
    """What one posted page and one release pass through, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.passes"]
    said = subprocess.run(
        command, cwd=ROOT, env=without_settings(), check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def _seconds(command: Sequence[str]) -> float:
    environ = without_settings() | {"PYTHONPATH": str(ROOT)}  # this checkout, whatever is installed
    begun = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def start_seconds() -> tuple[float, float]:
    """Medians of whole processes: ``lacrima --help``, and Python that does nothing, in turn."""
    commands = ([str(BIN / "lacrima"), "--help"], [sys.executable, "-c", "pass"])
    runs = [[_seconds(command) for command in commands] for _ in range(RUNS)]
    ours, bare = (statistics.median(times) for times in zip(*runs, strict=True))
    return ours, bare


def _uses(places: Places) -> str:
    return f"{len(places)} ({sum(map(len, places.values()))})"


Rows = Iterator[tuple[str, object]]


def _names(modules: Sequence[Module]) -> Rows:
    yield "class names in several modules (their classes)", _uses(shared_classes(modules))
    yield "class names defined more than once, as written", _uses(repeated_classes(modules))
    yield "file names used more than once (their files)", _uses(shared_files(modules))


def _sizes(modules: Sequence[Module]) -> Rows:
    lengths = body_lengths(modules)
    tail = f"{statistics.median(lengths):.0f} / {lengths[int(len(lengths) * 0.9)]} / {lengths[-1]}"
    share = 100 * comments(modules) / filled_lines(modules)
    yield "modules, empty files apart", sum(bool(m.text) for m in modules)
    yield f"modules without `{INIT}`", sum(m.name != INIT for m in modules)
    yield "lines", f"{sum(len(m.text.splitlines()) for m in modules):,}"
    app = next(m for m in modules if m.path == APP)
    yield f"modules imported by `{APP}`", len(imported_by(app, modules))
    yield "function body, median / p90 / max", tail
    yield "lines of comment in 100 lines that are not blank", f"{share:.1f}"


def _mentions(missing: Places) -> tuple[str, object]:
    files = {path for paths in missing.values() for path in paths}
    count = sum(map(len, missing.values()))
    return "mentions of pages that are not here (files)", f"{count} ({len(files)})"


def _ways(found: Mapping[str, Any]) -> Rows:
    yield "modules that one posted page passes through", len(found["page"])
    yield "its calls of another module than was called before", found["changes"]
    yield "its calls out of one module into another", found["crossings"]
    yield "modules that one release passes through", len(found["release"])
    yield "modules of the whole release command, study loaded and all", len(found["command"])
    yield "dataclasses of the releasing package made on its way", len(found["classes"])


def _starts() -> Rows:
    ours, bare = start_seconds()
    yield "`lacrima --help`, seconds", f"{ours:.2f}"
    yield "`python -c pass`, seconds", f"{bare:.3f}"
    yield "the first over the second", f"{ours / bare:.1f}"


def _listed(places: Places) -> Iterator[str]:
    for name, paths in places.items():
        yield f"* `{name}`: {', '.join(paths)}"
    yield from [] if places else ["None."]
    yield ""


HOW = """\
Counted over every module below `exports/`, `forms/` and `survey/` of the checkout, nested classes
and functions included. A page and a release are followed call by call: the first page of the
flagship's questions as it is posted, all of the request included, and a release of 600 synthetic
answers in tier C, from the first call into the releasing package to its end; what runs while a
module is loaded is no part of it. Seconds are medians of 15 whole processes each, in turn."""


def page(root: Path = ROOT) -> str:
    """The whole page of figures."""
    modules, found, missing = modules_of(root), traced(), missing_pages(root)
    rows = (*_names(modules), *_sizes(modules), _mentions(missing), *_ways(found), *_starts())
    sections = (
        ("# Measured: the house", [HOW, "", f"{machine()}.", "", *table(("", "figure"), rows)]),
        ("## Class names in several modules", _listed(shared_classes(modules))),
        ("## File names used more than once", _listed(shared_files(modules))),
        ("## Pages that are not here", _listed({k[:-3]: sorted({*v}) for k, v in missing.items()})),
        ("## A posted page passes through", _listed({"modules": found["page"]})),
        ("## A release passes through", _listed({"modules": found["release"],
                                                 "dataclasses made": found["classes"]})),
    )  # fmt: skip
    lines = [line for heading, body in sections for line in (heading, "", *body)]
    return "\n".join(lines).rstrip() + "\n"


def write() -> int:
    """Measure and write the page."""
    path = ROOT / "benchmarks" / "results-house.md"
    path.write_text(page(), "utf-8")
    print(f"Wrote {path}.", file=sys.stderr)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/results-house.md")
    if parser.parse_args().write:
        return write()
    print(page(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
