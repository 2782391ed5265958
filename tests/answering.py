"""Real answers in a store, sent by simulated clients as the product sends them."""

from collections.abc import Iterable
from pathlib import Path

from forms.fingerprint import fingerprint_of_facts
from forms.kinds import columns_of_study
from forms.site_facts import SiteFacts, facts_for
from forms.study import Study
from survey.storage import answer_tables, answers, batches, studies
from survey.storage.database import Database
from survey.storage.stores import Stores
from survey.synthetic.simulate import SimulatedResponse, simulate, store_clients


def real_answers(
    stores: Stores, study: Study, count: int, *, seed: int = 1, first: int | None = None
) -> None:
    """``count`` answers to the open study, not frozen; another ``seed`` gives other people.

    ``first`` numbers them where the same people answer another study too.
    """
    if studies.status(stores.office, study.name) == "draft":
        approved(stores, study)
        studies.set_status(stores.office, study.name, "open", "2026-01-02")
    number = seed * 10_000 if first is None else first
    _send(stores.responses, study, simulate(study, count=count, seed=seed), number)


def approved(stores: Stores, study: Study) -> None:
    """A board approved the study as it is, without any fact of a site, unless it has before."""
    if studies.approvals(stores.office, study.name):
        return
    words, policy = study.fingerprints.words, study.fingerprints.policy
    studies.approve(
        stores.office,
        studies.Approval(
            study.name, words, policy, fingerprint_of_facts(study, facts_for(SiteFacts(), study)),
            reference="R1", by="A board", approved_on="2020-01-01", expires_on="2999-12-31",
        ),
    )  # fmt: skip


def people_in_pilot(stores: Stores, study: Study, count: int, *, after: int = 0) -> list[bytes]:
    """``count`` people answer the pilot, ``after`` so many others; gives their deletion values."""
    people = list(simulate(study, count=after + count, seed=7))[after:]
    return _send(stores.pilot, study, people, after)


def _send(
    db: Database, study: Study, clients: Iterable[SimulatedResponse], first: int
) -> list[bytes]:
    words, sent = bytes.fromhex(study.fingerprints.words), []
    table = answer_tables.prepare(
        db,
        study=study.name,
        fingerprint=words,
        content=study.content,
        columns=columns_of_study(study),
    )
    for at, client in enumerate(clients, first):
        blob = at.to_bytes(32)
        answer = answers.Response(
            study=study.name, table=table, fingerprint=words, lang="en", c_open=client.c_open,
            completion=client.completion, dur_band=client.dur_band, deletion=blob,
            values=client.values, texts=(), submit=blob, invitation=None,
        )  # fmt: skip
        assert answers.accept(db, answer)
        sent.append(blob)
    return sent


def simulate_into(db: Database, study: Study, folder: Path, *, count: int, seed: int) -> None:
    """Store ``count`` synthetic clients, and nothing in the totals of events."""
    for _ in store_clients(db, study, folder, count=count, seed=seed):
        pass


def freeze(stores: Stores, study: Study) -> None:
    """What is there becomes a batch."""
    batches.freeze(stores.responses, study.name, minimum=1, closing=True)
