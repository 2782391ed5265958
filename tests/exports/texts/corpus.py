"""The comments with their planted identifiers, and how well the assist finds them."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from exports.texts.identifiers import _WORD, find

HERE = Path(__file__).parent
PLANTED = re.compile(r"\[\[([a-z]+):(.+?)\]\]")
HELD_OUT = 2  # every third comment, counted from 0: nothing was tuned on these


@dataclass(frozen=True)
class Comment:
    """A comment; ``planted`` are (start, end, kind) in ``text``."""

    voice: str
    text: str
    planted: tuple[tuple[int, int, str], ...]


def read(line: str) -> Comment:
    voice, rest = line.replace("\\n", "\n").split(" | ", 1)
    text, planted, at = "", [], 0
    for match in PLANTED.finditer(rest):
        text += rest[at : match.start()]
        planted.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        at = match.end()
    return Comment(voice, text + rest[at:], tuple(planted))


def comments(file="comments.txt"):
    lines = (HERE / file).read_text("utf-8").splitlines()
    return [read(line) for line in lines if line and not line.startswith("#")]


def halves():
    """(those tuned on, those held out)."""
    every = comments()
    return (
        [c for at, c in enumerate(every) if at % 3 != HELD_OUT],
        [c for at, c in enumerate(every) if at % 3 == HELD_OUT],
    )


@dataclass
class Scored:
    """Counts over comments; ``missed`` and ``false`` hold what to look at."""

    words: int = 0
    marks: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    touched: int = 0  # comments with any mark

    @property
    def recall(self):
        return self.found.total() / self.planted.total()

    @property
    def precision(self):
        return 1 - len(self.false) / self.marks

    @property
    def false_per_100_words(self):
        return 100 * len(self.false) / self.words


def overlaps(a, b):
    return a[0] < b[1] and b[0] < a[1]


def score(some):
    scored = Scored()
    for comment in some:
        add(scored, comment, [(s.start, s.end) for s in find(comment.text)])
    return scored


def add(scored, comment, spans):
    scored.words += len(_WORD.findall(comment.text))
    scored.marks += len(spans)
    scored.touched += bool(spans)
    for start, end, kind in comment.planted:
        hit = any(overlaps((start, end), span) for span in spans)
        scored.planted[kind] += 1
        scored.found[kind] += hit
        scored.missed += [] if hit else [comment.text[start:end]]
    scored.false += [
        comment.text[slice(*span)]
        for span in spans
        if not any(overlaps(span, planted) for planted in comment.planted)
    ]


def table():
    """The figures of docs/free-text.md: run this file to see them."""
    tuned, held = halves()
    later = comments("comments_later.txt")
    for name, some in (("tuned on", tuned), ("held out", held), ("written later", later)):
        s = score(some)
        yield (
            f"{name}: {len(some)} comments, {s.words} words, {s.planted.total()} planted; "
            f"recall {s.recall:.3f}, precision {s.precision:.3f}, "
            f"{s.false_per_100_words:.1f} false marks per 100 words; "
            f"{s.marks / len(some):.2f} marks a comment, {s.touched} comments with a mark"
        )
        yield "  " + ", ".join(f"{k} {s.found[k]}/{n}" for k, n in sorted(s.planted.items()))


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201
