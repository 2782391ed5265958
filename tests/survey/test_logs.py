import logging

from survey.security import quiet_logs

ANSWER = "a private answer"


def logged(caplog, name, error):
    quiet_logs()
    try:
        raise error
    except Exception as caught:
        logging.getLogger(name).error("said %s", ANSWER, exc_info=caught)
    return caplog.text


def test_a_failure_is_logged_by_kind_and_place_and_never_in_its_words(caplog):
    text = logged(caplog, "survey", ValueError(ANSWER))
    assert ANSWER not in text
    assert "ValueError at " in text
    assert "test_logs.py" in text


def test_a_failure_inside_a_page_logs_no_answer(open_app, caplog, monkeypatch):
    from survey.storage import answers
    from tests.journeys.client import Journey

    def broken(db, response):
        raise RuntimeError(repr(response))

    client = Journey(open_app("once"), "once").begin().answer(first=ANSWER).answer(upset=1)
    monkeypatch.setattr(answers, "accept", broken)
    hidden = {c.name: c.value for c in client.page.controls if c.kind == "hidden"}
    assert client.browser.post(client.here, data={**hidden, "code": "no"}).status_code == 500
    assert "RuntimeError at " in caplog.text
    assert ANSWER not in caplog.text
