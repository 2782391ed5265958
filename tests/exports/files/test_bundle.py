import os
import tracemalloc
import zipfile

from exports.output_files import bundle


def tree(folder, moment):
    """A release of three files, touched at ``moment``, in its folder."""
    for name in ("README.md", "data/b_data.csv", "data/a.parquet"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name * 99)
        os.utime(file, (moment, moment))
    return folder


def test_the_same_files_make_the_same_bytes_whenever_and_wherever(tmp_path):
    first = bundle(tree(tmp_path / "here" / "release", 10**9), tmp_path / "a.zip")
    (tmp_path / "there" / "release" / "data").mkdir(parents=True, mode=0o700)
    second = bundle(tree(tmp_path / "there" / "release", 15 * 10**8), tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_entries_stand_in_the_order_of_their_names_and_tell_no_time(tmp_path):
    with zipfile.ZipFile(bundle(tree(tmp_path / "r", 10**9), tmp_path / "a.zip")) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == ["r/README.md", "r/data/a.parquet", "r/data/b_data.csv"]
    assert {(e.date_time, e.external_attr >> 16) for e in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644)
    }


def test_every_file_comes_out_as_it_went_in(tmp_path):
    folder = tree(tmp_path / "r", 10**9)
    with zipfile.ZipFile(bundle(folder, tmp_path / "a.zip")) as archive:
        archive.extractall(tmp_path / "out")
    assert (tmp_path / "out/r/data/b_data.csv").read_text() == "data/b_data.csv" * 99


def test_a_zip_inside_its_own_folder_leaves_itself_out(tmp_path):
    folder = tree(tmp_path / "r", 10**9)
    bundle(folder, folder / "all.zip")
    with zipfile.ZipFile(bundle(folder, folder / "all.zip")) as archive:
        assert "r/all.zip" not in archive.namelist()


def test_memory_does_not_grow_with_the_files(tmp_path):
    folder = tree(tmp_path / "r", 10**9)
    (folder / "big.csv").write_bytes(b"1,2,3\r\n" * 3_000_000)
    tracemalloc.start()
    bundle(folder, tmp_path / "a.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
