"""How Sphinx makes a site of these pages: ``make docs`` writes it to dist/docs.

docs/README.md says which page is for whom; the contents beside every page are read from there.
What each command says of itself and the index are made here, at each build.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.writers.html5 import HTML5Translator

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from survey.cli.main import main  # noqa: E402 - found by the line above

project = "Lacrima"
extensions = ["myst_parser"]
root_doc = "docs/README"
include_patterns = ["*.md", "docs/**.md", "benchmarks/*.md"]
_SOURCES = ("docs", "benchmarks")
exclude_patterns = [p.name for p in ROOT.iterdir() if p.is_dir() and p.name not in _SOURCES]
myst_heading_anchors = 4
# The contents are those of docs/README.md, and blocks keep one colour.
suppress_warnings = ["myst.header", "toc.not_included", "misc.highlighting_failure"]
html_theme, html_theme_path = "lacrima", ["themes"]
html_copy_source = html_permalinks = False
html_use_smartypants = smartquotes = False

COMMANDS, HELP = "commands", "Every command’s help"
FEW_COLUMNS = 3  # so many fit on a phone
SECTION = re.compile(r"^## (.+)\n\n((?:- .+\n)+)", re.MULTILINE)
# Of decisions and measurements the title is enough.
PAGES_IN_FULL = re.compile(r"docs/[\w-]+|SECURITY")
ENTRY = re.compile(r"- \[(.+)\]\((.+)\.md\)")


def contents() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return of each reader the pages, as (title, name of the document)."""
    page = (ROOT / f"{root_doc}.md").read_text("utf-8")
    found = [(reader, ENTRY.findall(listed)) for reader, listed in SECTION.findall(page)]
    here = ROOT / "docs"
    named = [
        (reader, [(title, _document(here / target)) for title, target in listed])
        for reader, listed in found
    ]
    return [(r, [*p, (HELP, COMMANDS)] if r == "Hosts" else p) for r, p in named]


def _document(path: Path) -> str:
    return path.resolve().relative_to(ROOT.resolve()).as_posix()


class Pages(StandaloneHTMLBuilder):
    """Pages as HTML, named as their files are, docs/README.md being the first; without script."""

    search = False  # a search page would need script: the index takes its place

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:  # noqa: ARG002
        """Return where a document lies in the site."""
        if docname == root_doc:
            return "index.html"
        return f"{docname.removeprefix('docs/')}.html"

    def get_output_path(self, page_name: str, /) -> Path:
        """Return the file of a document."""
        return Path(self.outdir) / self.get_target_uri(page_name)


class Words(HTML5Translator):
    """Wide tables scroll by themselves, by keyboard too."""

    def visit_table(self, node: nodes.Element) -> None:
        """Open what scrolls."""
        many = sum(1 for _ in node.findall(nodes.colspec)) > FEW_COLUMNS
        scrolls = ' many" tabindex="0" role="group" aria-label="Table' if many else ""
        self.body.append(f'<div class="scroll{scrolls}">')
        super().visit_table(node)

    def depart_table(self, node: nodes.Element) -> None:
        """Close it."""
        super().depart_table(node)
        self.body.append("</div>")


class Indexed(SphinxTransform):
    """Enters headings and the first cell of rows that name one thing into the index."""

    default_priority = 700

    def apply(self, **_: object) -> None:
        """Enter what a document names."""
        headings = list(self._headings())
        whole = PAGES_IN_FULL.fullmatch(self.env.docname)
        found = [*headings, *self._rows()] if whole else headings[:1]
        title = headings[0][0]
        entries = self.env.domains["index"].data["entries"].setdefault(self.env.docname, [])
        for name, node in found:
            if not node["ids"]:
                node["ids"].append(f"row-{len(entries)}")
            entries.append(_entry(name, title, node["ids"][0]))

    def _headings(self) -> Iterator[tuple[str, nodes.Element]]:
        for section in self.document.findall(nodes.section):
            yield section.next_node(nodes.title).astext(), section

    def _rows(self) -> Iterator[tuple[str, nodes.Element]]:
        """Give first cells that are one name: of the glossary a term, elsewhere a literal."""
        glossary = self.env.docname.endswith("glossary")
        for body in self.document.findall(nodes.tbody):
            for row in body.findall(nodes.row):
                cell = row.next_node(nodes.entry)
                inside = list(cell.findall(nodes.literal))
                if glossary or (inside and inside[0].astext() == cell.astext()):
                    yield cell.astext(), cell


def _entry(name: str, page: str, place: str) -> tuple[str, str, str, str, None]:
    """Return an entry of the index: a name without its article, and below it the page."""
    plain = re.sub(r"^(?:The|A|An) (?=\w)", "", name).replace("!", "")
    if plain[0].islower() and " " in plain and not plain.startswith("lacrima "):
        plain = plain[0].upper() + plain[1:]
    return ("single", "; ".join(said.replace(";", ",") for said in (plain, page)), place, "", None)


def commands(group: click.Group, words: str = "lacrima") -> Iterator[tuple[str, str]]:
    """Give each command with what it says when it is asked for help."""
    shown = click.Context(group, info_name=words, max_content_width=80, terminal_width=80)
    yield words, group.get_help(shown)
    for name in group.list_commands(shown):
        one = group.get_command(shown, name)
        if isinstance(one, click.Group):
            yield from commands(one, f"{words} {name}")
        elif one is not None:
            context = click.Context(one, info_name=f"{words} {name}", terminal_width=80)
            yield f"{words} {name}", one.get_help(context)


def pages_of_commands(_app: Sphinx) -> Iterator[tuple[str, dict[str, object], str]]:
    """Give the page of all commands."""
    parts = [
        f'<section id="{name.replace(" ", "-")}"><h2><code>{name}</code></h2>'
        f"<pre>{escape(said)}</pre></section>"
        for name, said in commands(main)
    ]
    body = f"<h1>{HELP}</h1>\n<p>As each prints it with <code>--help</code>.</p>"
    yield COMMANDS, {"title": HELP, "body": body + "\n".join(parts)}, "page.html"


def index_commands(_app: Sphinx, env: BuildEnvironment) -> None:
    """Enter the commands into the index."""
    env.domains["index"].data["entries"][COMMANDS] = [
        _entry(name, HELP, name.replace(" ", "-")) for name, _ in commands(main)
    ]


def setup(app: Sphinx) -> None:
    """Enter all this with Sphinx."""
    app.add_builder(Pages, override=True)
    app.add_transform(Indexed)
    app.set_translator("html", Words)
    app.connect("env-updated", index_commands)
    app.connect("html-collect-pages", pages_of_commands)
    listed = contents()
    app.connect("html-page-context", lambda *told: told[3].update(contents=listed))
