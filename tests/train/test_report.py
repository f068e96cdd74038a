"""The report: one page that loads nothing, escapes what others wrote, and draws what there is."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn import metrics

from tests.train.synthetic import made_up_cohort, made_up_outcomes
from xai.notice import RESEARCH_USE_ONLY
from xai.train.config import TrainingConfig
from xai.train.plots import PANELS, draw_all, pr_curve, roc_curve
from xai.train.results import compute_results, write_results

CONFIG = TrainingConfig(folds=4)
NAMES = {"roc", "pr", "confusion", "calibration", "curves"}
EVIL = "<script>alert('x')</script>&\"/im.png"


class Page(HTMLParser):
    """Tags and attributes in order, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def written(run: Path, about: dict[str, object] | None = None, image: str = "") -> str:
    cohort = made_up_cohort([0, 1] * 6)
    if image:
        evil = tuple(replace(one, name=image, group=f"<b>{one.group}") for one in cohort.examples)
        changed = replace(cohort, examples=evil, table=Path("/x/<i>data.csv"), notes=("A <u>note</u>.",))
        outcomes = made_up_outcomes(cohort, 4)
    else:
        changed, outcomes = cohort, made_up_outcomes(cohort, 4)
    write_results(run, changed, outcomes, CONFIG, about or {})
    return (run / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    folder = tmp_path_factory.mktemp("run")
    written(folder, {"final_epochs": 7, "device": "cpu"})
    return folder


def test_the_page_is_whole_and_loads_nothing(run: Path) -> None:
    html = (run / "report.html").read_text()
    page = Page(html)
    assert page.open == []
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "a", "base"} == set()
    sources = [attributes["src"] or "" for tag, attributes in page.tags if tag == "img"]
    assert len(sources) == len(NAMES)
    for source in sources:
        kind, data = source.split(",", 1)
        assert kind == "data:image/png;base64"
        Image.open(io.BytesIO(base64.b64decode(data))).verify()
    assert all("src" not in attributes for tag, attributes in page.tags if tag != "img")
    assert "url(" not in html
    assert "http:" not in html.replace(sources[0], "")
    assert RESEARCH_USE_ONLY in page.text
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")


def test_what_others_wrote_is_escaped(tmp_path: Path) -> None:
    findings = [{"severity": "warning", "code": "x", "message": "Two <em>alike</em>."}]
    about = {"findings": findings, "notes": ["<q>"], "host": "<s>", "more": {"<p>": ["<q>"]}}
    page = Page(written(tmp_path, about, EVIL))
    assert {tag for tag, _ in page.tags} & {"script", "b", "i", "u", "em", "q", "s"} <= {"b"}
    assert [a for tag, a in page.tags if tag == "b" and a] == []
    for words in (EVIL, "<i>data.csv", "<b>P3", "A <u>note</u>.", "warning: Two <em>alike</em>.", "<q>", "<s>"):
        assert words in page.text


def test_the_page_says_the_figures_of_the_json(run: Path) -> None:
    page = Page((run / "report.html").read_text())
    cohort = made_up_cohort([0, 1] * 6)
    found = compute_results(cohort, made_up_outcomes(cohort, 4), CONFIG)
    span = found.intervals["roc_auc"]
    assert span is not None
    assert f"{found.pooled['roc_auc']:.3f}" in page.text
    assert f"[{span.low:.3f}, {span.high:.3f}]" in page.text
    assert f"{found.mean['recall']:.3f} ± {found.std['recall']:.3f}" in page.text
    assert f"temperature of {found.calibration.temperature:.4g}" in page.text
    wrong = int((found.answers.prediction != found.answers.labels).sum())
    assert f"{wrong} of 48 slices are misread" in page.text
    assert "final epochs" in page.text
    assert cohort.sha256 in page.text
    assert "overread train data.csv --config training.toml" in page.text


def test_pictures_lie_beside_the_page_and_are_those_in_it(run: Path) -> None:
    html = (run / "report.html").read_text()
    assert {path.stem for path in (run / "plots").iterdir()} == NAMES
    for path in (run / "plots").iterdir():
        assert base64.b64encode(path.read_bytes()).decode() in html
        assert np.asarray(Image.open(path).convert("L")).std() > 5  # something is drawn


@pytest.mark.parametrize(
    ("classes", "folds"), [([0] * 6, 3), ([1] * 6, 3), ([0, 1, 0], 3), ([0, 1] * (PANELS + 2), PANELS + 1)]
)
def test_every_run_has_its_report(classes: list[int], folds: int, tmp_path: Path) -> None:
    cohort = made_up_cohort(classes, slices=2)
    write_results(tmp_path, cohort, made_up_outcomes(cohort, folds), CONFIG, {})
    page = Page((tmp_path / "report.html").read_text())
    assert page.open == []
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+", "", page.text.lower())
    assert ("–" in page.text) == (len(set(classes)) < 2 or len(classes) == 3)


def test_epochs_without_validation_are_drawn() -> None:
    cohort = made_up_cohort([0, 1] * 3)
    outcomes = [
        replace(
            one, epochs=tuple(replace(e, validation_loss=None, validation_balanced_accuracy=None) for e in one.epochs)
        )
        for one in made_up_outcomes(cohort, 3)
    ]
    assert set(draw_all(compute_results(cohort, outcomes, CONFIG))) == NAMES
    bare = [replace(one, epochs=()) for one in outcomes]
    assert set(draw_all(compute_results(cohort, bare, CONFIG))) == NAMES


answers = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([n / 10 for n in range(11)])), min_size=2, max_size=40
).filter(lambda some: len({label for label, _ in some}) == 2)


@settings(deadline=None)
@given(answers)
def test_curves_hold_the_areas_of_scikit_learn(some: list[tuple[int, float]]) -> None:
    labels, chance = (np.array(column) for column in zip(*some, strict=True))
    roc, precision_recall = roc_curve(labels, chance), pr_curve(labels, chance)
    assert roc is not None
    assert precision_recall is not None
    assert metrics.auc(*roc) == pytest.approx(metrics.roc_auc_score(labels, chance))
    steps = (np.diff(precision_recall[0]) * precision_recall[1][1:]).sum()
    assert steps == pytest.approx(metrics.average_precision_score(labels, chance))
    assert (roc[0][-1], roc[1][-1], precision_recall[0][-1]) == (1, 1, 1)
