"""Small studies drawn at random, as TOML that a researcher could have written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from forms.kinds import KINDS
from forms.load import load_study
from forms.study import Study
from tests.conftest import STUDIES

MISSING = ["prefer_not", "dont_know", "not_applicable"]
HEAD = (STUDIES / "minimal" / "questionnaire.toml").read_text("utf-8").split("[[page]]")[0]


@st.composite
def question(draw: st.DrawFn, number: int, kind: str = "") -> dict[str, Any]:
    """A question of the kind, or of any; what it is asked after is added later."""
    kind = kind or draw(st.sampled_from(list(KINDS)))
    codes = range(draw(st.integers(0, 1)), draw(st.integers(3, 5)))
    keys: dict[str, Any] = {"kind": kind, "text": "Well?", "missing": draw(_missing(kind))}
    if kind in ("grid", "statements"):
        rows = range(draw(st.integers(1, 3)))
        keys["rows"] = [{"variable": f"v{number}_{n}", "text": f"So {n}."} for n in rows]
    keys["grid" if kind == "grid" else "variable"] = f"v{number}"
    if kind in ("vas", "number"):
        keys |= {"minimum": 0, "maximum": draw(st.sampled_from([3, 10, 40]))}
        keys |= {"minimum_label": "Low", "maximum_label": "High"}
    elif kind == "text":
        keys |= {"max_length": draw(st.integers(1, 30)), "apart": True}
    else:
        keyed = kind == "multiple"
        keys["options"] = [[c, f"k{c}", f"So {c}"] if keyed else [c, f"So {c}"] for c in codes]
    if kind == "single" and "prefer_not" in keys["missing"]:
        keys["required"] = draw(st.booleans())
    return keys


def _missing(kind: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(MISSING), unique=True) if kind != "statements" else st.just([])


@st.composite
def pages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Pages whose questions may depend on single choices of pages before, or of their own."""
    found: list[dict[str, Any]] = []
    turns: list[tuple[str, list[int]]] = []
    number = 0
    for page in range(draw(st.integers(1, 4))):
        earlier = list(turns)
        questions: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(1, 3))):
            keys = draw(question(number))
            # A text is asked of everybody on its page: no other would ever be read.
            free = turns and keys["kind"] != "text" and not keys.get("required")
            if free and draw(st.booleans()):
                keys["show_if"] = _condition(draw, turns)
            if keys["kind"] == "single":
                turns.append((keys["variable"], [option[0] for option in keys["options"]]))
            questions.append(keys)
            number += 1
        open_to_all = any(q["kind"] == "text" for q in questions)
        hidden = bool(earlier) and not open_to_all and draw(st.booleans())
        shown = {"show_if": _condition(draw, earlier)} if hidden else {}
        once = {"answer_once": draw(st.booleans())} if _words_only(questions) else {}
        found.append({"id": f"p{page}", "title": "So", **shown, **once, "question": questions})
    return found


def _words_only(questions: list[dict[str, Any]]) -> bool:
    return all(q["kind"] == "text" for q in questions)


def _condition(draw: st.DrawFn, turns: list[tuple[str, list[int]]]) -> dict[str, list[int]]:
    name, codes = draw(st.sampled_from(turns))
    return {name: draw(st.lists(st.sampled_from(codes), min_size=1, unique=True))}


def written(pages: list[dict[str, Any]]) -> str:
    """The questionnaire as TOML."""
    lines = [HEAD]
    for page in pages:
        lines += ["[[page]]", *(_line(k, v) for k, v in page.items() if k != "question")]
        for keys in page["question"]:
            lines += ["[[page.question]]", *(_line(k, v) for k, v in keys.items())]
    return "\n".join(lines)


def _line(key: str, value: Any) -> str:
    return f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(_line(k, v) for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def load(pages: list[dict[str, Any]], folder: Path) -> Study:
    """Write the study down and load it; raises StudyFaults for one that does not hold together."""
    shutil.copytree(STUDIES / "minimal", folder, dirs_exist_ok=True)
    (folder / "questionnaire.toml").write_text(written(pages), "utf-8")
    asked = [q for page in pages for q in page["question"]]
    texts = [q["variable"] for q in asked if q["kind"] == "text"]
    others = [name for q in asked if q["kind"] != "text" for name in _variables(q)]
    release = (STUDIES / "minimal" / "release.toml").read_text("utf-8")
    roles = f"free_text = {_value(texts)}\nnone = {_value(others)}"
    (folder / "release.toml").write_text(release.replace('none = ["mood"]', roles), "utf-8")
    return load_study(folder)


def _variables(keys: dict[str, Any]) -> list[str]:
    return [row["variable"] for row in keys.get("rows", [])] or [keys["variable"]]
