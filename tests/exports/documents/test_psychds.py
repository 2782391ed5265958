"""The rules of Psych-DS that its schema gives and that apply to our tree, checked on a release."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.exports.documents.desk import context, laid_out

FACTS = {
    "institution": "University of Example", "researcher_names": "Ada Example",
    "funder": "Example Fund", "results_url": "https://example.org/results",
}  # fmt: skip


@pytest.fixture(scope="session")
def rules(shared_data: Path) -> dict[str, Any]:
    schema = json.loads((shared_data / "schemas" / "psych-ds" / "schema.json").read_text("utf-8"))
    return schema["rules"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid_out(tmp_path_factory.mktemp("release"), context(facts=FACTS))


@pytest.fixture(scope="module")
def said(release: Path) -> dict[str, Any]:
    return json.loads((release / "dataset_description.json").read_text("utf-8"))  # type: ignore[no-any-return]


def data_files(release: Path) -> list[Path]:
    return sorted((release / "data").glob("*.csv"))


def header(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return next(csv.reader(lines))


def test_every_required_file_and_folder_is_there(release, rules):
    core = rules["files"]["common"]["core"]
    asked = [rule for rule in core.values() if rule["level"] == "error"]
    assert all(
        (release / rule["path"].lstrip("/")).is_dir()
        if rule.get("directory")
        else any((release / (rule["stem"] + e)).is_file() for e in rule["extensions"])
        for rule in asked
    )


def test_recommended_files_and_folders_are_there_but_for_results(release, rules):
    core = rules["files"]["common"]["core"]
    stems = [r["stem"] + r["extensions"][0] for r in core.values() if "stem" in r]
    paths = [r["path"].lstrip("/") for r in core.values() if "path" in r]
    lacking = {name for name in (*stems, *paths) if not (release / name).exists()}
    assert lacking == {"results"}  # what others find with the data is theirs to add


def test_data_files_are_named_as_the_rule_says(release, rules):
    pattern = rules["files"]["tabular_data"]["data"]["Datafile"]["fileRegex"]
    assert all(re.fullmatch(pattern, file.name) for file in data_files(release))


def test_every_required_and_recommended_field_is_given(said, rules):
    fields = rules["compiled_metadata"]["CompiledMetadata"]["fields"]
    assert not [field for field in fields if not said.get(field)]


def test_it_is_a_dataset_in_the_terms_of_schema_org(said, rules):
    namespace = rules["compiled_metadata"]["CompiledMetadata"]["namespace"]
    assert said["@context"].removeprefix("https:") == namespace.removeprefix("http:")
    assert said["@type"] == "Dataset"


def test_the_columns_are_exactly_the_variables_measured(release, said):
    named = [variable["name"] for variable in said["variableMeasured"]]
    assert [header(file) for file in data_files(release)] == [named]


def test_every_row_is_as_long_as_the_header(release):
    for file in data_files(release):
        with file.open(encoding="utf-8", newline="") as lines:
            assert {len(row) for row in csv.reader(lines)} == {len(header(file))}


def test_no_column_stands_twice(release):
    assert all(len(set(header(file))) == len(header(file)) for file in data_files(release))


def typeless(node: object) -> list[object]:
    if isinstance(node, dict):
        return [node] * ("@type" not in node) + [x for v in node.values() for x in typeless(v)]
    return [x for item in node for x in typeless(item)] if isinstance(node, list) else []


def test_every_object_says_its_type(said):
    assert typeless(said) == []


def test_no_metadata_file_is_empty_or_in_the_wrong_place(release):
    assert not [f for f in release.rglob("*") if f.is_file() and not f.stat().st_size]
    assert len(list(release.rglob("dataset_description.json"))) == 1


def test_a_variable_tells_its_codes_and_missing_codes(said):
    calm = next(v for v in said["variableMeasured"] if v["name"] == "calm")
    values = {v["value"]: v.get("description") for v in calm["valueReference"]}
    assert values["5"] is None
    assert values["-99"] == "missing"


def test_the_data_are_named_by_their_content(said):
    assert said["identifier"] == "urn:sha256:" + "d" * 64


def test_other_formats_are_out_of_the_validators_way(release):
    assert {"*.sav", "*.dta"} <= set((release / ".psychds-ignore").read_text().split())
