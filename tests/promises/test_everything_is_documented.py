"""Every setting, command, route and kind of question stands in the docs."""

import click
import pytest

from forms.kinds import KINDS
from survey.cli import main
from survey.config import PREFIX, SETTINGS
from tests.serving import ROOT

DOCS = "\n".join(p.read_text("utf-8") for p in [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"])


def commands(group, name="lacrima"):
    """Every command with the words that call it."""
    for key, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {key}")
        else:
            yield f"{name} {key}", command


@pytest.mark.parametrize("setting", [PREFIX + s.name.upper() for s in SETTINGS])
def test_every_setting_is_documented(setting):
    assert setting in DOCS


@pytest.mark.parametrize("name", [name for name, _ in commands(main)])
def test_every_command_is_documented(name):
    assert name in DOCS


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, max(p.opts, key=len))
        for name, command in commands(main)
        for p in command.params
        if isinstance(p, click.Option)
    ],
)
def test_every_option_is_documented(name, option):
    assert option in DOCS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_is_documented(kind):
    assert f"`{kind}`" in DOCS


def test_every_address_is_documented(app):
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "assets.send"}
    plain = {r.replace("/s/<address>/", "").replace("/ethics/<name>/", "") for r in rules}
    words = {part for r in plain for part in r.split("/") if part and "<" not in part}
    assert [word for word in sorted(words) if word not in DOCS] == []


@pytest.mark.parametrize("name", [name for name, _ in commands(main)])
def test_every_command_explains_itself(runner, name):
    done = runner.invoke(main, [*name.split()[1:], "--help"])
    assert (done.exit_code, "Usage:" in done.output) == (0, True)
