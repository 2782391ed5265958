import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from survey.config import SETTINGS, Config, as_environment, folder, read_config
from survey.errors import BadSetting
from tests.serving import ROOT


def test_without_any_setting_the_safe_defaults_hold():
    config = read_config({})
    assert (config.https, config.proxies, config.host, config.pilots) == (
        True, 1, "127.0.0.1", frozenset(),
    )  # fmt: skip


def test_every_setting_is_read():
    given = {
        "LACRIMA_DATA": "/d", "LACRIMA_STUDIES": "/a:/b", "LACRIMA_SITE": "/s.toml",
        "LACRIMA_PILOTS": "one, two", "LACRIMA_KEY": "/k", "LACRIMA_HTTPS": "off",
        "LACRIMA_PROXIES": "0", "LACRIMA_HOST": "::1", "LACRIMA_PORT": "81", "LACRIMA_SOCKET": "/s",
        "LACRIMA_WORKERS": "3", "LACRIMA_THREADS": "5", "LACRIMA_TEXT_READERS": "2",
        "LACRIMA_LIFETIME": "600", "LACRIMA_ENDINGS": "/e", "LACRIMA_STARTS": "7",
        "LACRIMA_METRICS_PORT": "9100",
        "LACRIMA_ROOMS": "respond", "LACRIMA_SECOND_STEP": "researcher,board",
        "LACRIMA_SMTP_HOST": "mail.example.org", "LACRIMA_SMTP_PORT": "465",
        "LACRIMA_SMTP_TLS": "tls", "LACRIMA_SMTP_FROM": "survey@example.org",
        "LACRIMA_SMTP_USER": "lacrima", "LACRIMA_SMTP_PASSWORD_FILE": "/p",
    }  # fmt: skip
    assert {"LACRIMA_" + s.name.upper() for s in SETTINGS} == given.keys()
    assert read_config(given) == Config(
        data=Path("/d"), studies=(Path("/a"), Path("/b")), site=Path("/s.toml"),
        pilots=frozenset({"one", "two"}), key=Path("/k"), endings=Path("/e"), https=False,
        proxies=0, host="::1", port=81, socket="/s", workers=3, threads=5, lifetime=600, starts=7,
        text_readers=2, metrics_port=9100,
        rooms=frozenset({"respond"}),
        second_step=frozenset({"researcher", "board"}), smtp_host="mail.example.org", smtp_port=465,
        smtp_tls="tls", smtp_from="survey@example.org", smtp_user="lacrima",
        smtp_password_file="/p",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [
    ("LACRIMA_HTTPS", "yes"), ("LACRIMA_PORT", "0"), ("LACRIMA_PORT", "http"),
    ("LACRIMA_PROXIES", "-1"), ("LACRIMA_WORKERS", "²"), ("LACRIMA_HTPS", "on"),
    ("LACRIMA_ROOMS", "attic"), ("LACRIMA_ROOMS", ""), ("LACRIMA_SECOND_STEP", "client"),
])  # fmt: skip
def test_a_setting_that_cannot_be_read_is_named(name, value):
    with pytest.raises(BadSetting, match=name):
        read_config({name: value})


@pytest.mark.parametrize(("more", "said"), [
    ({"LACRIMA_SMTP_TLS": "ssl"}, "give starttls, tls or off"),
    ({"LACRIMA_SMTP_TLS": "off"}, "in clear"),
    ({"LACRIMA_SMTP_FROM": ""}, "LACRIMA_SMTP_FROM is empty"),
    ({"LACRIMA_SMTP_USER": "lacrima"}, "or neither"),
    ({"LACRIMA_SMTP_PORT": "0"}, "LACRIMA_SMTP_PORT"),
])  # fmt: skip
def test_a_mail_server_that_would_be_unsafe_or_has_half_its_settings_is_refused(more, said):
    given = {"LACRIMA_SMTP_HOST": "mail.example.org", "LACRIMA_SMTP_FROM": "s@example.org"}
    assert read_config(given).smtp_tls == "starttls"
    with pytest.raises(BadSetting, match=said):
        read_config(given | more)


def test_worker_processes_read_back_the_same_settings():
    config = replace(read_config({}), pilots=frozenset("ab"), https=False, studies=(Path("/x"),))
    assert read_config(as_environment(config)) == config


def test_a_wheel_keeps_templates_studies_and_deploy_where_no_module_lies():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {
        name: f"survey/bundled/{name}" for name in ("templates", "studies", "deploy")
    }
    assert not (ROOT / "survey" / "bundled").exists()
    assert [folder(name) for name in included] == [ROOT / name for name in included]
