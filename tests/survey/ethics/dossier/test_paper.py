"""The PDF: the same bytes each time, readable by everybody, with typefaces of its own."""

import json
import re
import subprocess
import sys
import zlib
from hashlib import sha256

import pytest
import typst

from survey import pdf
from survey.errors import Refusal
from survey.ethics.dossier import dossier_files
from tests.serving import ROOT
from tests.survey.ethics.dossier.conftest import SIGNED


def inflated(paper: bytes) -> bytes:
    """The file with its packed parts opened."""
    found = [paper]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", paper, re.DOTALL):
        try:
            found.append(zlib.decompressobj().decompress(packed))
        except zlib.error:
            continue
    return b"\n".join(found)


@pytest.fixture
def made(said):
    return dossier_files.dossier_pdf(said("branch"))


def test_the_same_study_gives_the_same_bytes_in_another_process(said, tmp_path):
    document = said("branch", SIGNED)
    (tmp_path / "said.json").write_text(json.dumps(document), "utf-8")
    script = (
        "import json, sys; from pathlib import Path;"
        "from survey.ethics.dossier import dossier_files;"
        "print(__import__('hashlib').sha256(dossier_files.dossier_pdf("
        f"json.loads(Path({str(tmp_path / 'said.json')!r}).read_text('utf-8')))).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=ROOT,
        env={"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "86400", "PATH": ""},
    )  # fmt: skip
    assert other.stdout.strip() == sha256(dossier_files.dossier_pdf(document)).hexdigest()


def test_it_is_tagged_bookmarked_and_has_a_title_and_a_language(made):
    held = inflated(made)
    wanted = (b"/StructTreeRoot", b"/Outlines", b"/Lang", b"pdfuaid:part", b"/Title")
    assert [mark for mark in wanted if mark not in held] == []


def test_unapproved_it_holds_no_date(made):
    assert not re.search(rb"/CreationDate|/ModDate|CreateDate", inflated(made))


def test_approved_its_only_date_is_that_of_the_approval(said):
    held = inflated(dossier_files.dossier_pdf(said("branch", SIGNED)))
    assert set(re.findall(rb"D:(\d{8})", held)) == {b"20260304"}
    assert b"pdfaid:part" in held


def test_it_uses_no_typeface_of_the_machine(made):
    families = {
        name.split(b"+")[-1] for name in re.findall(rb"/BaseFont ?/([\w+-]+)", inflated(made))
    }
    assert families
    assert all(name.startswith((b"Libertinus", b"DejaVu", b"NewCM")) for name in families)


def pages_of(document) -> list[bytes]:
    """Each page of the paper as a PNG."""
    source, data = pdf.read(dossier_files.TEMPLATE, {"document": document})
    compiler = typst.Compiler(ignore_system_fonts=True)
    made = compiler.compile(source, format="png", ppi=72, sys_inputs=data)
    assert isinstance(made, list)
    return made


def test_the_fingerprint_stands_on_every_page(said):
    document = said("branch")
    words = document["prints"][0][1]
    whole = pages_of(document)
    document["prints"][0][1] = words[:-1] + ("0" if words[-1] != "0" else "1")
    other = pages_of(document)
    assert len(whole) == len(other) > 5
    assert all(one != changed for one, changed in zip(whole, other, strict=True))


def test_letters_that_no_typeface_has_are_named(said):
    document = said("branch")
    document["title"] = "心理治疗"
    with pytest.raises(Refusal, match="心"):
        dossier_files.dossier_pdf(document)


def test_nothing_a_study_says_is_taken_for_a_command(said):
    document = said("branch")
    document["title"] = '#panic("no") $x$ @there <here> \\ *bold* `code` //'
    assert dossier_files.dossier_pdf(document).startswith(b"%PDF")
