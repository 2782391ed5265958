"""The scripts of a release, run for real where their language is installed."""

import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exports.documents.all_documents import documents
from exports.documents.scripts import python_r, spss_syntax, stata_do
from exports.documents.scripts.python_r import scoring_plan_of
from exports.files.stata import LETTER
from tests.exports.documents.desk import (
    NASTY,
    ROWS,
    Cells,
    context,
    laid_out,
    relabelled,
)

WRONG: Cells = ({**ROWS[0], "sc_mood": "4.334"}, ROWS[1])
# What each language is run with; {} is the script.
RUN = {".py": [sys.executable, "{}"], ".R": ["Rscript", "--vanilla", "{}"]}
PACKAGE = {"Rscript": "r-base-core", "pspp": "pspp"}


def needs(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"no {program}: install {PACKAGE[program]}")


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    command = [part.format(script) for part in RUN[Path(script).suffix]]
    needs(command[0])
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def in_r(folder: Path, *lines: str) -> list[str]:
    """What R prints after import.R."""
    (folder / "ask.R").write_text("\n".join(['source("analysis/import.R")', *lines]), "utf-8")
    done = run(folder, "ask.R")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1:]


def in_pspp(folder: Path, *lines: str) -> str:
    """What PSPP, which reads the syntax of SPSS, prints after import.sps."""
    (folder / "ask.sps").write_text("\n".join(["INCLUDE 'analysis/import.sps'.", *lines]), "utf-8")
    return run_in_pspp(folder, "ask.sps")


def off_in_pspp(folder: Path, script: str) -> list[str]:
    """What a script of the release, run alone, tells of each column: .00 where nothing differs."""
    said = run_in_pspp(folder, f"analysis/{script}")
    return [line.split("|")[3].strip() for line in said.splitlines() if "differs from" in line]


def run_in_pspp(folder: Path, script: str) -> str:
    needs("pspp")
    done = subprocess.run(
        ["pspp", "-b", script], cwd=folder, capture_output=True, text=True, check=False,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return laid_out(tmp_path, context())


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    codes = {"1": NASTY, "2": "x" * 300}
    return laid_out(tmp_path, relabelled(context(), "met", label=NASTY, codes=codes))


@pytest.mark.parametrize("end", [".py", ".R"])
def test_scores_recomputed_from_the_items_equal_the_released_ones(release, end):
    done = run(release, f"analysis/score{end}")
    assert (done.returncode, done.stdout.count("equal in every row")) == (0, 3)


@pytest.mark.parametrize("end", [".py", ".R"])
def test_a_score_that_is_off_by_a_thousandth_is_found(tmp_path, end):
    folder = laid_out(tmp_path, context(rows=WRONG), WRONG)
    done = run(folder, f"analysis/score{end}")
    assert done.returncode != 0
    assert "sc_mood" in next(line for line in done.stdout.splitlines() if "differs in 1" in line)


def test_pspp_recomputes_every_score(release):
    assert off_in_pspp(release, "score.sps") == [".00"] * 3


@pytest.fixture
def one_off(mixed: Path, tmp_path: Path) -> Path:
    """The same with one cell of one level that the written one does not give."""
    folder = tmp_path / "off"
    shutil.copytree(mixed, folder)
    [data] = (folder / "data").glob("*.csv")
    *lines, last = data.read_bytes().removesuffix(b"\r\n").split(b"\r\n")
    last = last.rpartition(b",")[0] + b",1"
    data.write_bytes(b"\r\n".join([*lines, last, b""]))
    return folder


@pytest.mark.parametrize("end", [".py", ".R"])
def test_columns_of_one_level_made_anew_equal_the_released_ones(mixed, end):
    done = run(mixed, f"analysis/lift{end}")
    assert (done.returncode, done.stdout.count("equal in every row")) == (0, 3), done.stderr


@pytest.mark.parametrize("end", [".py", ".R"])
def test_a_column_of_one_level_that_is_off_in_a_row_is_found(one_off, end):
    done = run(one_off, f"analysis/lift{end}")
    assert done.returncode != 0
    [line] = [line for line in done.stdout.splitlines() if "differs in 1" in line]
    assert line.startswith("region_raised_l2")


def test_pspp_makes_the_columns_of_one_level_anew(mixed, one_off):
    assert off_in_pspp(mixed, "lift.sps") == [".00"] * 3
    assert off_in_pspp(one_off, "lift.sps") == [".00", ".00", "1.00"]


def test_stata_groups_the_same_cells_as_python(mixed):
    text = (mixed / "analysis" / "lift.do").read_text("utf-8")
    rules = runpy.run_path(str(mixed / "analysis" / "lift.py"))["LIFTS"]
    for name, command in zip(rules, text.split("\nrecode ")[1:], strict=True):
        assert command.startswith(rules[name]["from"])
        assert f"!= {name}\n" in command
        said = {
            cell: int(group)
            for cells, group in re.findall(r"\(([0-9 ]+) = ([0-9]+)\)", command)
            for cell in cells.split()
        }
        assert said == rules[name]["up"]


def test_a_release_of_one_level_has_no_scripts_that_lift():
    assert not any("lift" in name for name in documents(context()))


def test_a_score_without_its_items_is_said_to_be_left_out(tmp_path):
    rows = [{k: v for k, v in row.items() if k != "glad"} for row in ROWS]
    done = run(laid_out(tmp_path, context(rows=rows), rows), "analysis/score.py")
    assert done.returncode == 0
    assert done.stdout.count("not recomputed") == 3


def test_python_reads_every_column_without_a_package(release):
    done = run(release, "analysis/import.py")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(ROWS[0])


def test_python_makes_a_frame_with_labels(release):
    lines = [
        "import runpy; r = runpy.run_path('analysis/import.py')",
        "print(r['frame'](True)['age'].to_list(), r['frame']()['calm'].to_list())",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=release, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "['young', 'old'] [4, None]", done.stderr


def test_r_reads_missing_codes_as_missing_but_keeps_them_in_raw(release):
    said = in_r(release, "print(coded$calm)", "print(raw$calm)", "print(coded$sc_rise)")
    assert said == ["[1]  4 NA", 'attr(,"label")', '[1] "I felt calm."', "[1]   4 -99",
                    "[1]  1 NA", 'attr(,"label")', '[1] "Rise"']  # fmt: skip


def test_r_labels_columns_whether_haven_is_there_or_not(release):
    without = "data <- raw; for (n in names(codebook)) data[[n]] <- to_factor(n)"
    assert in_r(release, without, "cat(as.character(data$age))") == ["young old"]


def test_r_with_haven_keeps_the_missing_range(release):
    needs("Rscript")
    here = 'quit(status = !requireNamespace("haven", quietly = TRUE))'
    if subprocess.run(["Rscript", "-e", here], check=False, capture_output=True).returncode:
        pytest.skip("R without haven: install r-cran-haven")
    ask = 'cat(attr(data$calm, "na_range"), is.null(attr(data$sc_rise, "na_range")))'
    assert in_r(release, ask) == ["-99 -90 TRUE"]


def test_r_takes_words_that_break_syntax(nasty):
    said = in_r(nasty, "m <- codebook$met", "cat(m$label == names(m$codes)[1], nchar(m$label))")
    assert said == [f"TRUE {len(NASTY)}"]


def test_pspp_takes_words_that_break_syntax(nasty):
    said = in_pspp(nasty, "DISPLAY DICTIONARY /VARIABLES=met.")
    assert "Ünï" in said
    assert "'a'" in said


def test_pspp_reads_texts_with_commas_and_quotes_whole(release):
    assert '\'=Ü, "so"' in in_pspp(release, "LIST VARIABLES=said.")


@pytest.mark.parametrize("opening", ["GET FILE='{}'.", "INCLUDE 'analysis/import.sps'."])
def test_pspp_knows_the_ticks_of_one_question_as_a_set(mixed, tmp_path, opening):
    [sav] = (mixed / "data").glob("*.sav")
    ask = tmp_path / "ask.sps"
    ask.write_text(f"{opening.format(sav)}\nMRSETS /DISPLAY NAME=ALL.\n", "utf-8")
    said = run_in_pspp(mixed, str(ask))
    assert "$ep_topic|What was being talked|Dichotomies|       1|ep_topic__loss " in said
    assert said.count("ep_topic__") == 9


def test_pspp_leaves_missing_codes_out_of_figures(release):
    said = in_pspp(release, "DESCRIPTIVES VARIABLES=calm sc_rise sc_mood.")
    counts = [line.split("|")[2].strip() for line in said.splitlines() if line.startswith("|")][1:4]
    assert counts == ["1", "1", "1"]


def test_the_missing_range_of_spss_leaves_a_difference_alone():
    text = spss_syntax.import_sps(context()).decode()
    ranged = text.partition("MISSING VALUES\n")[2].partition("(LO THRU -90)")[0].split()
    assert "calm" in ranged
    assert "sc_rise" not in ranged


def test_stata_turns_each_missing_code_into_the_same_letter_as_the_data_file():
    assert {int(code): letter[1:] for code, letter in stata_do.LETTERS.items()} == LETTER


def test_stata_leaves_a_difference_alone():
    decoded = stata_do.import_do(context()).decode().partition("mvdecode")[2].partition(", mv(")[0]
    assert "calm" in decoded
    assert "sc_rise" not in decoded


@pytest.mark.parametrize("sign", ['"', "`", "$x"])
def test_stata_reads_no_macro_and_no_quote_in_a_label(sign):
    inside = stata_do.quoted(f"a {sign} b")[2:-2]
    assert sign not in inside.replace("\\$", "")


def test_every_language_computes_the_same_rules():
    plan = scoring_plan_of(context())
    assert plan.columns == ("sc_mood", "sc_all", "sc_rise")
    assert json.loads(json.dumps(plan.scales[0].mirrors)) == {"tense": 6}
    assert b'"mirrors": {"tense": 6}' in python_r.score_py(context(), plan)
