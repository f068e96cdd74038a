"""What a reader sees when a question is answered, and what an answer given then is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from viewer.core.answers import About, Answer, Stage, case_id_of
from viewer.core.items import Item


class Place(NamedTuple):
    """Which question it is: an answer to the same place is the same answer revised.

    ``stage`` is empty where stages are not told apart.
    """

    reader_id: str
    case_id: str
    stage: str
    item_id: str
    map_id: str = ""
    target_class: str = ""
    slice_index: int | None = None

    @classmethod
    def of(cls, answer: Answer) -> Place:
        """Return the place of an answer."""
        about = answer.about
        return cls(
            about.reader_id,
            about.case_id,
            about.stage,
            answer.item_id,
            about.map_id,
            about.target_class,
            about.slice_index,
        )

    @property
    def key(self) -> str:
        """The place as one line of text, to be kept beside what is typed there."""
        number = "" if self.slice_index is None else str(self.slice_index)
        return "/".join((*self[:6], number))


@dataclass(frozen=True, slots=True)
class OnScreen:
    """What the reader sees: decides what an answer is about.

    Parameters
    ----------
    volume_sha256 : str
        Of the open series; empty while it is being read, when nothing can be answered.
    stage : str
        S0 the picture alone, S1 with a prediction, S2 with a map.
    slice_index : int
        From 1.
    """

    volume_sha256: str = ""
    stage: Stage = "S0"
    slice_index: int = 1
    model_id: str = ""
    model_sha256: str = ""
    ai_label: int | None = None
    ai_prob: float | None = None
    ai_threshold: float | None = None
    map_id: str = ""
    map_title: str = ""
    map_sha256: str = ""
    target_class: str = ""

    @property
    def case_id(self) -> str:
        """Code of the open series; empty while it is being read."""
        return case_id_of(self.volume_sha256) if self.volume_sha256 else ""

    def about(self, reader_id: str, item: Item | None = None, app_version: str = "") -> About:
        """Return what an answer to ``item`` given now is about; without an item, what is on screen as a whole."""
        is_case = item is None or item.scope == "case"
        about = About(
            reader_id=reader_id,
            case_id=case_id_of(self.volume_sha256),
            stage=self.stage,
            volume_sha256=self.volume_sha256,
            slice_index=self.slice_index if item is not None else None,
            model_id=self.model_id,
            model_sha256=self.model_sha256,
            # The model speaks of slices: an answer about the whole case carries no slice's probability.
            ai_label=None if is_case else self.ai_label,
            ai_prob=None if is_case else self.ai_prob,
            ai_threshold=None if is_case else self.ai_threshold,
            map_id=self.map_id if item is not None else "",
            map_label_shown=self.map_title if item is not None else "",
            map_sha256=self.map_sha256 if item is not None else "",
            map_is_sham=False if self.map_id and item is not None else None,
            target_class=self.target_class if item is not None else "",
            app_version=app_version,
        )
        return about if item is None else about.for_item(item)

    def place(self, reader_id: str, item: Item) -> Place:
        """Return the place of ``item`` now, without making an answer: this is done for every slice passed."""
        is_map, is_case = item.scope == "map" and self.stage == "S2", item.scope == "case"
        about_map = (self.map_id, self.target_class) if is_map else ("", "")
        number = None if is_case else self.slice_index
        return Place(reader_id, case_id_of(self.volume_sha256), self.stage, item.id, *about_map, number)
