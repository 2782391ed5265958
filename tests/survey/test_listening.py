"""Where the server listens, and what it says where it cannot."""

from contextlib import closing
from dataclasses import replace

import pytest

from survey.config import Config
from survey.errors import Refusal
from survey.listening import listen
from tests.serving import free_port


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_host_is_an_address_or_a_name(host):
    with closing(listen(Config(host=host, port=free_port()))) as listener:
        assert listener.address.startswith("http://")


@pytest.mark.parametrize("place", ["no/folder/s", "s" * 200])
def test_a_socket_that_cannot_be_made_is_one_clear_sentence(tmp_path, place):
    with pytest.raises(Refusal, match="LACRIMA_SOCKET: cannot listen at"):
        listen(replace(Config(), socket=str(tmp_path / place)))


def test_a_unix_socket_is_closed_to_everybody_but_its_group_and_goes_with_the_server(tmp_path):
    place = tmp_path / "s"
    listener = listen(Config(socket=str(place)))
    listener.take_place()
    assert oct(place.stat().st_mode)[-3:] == "660"
    listener.close()
    assert list(tmp_path.iterdir()) == []
