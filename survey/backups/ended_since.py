"""Ending in a copy that is put back what ended after it was made, by the endings list.

What the list does not know of, or what no list is there for, counts as ended: an account needs a
new link, a board lifts a suspension, and nothing is drawn a second time from the same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from survey.backups import endings_list
from survey.backups.endings_list import EndingsList
from survey.clock import iso_utc
from survey.crypto import KeyRing
from survey.releases import destruction
from survey.releases.archive import Archive
from survey.storage import (
    accounts,
    answer_tables,
    batches,
    board,
    endings,
    members,
    record,
    releases,
    studies,
)
from survey.storage.database import Database, quoted, write_transaction
from survey.storage.reordering import merge_table, merged_tables
from survey.storage.schema import ARRIVING
from survey.storage.stores import Stores

LIST_LOST = "the list of what ended since is lost"
DRAWN = ("freezes", "segments", "measured", "releases")
ACTS = ("approvals", "rulings", "decisions", "conditions")


class Since:
    """Ends things in ``stores``, a copy of the moment ``made_at`` (ISO), and says what."""

    def __init__(
        self, stores: Stores, keys: KeyRing, listed: EndingsList | None, *, made_at: str, who: str
    ) -> None:
        self.stores, self.keys, self.listed = stores, keys, listed
        self.made_at, self.who, self.at = made_at, who, iso_utc()
        self.told: list[str] = []
        self._ended = frozenset().union(*listed.ended.values()) if listed else frozenset[str]()

    def end_all(self) -> list[str]:
        """End everything; return a sentence on each that was ended, and on what is lost."""
        office = self.stores.office
        lost = self.listed.position - record.head(office).position if self.listed else -1
        names = endings.study_names(office)
        self._answers()
        with write_transaction(office):
            self._staff()
            for study in names:
                self._study(study)
            for study in names or [""]:
                row = {"study": study, "at": self.at, "who": self.who, "made_at": self.made_at}
                spent, why = self._spent(study)
                record.append(office, "restorations", {**row, "spent": int(spent), "why": why})
                if spent:
                    self.told.append(f"{study}: nothing more may be frozen or released: {why}.")
            what = f"backup: restored from {self.made_at[:16].replace('T', ' ')} UTC"
            studies.note(office, at=self.at, who=self.who, what=what)
        for study in names:
            self._destroyed(study)
        self.told.append(self._lost(lost))
        return self.told

    @staticmethod
    def _lost(acts: int) -> str:
        if acts < 0:
            return f"Lost: whatever was done or sent since; {LIST_LOST}."
        if acts == 0:
            return "Lost: answers sent since. No act of staff was."
        return f"Lost: answers sent since, and {acts} lines of the record of staff's acts."

    def _answers(self) -> None:
        """Delete answers and texts that were deleted since; without a list all that can be."""
        db, gone = self.stores.responses, 0
        if self.listed and not self._ended:
            return
        with write_transaction(db):
            merge_table(db)
            for table in merged_tables(db):
                if table != "accepted":
                    gone += self._delete(db, table)
            answer_tables.recount(db, merged_tables(db))
        if gone and self.listed:
            # Rounded: how many changed their mind between two days is told finer nowhere.
            self.told.append("Answers and texts that were deleted since are deleted here too.")
        elif gone:
            self.told.append("No answer that was not frozen is put back: it may have been deleted.")

    def _delete(self, db: Database, table: str) -> int:
        owners = sorted(answer_tables.studies_of(db, table))
        study = "study" if table == answer_tables.TEXTS else "NULL"
        sql = f"SELECT key, {study}, deletion FROM {quoted(table)} WHERE batch = 0 ORDER BY key"  # noqa: S608
        found = [
            (key, owner or (owners[0] if owners else ""), deletion)
            for key, owner, deletion in db.conn.execute(sql)
            if self._is_ended(deletion)
        ]
        for key, owner, deletion in found:
            endings.keep_ended(db, owner, [deletion])
            db.conn.execute(f"DELETE FROM {quoted(table)} WHERE key = ?", (key,))  # noqa: S608
        return len(found)

    def _is_ended(self, deletion: bytes) -> bool:
        if self.listed is None:
            return True
        return any(value in self._ended for value in endings_list.values_of(self.keys, deletion))

    def _gone(self, name: str, made: Callable[..., dict[str, Any]]) -> list[Any]:
        """Return what of this kind the copy has and the list no longer knows."""
        known = self.listed.held[name] if self.listed else frozenset[str]()
        holds: dict[Any, bool] = {}
        for keyed in self.keys.ending_hashes:
            for tag, what in made(self.stores.office, keyed).items():
                holds[what] = holds.get(what, False) or tag in known
        return [what for what, held in holds.items() if not held]

    def _staff(self) -> None:
        """End sign-ins, links and recovery codes; accounts, seats and keys that hold no more."""
        office = self.stores.office
        for table in ("sessions", "setups", "recovery", "mail_queue"):
            office.table(table).delete_where()
        for folded in self._gone("accounts", endings.account_tags):
            accounts.disable(office, folded)
            self.told.append(f"Account {folded} is disabled: it was changed or disabled since.")
        for account, study in self._gone("assigned", endings.assigned_tags):
            office.table("assigned").delete_where("account = ? AND study = ?", [account, study])
        if self.listed is None:
            return  # a board has to be there to lift what is suspended
        for study, account in self._gone("members", endings.member_tags):
            seat = members.member(office, study, account)
            if seat:
                members.appoint(
                    office,
                    replace(seat, at=self.at, who=self.who, what="ended", why="ended or changed"),
                )
                self.told.append(f"{study}: {seat.name} is no longer on the board.")
        for account, number in self._gone("keys", endings.key_tags):
            members.end_keys(
                office, account, key=number, at=self.at, who=self.who, why="ended before"
            )

    def _study(self, study: str) -> None:
        """Close a study, and stop and take back what was stopped and taken back since."""
        office, state = self.stores.office, studies.status(self.stores.office, study)
        known = self.listed.studies.get(study, {}) if self.listed else {}
        if known.get("state") == "frozen" and state != "frozen":
            studies.set_status(office, study, "frozen", self.at)
        elif state == "open":
            studies.set_status(office, study, "closed", self.at)
        if self.listed and self.listed.went(study, "quorum") > self._count(study, "quorum"):
            quorum = self.listed.went(study, "quorum")
            members.set_quorum(office, members.QuorumChange(study, self.at, self.who, quorum))
        self._take_back(study, known.get("revoked", ()), known.get("recalled", ()))
        if self._acts_are_missing(study):
            self._suspend(study, ("collection", "use"), "acts of the board since are not in it")
        else:
            self._suspend(study, known.get("suspended", ()), "it was suspended since")
        if self.listed is None or self.listed.went(study, "readings") > self._count(
            study, "readings"
        ):
            self._unread(study)

    def _count(self, study: str, what: str) -> int:
        return int(endings.study_life(self.stores.office, study)[what])

    def _acts_are_missing(self, study: str) -> bool:
        if self.listed is None:
            return True
        return any(self.listed.went(study, what) > self._count(study, what) for what in ACTS)

    def _take_back(self, study: str, revoked: Collection[int], recalled: Collection[int]) -> None:
        office, life = self.stores.office, endings.study_life(self.stores.office, study)
        for one in studies.approvals(office, study):
            if one.number in revoked and not one.revoked:
                board.rule(
                    office, study, "revoked", at=self.at, who=self.who, approval=one.number,
                    why="Revoked after the backup was made.",
                )  # fmt: skip
                self.told.append(f"{study}: the approval {one.reference} is revoked, as since.")
        made = {one.number for one in releases.all_releases(office, study)}
        if again := sorted(made & (set(recalled) - set(life["recalled"]))):
            why = "Recalled after the backup was made."
            releases.recall(office, study, again, at=self.at, why=why)
            self.told.append(f"{study}: releases {again} are recalled, as since.")

    def _suspend(self, study: str, switches: Collection[str], why: str) -> None:
        office = self.stores.office
        every: tuple[board.Switch, ...] = ("collection", "use")
        new = [s for s in every if s in switches and not board.suspension(office, study, s)]
        if new:
            board.rule(
                office, study, "suspended", at=self.at, who=self.who,
                why=f"Put back from a backup of {self.made_at[:10]}: {why}.",
                collection="collection" in new, use="use" in new,
            )  # fmt: skip
            self.told.append(f"{study}: suspended until its board lifts that: {why}.")

    def _unread(self, study: str) -> None:
        """Have every text that was let out be read again: a later word on it may be lost."""
        db = self.stores.responses
        with write_transaction(db):
            for table in ("texts", ARRIVING + "texts"):
                db.conn.execute(
                    f"UPDATE {table} SET state = 'new', redacted = NULL"  # noqa: S608
                    " WHERE study = ? AND state IN ('once', 'approved', 'redacted')",
                    (study,),
                )
            answer_tables.recount(db, merged_tables(db))

    def _spent(self, study: str) -> tuple[bool, str]:
        """Return whether its answers may be drawn from no more, and why."""
        if not study:
            return False, ""
        if self.listed is None:
            return True, LIST_LOST
        later = [w for w in DRAWN if self.listed.went(study, w) > self._count(study, w)]
        if later or self.listed.went(study, "spent"):
            return True, f"{later[0] if later else 'batches'} made since are not in the backup"
        return False, ""

    def _destroyed(self, study: str) -> None:
        """Destroy again what was destroyed since."""
        known = self.listed.studies.get(study, {}).get("destroyed", ()) if self.listed else ()
        for kind in sorted(set(known) & {"answers", "texts"}):
            is_texts = kind == "texts"
            gone = batches.destroy(self.stores.responses, study, texts=is_texts)
            batches.certified(self.stores.responses, study, texts=is_texts)
            if gone:
                self.told.append(f"{study}: its {kind} are destroyed, as since.")
        if "releases" in known:
            archive = Archive(self.stores.folder, study)
            for path in [*archive.folder.glob("*.zip"), *archive.parts.glob("*")]:
                destruction.overwrite(path)
