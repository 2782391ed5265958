"""Two versions side by side: each change once, in its group, with the words that differ marked."""

import json
import shutil

import pytest

from forms.site_facts import SiteFacts
from survey.ethics.version_content import content_of_archive, content_of_version
from survey.ethics.version_diff import compare
from survey.studies.version import read_version
from tests.conftest import FLAGSHIP

FACTS = SiteFacts(shared={"institution": "One"})


@pytest.fixture(scope="module")
def first():
    return content_of_version(read_version(FLAGSHIP, FACTS, pilot=False))


@pytest.fixture
def amended(tmp_path):
    """The flagship with something replaced: file, old, new; as many as given."""

    def amend(*changes, facts=FACTS):
        folder = tmp_path / FLAGSHIP.name
        shutil.copytree(FLAGSHIP, folder, dirs_exist_ok=True)
        for file, old, new in changes:
            text = (folder / file).read_text("utf-8")
            assert old in text
            (folder / file).write_text(text.replace(old, new, 1), "utf-8")
        return content_of_version(read_version(folder, facts, pilot=False))

    return amend


def one_change(old, new):
    found = compare(old, new).changes
    assert len(found) == 1, [(c.where, c.what) for c in found]
    return found[0]


def test_nothing_differs_from_itself(first):
    assert compare(first, first).changes == ()


def test_the_words_that_differ_are_marked_and_no_others(first, amended):
    new = amended(("consent.toml", "No. It is your choice,", "No. It is our choice,"))
    change = one_change(first, new)
    assert [t for t, differs in change.old if differs] == ["your"]
    assert [t for t, differs in change.new if differs] == ["our"]


@pytest.mark.parametrize(
    ("change", "group", "nature"),
    [
        (("consent.toml", "Probably not directly.", "Probably not directly:"), "consent",
         "cosmetic"),
        (("consent.toml", "I am 18 or older, and", "I am 18, or older, and"), "consent",
         "substantive"),
        (("consent.toml", "I agree and start", "I agree and begin"), "consent", "substantive"),
        (("consent.toml", 'version = "1.0-draft"', 'version = "1.1"'), "consent", "cosmetic"),
        (("consent.toml", 'passages = ["key-help"]', "passages = []"), "consent", "substantive"),
        (("questionnaire.toml", "{ own_cry = [2, 3, 4] }", "{ own_cry = [3, 4] }"), "routing",
         "substantive"),
        (("questionnaire.toml", "About how long ago", "How long ago"), "question",
         "substantive"),
        (("release.toml", "min_new_rows = 50", "min_new_rows = 60"), "policy", "substantive"),
        (("support.toml", 'y_last_checked = ""', 'y_last_checked = "2026-01-01"'), "support",
         "cosmetic"),
    ],
)  # fmt: skip
def test_a_change_lands_in_its_group_with_its_mark(first, amended, change, group, nature):
    found = one_change(first, amended(change))
    assert (found.group, found.nature) == (group, nature)


def test_a_fact_of_the_site_is_a_change_of_its_own(first, amended):
    new = amended(facts=SiteFacts(shared={"institution": "Two"}))
    found = one_change(first, new)
    assert (found.group, found.nature, found.where) == (
        "facts", "substantive", "Fact “institution”",
    )  # fmt: skip


def test_a_page_that_moved_is_told_as_moved_and_nothing_else_is(first):
    said = json.loads(json.dumps(first.document))
    said["pages"].insert(2, said["pages"].pop(1))
    new = content_of_archive("0" * 64, json.dumps(said))
    change = one_change(content_of_archive(first.words, json.dumps(first.document)), new)
    assert (change.what, change.nature) == ("moved", "substantive")
    assert "How your therapist was with you" in change.where or "When and where" in change.where


def test_a_question_that_went_to_another_page_is_told_as_moved(first):
    said = json.loads(json.dumps(first.document))
    asked = said["pages"][3]["questions"]
    said["pages"][2]["questions"].append(asked.pop())
    new = content_of_archive("0" * 64, json.dumps(said))
    changes = compare(content_of_archive(first.words, json.dumps(first.document)), new).changes
    assert [c.what for c in changes] == ["moved"]


def test_a_new_question_is_one_change_with_all_that_it_brings(first):
    said = json.loads(json.dumps(first.document))
    question = {**said["pages"][0]["questions"][0], "name": "brand_new"}
    said["pages"][0]["questions"].append(question)
    old, new = (
        content_of_archive(str(n) * 64, json.dumps(s)) for n, s in enumerate((first.document, said))
    )
    changes = [c for c in compare(old, new).changes if c.group == "question"]
    assert [(c.what, c.where) for c in changes] == [("added", "Question brand_new")]


def test_words_alone_are_compared_as_words_alone(first):
    archived = content_of_archive(first.words, json.dumps(first.document))
    assert compare(archived, first).not_compared == ("policy", "facts")


def test_every_difference_of_content_is_told(first):
    """Whatever leaf of the content changes, something is told."""
    old = content_of_archive(first.words, json.dumps(first.document))
    silent = [path for path in leaves(first.document) if not told(old, path)]
    assert silent == []


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        # The first and the last of a list stand for those between them.
        for n in {0, len(value) - 1}:
            yield from leaves(value[n], (*path, n))
    elif path[-1] == "emergency":
        yield (*path, 0, 1)
    elif path[-1] not in NOT_ALONE and "facts" not in path:
        yield path


# A changed name is another thing: the old one goes, the new one comes. Who sets a missing code is
# told once, for the study, and repeated in every question.
NOT_ALONE = ("id", "name", "variable", "code", "key", "set_by")


# Lists of texts, where other lists hold conditions.
OF_TEXTS = {"countries": ["Elsewhere"], "only_if": ["law", "other"]}


def told(old, path):
    said = json.loads(json.dumps(old.document))
    place = said
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = OF_TEXTS.get(path[-1]) or another(place[path[-1]])
    return bool(compare(old, content_of_archive("0" * 64, json.dumps(said))).changes)


def another(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return "something else" if isinstance(value, str) else [["other", [1]]]
