"""A researcher looks at the charts of a release, downloads them, and meets what can be wrong."""

import csv
import io
import os
import zipfile
from dataclasses import replace

import pytest

from exports.charts.counts import from_tables
from exports.charts.draw import BUNDLED
from exports.charts.gallery import sheet
from exports.errors import ExportRefused
from exports.tables import noise
from exports.tables.methods import NOT_COVERED
from survey.errors import Refusal
from survey.releases.build import ReleaseRequest
from survey.releases.charts import GALLERY, OPEN_SAMPLE, Gallery, png, read_release
from survey.releases.preview import preview
from survey.releases.process import run
from survey.releases.spending import spending
from survey.routes.research import charts
from survey.routes.research import releases as release_routes
from survey.storage import releases
from tests.conftest import FLAGSHIP
from tests.journeys.releasing import (
    Room,
    audit_of,
    freeze,
    ledger_of,
    pilot_answers,
    real_answers,
    stores_of,
)

NAME = "scores"
AT = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def app(open_app, study, tmp_path):
    """A pilot with 120 answers and a release of them."""
    app = open_app(NAME)
    for part in (charts, release_routes):
        if part.bp.name not in app.blueprints:
            app.register_blueprint(part.bp)
    pilot_answers(app, study(NAME), 120)
    run(
        stores_of(app),
        study(NAME),
        ReleaseRequest(tier="C", out=tmp_path / "out", pilot=True, made_at=AT),
    )
    return app


@pytest.fixture
def ada(app, signed_in):
    return Room(signed_in(app, name="Ada"), NAME)


@pytest.fixture
def archived(app):
    [file] = (stores_of(app).folder / "releases" / NAME).glob("*.zip")
    return file


def test_a_release_is_chosen_and_its_charts_are_read(ada):
    ada.open("charts/")
    ada.open(ada.page.link(text="Release 1, tier C"))
    assert "Items" in ada.text
    assert "120 people with an answer." in ada.text
    assert "Of this file’s 120 rows, which need not be all who answered" in ada.text
    assert "A trial: not to be published." in ada.text


def test_every_chart_of_a_page_stands_in_a_table_too(ada):
    ada.open("charts/1/")
    assert ada.text.count("The same as a table") == ada.text.count("Base: ") // 3
    assert "I am tense." in ada.text


@pytest.mark.parametrize(
    ("ending", "opening"), [("svg", b"<svg "), ("png", b"\x89PNG"), ("csv", b"group,row,")]
)
def test_a_chart_is_downloaded_and_the_audit_says_so(app, ada, ending, opening):
    answer = ada.browser.get(f"/research/{NAME}/charts/1/answers-calm_1.{ending}")
    assert answer.data.startswith(opening)
    assert answer.headers["Cache-Control"] == "no-store"
    assert audit_of(app)[-1] == (
        f"Ada: {NAME}: chart answers-calm_1 of release 1, tier C, downloaded as {ending}"
    )


def test_looking_is_not_downloading(app, ada):
    before = audit_of(app)
    ada.open("charts/1/")
    ada.browser.head(f"/research/{NAME}/charts/1/answers-calm_1.svg")
    assert audit_of(app) == before


def test_a_chart_of_rows_counts_them_plainly(ada):
    answer = ada.browser.get(f"/research/{NAME}/charts/1/answers-calm_1.csv")
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    counts = [int(line["count"]) for line in lines if line["row"] == "I am calm."]
    assert 110 < sum(counts) <= 120
    assert {int(line["base"]) for line in lines if line["row"] == "I am calm."} == {sum(counts)}
    assert {line["low"] for line in lines} == {""}


def test_charts_of_a_recalled_release_say_so_on_page_and_file(app, ada):
    releases.recall(stores_of(app).office, NAME, [1], at=AT, why="A faulty item.")
    assert "Recalled" in ada.open("charts/").text
    assert "A faulty item." in ada.open("charts/1/").text
    answer = ada.browser.get(f"/research/{NAME}/charts/1/answers-calm_1.csv")
    assert "RECALLED on 2026-01-02: A faulty item." in answer.text


def test_a_file_that_was_removed_by_hand_is_told_with_the_way_back(ada, archived):
    archived.unlink()
    ada.open("charts/1/")
    assert ada.status == 410
    assert "is no longer in the archive" in ada.text
    assert "To release 1" in ada.text


def test_a_file_that_was_changed_is_not_drawn(ada, archived):
    changed = archived.with_suffix(".new")
    with zipfile.ZipFile(archived) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content + b" " if name.endswith("_data.csv") else content)
    os.replace(changed, archived)  # noqa: PTH105
    ada.open("charts/1/")
    assert ada.status == 410
    assert "is not what was released" in ada.text


def test_something_else_in_its_place_is_not_drawn(ada, archived):
    archived.chmod(0o600)
    archived.write_bytes(b"no zip")
    assert "cannot be read" in ada.open("charts/1/").text


@pytest.mark.parametrize(
    "address",
    ["charts/2/", "charts/1/nothing.svg", "charts/1/answers-calm_1.pdf", "charts/?release=9"],
)
def test_what_is_not_there_is_not_found(ada, address):
    assert ada.open(address).status == 404


def test_without_a_release_there_is_a_way_to_one(open_app, signed_in):
    app = open_app("minimal")
    for part in (charts, release_routes):
        if part.bp.name not in app.blueprints:
            app.register_blueprint(part.bp)
    assert "Make a release" in Room(signed_in(app), "minimal").open("charts/").text


def test_the_board_is_sent_to_its_own_room(app, signed_in):
    assert Room(signed_in(app, "board"), NAME).open("charts/1/").status == 403


def test_a_release_is_read_once_and_kept(app, study, archived):
    [made] = ledger_of(app, NAME)
    kept = Gallery(most=1)
    first = kept.of(archived, made, study(NAME))
    assert kept.of(archived, made, study(NAME)) is first
    assert read_release(archived, made, study(NAME)) == first


def test_what_is_kept_is_not_shown_once_the_file_is_gone(app, study, archived):
    [made] = ledger_of(app, NAME)
    GALLERY.of(archived, made, study(NAME))
    archived.unlink()
    with pytest.raises(Refusal, match="no longer in the archive"):
        GALLERY.of(archived, made, study(NAME))


def test_a_png_has_the_typefaces_that_come_with_the_product(app, study, archived):
    [made] = ledger_of(app, NAME)
    drawn = read_release(archived, made, study(NAME))
    mute = replace(drawn.charts[0], title="", lead="", sentence="", base="")
    pictures = [png(sheet(c, drawn.source, BUNDLED)) for c in (drawn.charts[0], mute)]
    assert len(pictures[0]) > len(pictures[1]) + 5_000  # the words were drawn


def test_every_chart_says_that_it_is_no_prevalence_even_where_a_study_does_not(
    app, study, archived
):
    [made] = ledger_of(app, NAME)
    drawn = read_release(archived, made, study(NAME))
    assert study(NAME).policy.caution or drawn.source.caution == OPEN_SAMPLE


def test_charts_of_tables_have_margins_and_spend_nothing(
    open_app, study, signed_in, tmp_path, monkeypatch
):
    app = open_app(FLAGSHIP.name)
    pilot_answers(app, study(FLAGSHIP.name), 300)
    order = ReleaseRequest(tier="A", out=tmp_path / "tables", pilot=True, made_at=AT)
    run(stores_of(app), study(FLAGSHIP.name), order)

    def measured_again(_):
        raise AssertionError("a chart was measured")

    monkeypatch.setattr(noise, "discrete_gaussian", measured_again)
    room = Room(signed_in(app), FLAGSHIP.name).open("charts/1/")
    assert "noise was added to every figure" in room.text
    assert "Prior view of the therapist, total (primary predictor), and what followed" in room.text
    assert "19 times in 20" in room.text
    assert [said for said in NOT_COVERED if said not in room.text] == []


def test_what_tables_told_stands_beside_their_release(open_app, study, signed_in, tmp_path):
    app = open_app(FLAGSHIP.name, demo=False)
    real_answers(app, study(FLAGSHIP.name), 120)
    freeze(app, study(FLAGSHIP.name))
    order = ReleaseRequest(tier="A", out=tmp_path / "tables", made_at=AT)
    run(stores_of(app), study(FLAGSHIP.name), order)
    [spent] = spending(stores_of(app).office, study(FLAGSHIP.name))
    assert f"at most {spent.right:.0f} are right (by tossing a coin, 50)" in spent.in_words()
    assert spent.in_words() in Room(signed_in(app), FLAGSHIP.name).open("releases/1/").text
    [_, said] = preview(stores_of(app), study(FLAGSHIP.name), order)["against"]
    assert said == spent.in_words()


def test_tables_of_an_earlier_version_are_not_drawn(study):
    told = {
        "one-way.csv": b"batch,table,label,code,category,count,lowest,highest\r\n1,a,,1,A,9,8,9"
    }
    with pytest.raises(ExportRefused, match="an earlier version of the program"):
        from_tables(told, {}, study("scores"))
