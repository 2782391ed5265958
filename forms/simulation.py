"""The recipe of ``simulation.toml``, by which synthetic clients answer a study.

The recipe says what is drawn, not how: no randomness here (survey/synthetic/simulate.py draws). A
study without a recipe gets ``Recipe()``: every answer equally likely. docs/researcher.md explains
the keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from forms.kinds import columns_of_study, kind_of
from forms.study import Column, Study
from forms.toml_tables import parse_toml

FILE = "simulation.toml"

Weights = Mapping[int, float]


class RecipeFault(ValueError):
    """The recipe cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Something in a person that no question asks: a sum of other latents, answers and chance.

    ``when`` adds a number for each answer given so far; ``spread`` is the standard deviation of
    the rest, drawn anew for each person.
    """

    name: str
    parts: Mapping[str, float] = field(default_factory=dict)
    when: Mapping[str, Weights] = field(default_factory=dict)
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Item:
    """An ordered answer: mean + loading x latent + noise, rounded, held within its codes."""

    latent: str
    mean: float
    loading: float
    noise: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A code drawn by weight; ``given`` changes the weights after an earlier answer.

    ``tilt`` multiplies a code's weight by exp(tilt x latent).
    """

    weights: Weights
    given: Mapping[str, Mapping[int, Weights]] = field(default_factory=dict)
    tilt: Mapping[str, Weights] = field(default_factory=dict)
    missing: bool = True


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of people, 0 to 1."""

    prefer_not: float = 0.02
    dont_know: float = 0.01
    left_blank: float = 0.01
    careless: float = 0.0
    stopped: float = 0.02
    c_open: float = 0.7
    c_quote: float = 0.5
    text: float = 0.3


@dataclass(frozen=True, slots=True)
class Recipe:
    """The contents of simulation.toml, by column (answers) or variable (texts)."""

    shares: Shares = field(default_factory=Shares)
    latents: Mapping[str, Latent] = field(default_factory=dict)
    items: Mapping[str, Item] = field(default_factory=dict)
    choices: Mapping[str, Choice] = field(default_factory=dict)
    ticks: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    languages: Mapping[str, float] = field(default_factory=dict)
    durations: Mapping[str, Weights] = field(default_factory=dict)  # branch → band → weight
    careless: Mapping[str, Weights] = field(default_factory=dict)  # what careless people answer


def _only(table: Mapping[str, Any], *known: str) -> None:
    """Raise RecipeFault for a key other than ``known``: a misspelt one would be passed over."""
    if odd := sorted(set(table) - set(known)):
        raise RecipeFault(f"{FILE}: unknown key {odd[0]}; known are {', '.join(known)}.")


def _codes(table: Mapping[str, Any]) -> dict[int, float]:
    """Return code → number; TOML keys are strings."""
    return {int(code): float(number) for code, number in table.items()}


def _nested(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Weights]:
    return {name: _codes(inner) for name, inner in table.items()}


def _latent(table: Mapping[str, Any]) -> Latent:
    _only(table, "name", "from", "when", "spread")
    parts = {name: float(number) for name, number in table.get("from", {}).items()}
    return Latent(table["name"], parts, _nested(table.get("when", {})), table.get("spread", 1.0))


def _item(table: Mapping[str, Any]) -> Item:
    _only(table, "variables", "latent", "mean", "loading", "noise")
    return Item(table["latent"], table["mean"], table["loading"], table["noise"])


def _choice(table: Mapping[str, Any]) -> Choice:
    _only(table, "variables", "weights", "given", "tilt", "missing")
    given = {
        column: {int(code): _codes(weights) for code, weights in cases.items()}
        for column, cases in table.get("given", {}).items()
    }
    return Choice(
        _codes(table["weights"]), given, _nested(table.get("tilt", {})), table.get("missing", True)
    )


def recipe_of(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe in a parsed simulation.toml. Raises RecipeFault for what cannot be read."""
    if unknown := sorted(set(table) - _TABLES):
        raise RecipeFault(f"{FILE}: unknown table {unknown[0]}; known are {sorted(_TABLES)}.")
    try:
        return Recipe(
            shares=Shares(**table.get("shares", {})),
            latents={t["name"]: _latent(t) for t in table.get("latent", ())},
            items={n: _item(t) for t in table.get("item", ()) for n in t["variables"]},
            choices={n: _choice(t) for t in table.get("choice", ()) for n in t["variables"]},
            ticks={
                f"{variable}__{key}": float(share)
                for variable, shares in table.get("ticks", {}).items()
                for key, share in shares.items()
            },
            texts={name: tuple(texts) for name, texts in table.get("texts", {}).items()},
            languages=table.get("languages", {}),
            durations=_nested(table.get("durations", {})),
            careless=_nested(table.get("careless", {})),
        )
    except RecipeFault:
        raise  # it is a ValueError too, and says already what is wrong
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecipeFault(f"{FILE}: {error!r} cannot be read as a recipe.") from None


# In the file each of a kind has a table of its own: [[latent]], [[item]], [[choice]].
_TABLES = {f.name for f in fields(Recipe)} - {"latents", "items", "choices"} | {
    "latent", "item", "choice",
}  # fmt: skip


def _weights_by_column(recipe: Recipe) -> Iterator[tuple[str, Weights]]:
    """Yield every (column, codes) that the recipe speaks of."""
    for name, choice in recipe.choices.items():
        yield name, choice.weights
        yield from ((name, weights) for weights in choice.tilt.values())
        for earlier, cases in choice.given.items():
            yield earlier, dict.fromkeys(cases, 0.0)
            yield from ((name, weights) for weights in cases.values())
    for latent in recipe.latents.values():
        yield from latent.when.items()
    yield from recipe.careless.items()


def _latent_faults(recipe: Recipe) -> Iterator[str]:
    used = [i.latent for i in recipe.items.values()]
    used += [n for choice in recipe.choices.values() for n in choice.tilt]
    yield from (f"no latent is called {name}" for name in used if name not in recipe.latents)
    # Latents are drawn from the top: one cannot be built from itself or from a later one.
    earlier: set[str] = set()
    for latent in recipe.latents.values():
        later = [name for name in latent.parts if name not in earlier]
        yield from (f"{latent.name} is built from {name}, which is not above it" for name in later)
        earlier.add(latent.name)


def _faults(study: Study, recipe: Recipe) -> Iterator[str]:
    columns: Mapping[str, Column] = {c.name: c for c in columns_of_study(study)}
    apart = {q.name for q in study.questions.values() if kind_of(q).is_text}
    for name in (*recipe.items, *recipe.ticks):
        if name not in columns:
            yield f"{name} is no column of {study.name}"
    for name, codes in _weights_by_column(recipe):
        if name not in columns:
            yield f"{name} is no column of {study.name}"
        elif odd := [c for c in codes if not columns[name].allows(c)]:
            yield f"{name} cannot hold {odd}"
    yield from _latent_faults(recipe)
    for name, choice in recipe.choices.items():
        for weights in (choice.weights, *(w for c in choice.given.values() for w in c.values())):
            if min(weights.values(), default=0) < 0 or sum(weights.values()) <= 0:
                yield f"the weights of {name} are negative or all zero"
    yield from (f"{name} is no text of {study.name}" for name in recipe.texts if name not in apart)


def check_recipe(study: Study, recipe: Recipe) -> Recipe:
    """Return ``recipe`` when it fits ``study``; raise RecipeFault with all that does not."""
    if faults := sorted(set(_faults(study, recipe))):
        raise RecipeFault(f"{FILE}: " + "; ".join(faults) + ".")
    return recipe


def load_recipe(study: Study, folder: Path) -> Recipe:
    """Return the recipe in ``folder``, or the plain one when the study has none.

    Raises RecipeFault saying what is wrong.
    """
    path = folder / FILE
    if not path.is_file():
        return Recipe()
    try:
        table = parse_toml(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise RecipeFault(f"{FILE}: {error}.") from None
    return check_recipe(study, recipe_of(table))
