import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.crypto import (
    PADDING_BYTES,
    KeyRing,
    make_key,
    new_secret,
    read_keys,
)
from survey.errors import BadKey

SECRET = new_secret()
SEAL = KeyRing([bytes(range(32))])
LOCK = SEAL.lock(SECRET)


@given(st.binary(max_size=3 * PADDING_BYTES))
def test_what_is_sealed_opens_again(plain):
    assert LOCK.open(LOCK.seal(plain)) == plain


def test_sealing_twice_gives_different_bytes_of_the_same_length():
    one, two = LOCK.seal(b"a"), LOCK.seal(b"b" * 4000)
    assert (one != LOCK.seal(b"a"), len(one)) == (True, len(two))


def test_names_codes_and_tokens_are_never_the_same():
    name = SEAL.name(SECRET)
    made = {name, SEAL.accepted(name), SEAL.deletion_value("A", "x"), SEAL.deletion_value("A", "y")}
    assert len(made) == 4


def test_after_a_key_is_renewed_old_codes_still_work():
    old, new = bytes(32), bytes([1]) * 32
    value = KeyRing([old]).deletion_value("CODE", "answers")
    assert value in KeyRing([new, old]).deletion_values("CODE", "answers")
    assert value not in KeyRing([new]).deletion_values("CODE", "answers")


def test_a_key_is_made_once_and_closed_to_others(tmp_path):
    path = tmp_path / "deep" / "server.key"
    make_key(path)
    keys = read_keys(path)
    make_key(path)
    assert (read_keys(path), path.stat().st_mode & 0o777) == (keys, 0o600)
    assert [p.name for p in path.parent.iterdir()] == ["server.key"]


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32, "00" * 32 + "\n11"])
def test_a_malformed_key_is_named(tmp_path, text):
    (tmp_path / "k").write_text(text)
    with pytest.raises(BadKey, match=str(tmp_path / "k")):
        read_keys(tmp_path / "k")


def test_a_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(BadKey, match="lacrima key new"):
        read_keys(tmp_path / "none")
