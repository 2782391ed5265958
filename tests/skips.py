"""Skips in CI: one that ``skips.toml`` does not list fails the run."""

import os
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

ACCEPTED = tomllib.loads(Path(__file__).with_name("skips.toml").read_text("utf-8"))
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def judged(report: Report) -> Report:
    """Return the report of a skip that CI does not accept as a failure, any other as it is."""
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return report
    assert isinstance(report.longrepr, tuple)
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if ACCEPTED.get(report.nodeid) != reason:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} skipped, which tests/skips.toml does not list: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return judged((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return judged((yield))
