"""A whole training run: pictures, features, folds, the final network, results. What is finished is never done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from xai.errors import TrainingError
from xai.evaluate.classification import MEASURES
from xai.models.bundle import save_bundle
from xai.models.manifest import MANIFEST_NAME, BundleCalibration
from xai.models.networks import NETWORKS
from xai.progress import Progress
from xai.train.check import Finding, check
from xai.train.cohort import Cohort
from xai.train.config import TrainingConfig
from xai.train.features import FeatureStore, features_digest
from xai.train.files import write_text
from xai.train.fit import Fitted, Lesson, Moment, Report, Source, ask, fit
from xai.train.folds import Fold, split
from xai.train.hardware import Hardware, agree
from xai.train.inputs import FeatureSource, PictureSource
from xai.train.jobs import Job, share
from xai.train.order import Order
from xai.train.outcome import OUTCOME_NAME, FoldOutcome
from xai.train.pictures import open_pictures, write_pictures
from xai.train.results import METRICS_NAME, write_results
from xai.train.start import freeze, split_network, starting_network

Tell = Callable[[str, float, float], None]
"""Told in words what is being done, how much of the run is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files of a run are."""

    path: Path

    @property
    def work(self) -> Path:
        """What may be deleted after the run."""
        return self.path / "work"

    @property
    def claims(self) -> Path:
        """Which process does what."""
        return self.work / "claims"

    @property
    def pictures(self) -> Path:
        """The network's inputs."""
        return self.work / "pictures.npy"

    @property
    def findings(self) -> Path:
        """What the check of the data found."""
        return self.work / "findings.json"

    @property
    def bundle(self) -> Path:
        """The network trained on all data."""
        return self.path / "bundle"

    def fold(self, number: int) -> Path:
        """Return the folder of a fold."""
        return self.path / "folds" / f"{number:02d}"

    def outcome(self, number: int) -> Path:
        """Return the file that tells that a fold is finished, and how."""
        return self.fold(number) / OUTCOME_NAME

    def checkpoint(self, name: str) -> Path:
        """Return the file that a lesson is gone on with from."""
        return self.work / "checkpoints" / f"{name}.ckpt"

    def finished(self) -> bool:
        """Tell whether nothing is left to do."""
        return (self.path / METRICS_NAME).exists() and (self.bundle / MANIFEST_NAME).exists()


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One process's part in a run."""

    folder: RunFolder
    cohort: Cohort
    config: TrainingConfig
    folds: tuple[Fold, ...]
    hardware: Hardware
    helpers: int
    """Processes at work on the folds, this one included."""
    tell: Tell

    def do(self) -> None:
        """Take part until the run is finished.

        Raises
        ------
        TrainingError
            When the data cannot be trained on, or something cannot be written.
        Cancelled
            When ``tell`` raises it; what was finished stays.
        """
        with one_thread(self.hardware):
            if self._agreed(self.folder.finished()):
                return
            self._look_through()
            self._share([Job("pictures", self.folder.pictures.exists, self._pictures)])
            self._share([Job("check", self.folder.findings.exists, self._check)])
            if self.config.backbone == "frozen":
                self._share(list(self._feature_jobs()))
            self._fit_all([Job(f"fold-{f.number:02d}", self._is_done(f), partial(self._fold, f)) for f in self.folds])
            self._fit_all([Job("final", self.folder.finished, self._final)])

    def _share(self, jobs: Sequence[Job]) -> None:
        share(jobs, self.folder.claims, self._wait)

    def _fit_all(self, jobs: Sequence[Job]) -> None:
        """Do the lessons: each by one process, or each by all of them together."""
        if self.hardware.world == 1:
            self._share(jobs)
            return
        for job in jobs:
            if not self._agreed(job.done()):
                job.do()

    def _agreed(self, answer: bool) -> bool:
        return answer if self.hardware.world == 1 else agree(answer)

    def _look_through(self) -> None:
        """Remove outcomes that are not whole, so that those folds are done again, and refuse those of other folds."""
        for fold in self.folds:
            path = self.folder.outcome(fold.number)
            try:
                found = FoldOutcome.from_file(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise TrainingError(f"{path} cannot be read: {error.strerror or error}.") from None
            except ValueError:
                path.unlink(missing_ok=True)
                continue
            parts = (fold.train, fold.validation, fold.test)
            if (found.train, found.validation, found.test) != tuple(tuple(part.tolist()) for part in parts):
                raise TrainingError(
                    f"{path} is of other patients than fold {fold.number} has now, so the run cannot be gone on with: "
                    "begin anew with another --out."
                )

    def _wait(self, left: int) -> None:
        self.tell(f"waiting for {left} of other processes", self._finished(), self._total)

    @property
    def _total(self) -> float:
        return len(self.folds) + 2.0

    def _finished(self) -> float:
        """Return how many folds are finished, and one for the pictures and their features."""
        return 1.0 + sum(self.folder.outcome(fold.number).exists() for fold in self.folds)

    def _preparing(self, what: str, begin: float, end: float) -> Progress:
        def progress(done: int, total: int) -> None:
            self.tell(what, begin + (end - begin) * done / max(1, total), self._total)

        return progress

    def _fitting(self) -> Report:
        def report(moment: Moment) -> None:
            left = max(1, len(self.folds) + 1 - int(self._finished() - 1))
            done = self._finished() + moment.share * min(left, self.helpers)
            words = f"{moment.job}, epoch {moment.epoch + 1}, loss {moment.loss:.3f}"
            self.tell(words, min(done, self._total), self._total)

        return report

    def _pictures(self) -> None:
        self.folder.work.mkdir(parents=True, exist_ok=True)
        for left in self.folder.work.glob(f".{self.folder.pictures.name}.*.part"):
            left.unlink(missing_ok=True)  # gigabytes that a killed process left
        write_pictures(self.cohort, self.config, self.folder.pictures, self._preparing("reading pictures", 0, 0.3))

    def _check(self) -> None:
        progress = self._preparing("checking the data", 0.3, 0.3)
        findings = check(self.cohort, self.config, self._opened(), progress)
        refuse(findings)
        write_text(self.folder.findings, json.dumps([asdict(one) for one in findings], indent=1))

    def _opened(self) -> NDArray[np.float16]:
        path, size = self.folder.pictures, self.config.preprocess.size
        pictures = open_pictures(path)
        if pictures.shape != (len(self.cohort.examples), size, size):
            raise TrainingError(f"The pictures {path} are not those of {self.cohort.table}: remove them.")
        return pictures

    def _frozen(self) -> tuple[FeatureStore, nn.Module]:
        """Return where the features are kept, and the backbone that makes them."""
        config = self.config
        network, _ = starting_network(config)
        backbone, _ = split_network(config.network, network)
        made_from = f"{self.cohort.sha256} {config.masks}"
        precision = self.hardware.precision(config)
        digest = features_digest(made_from, backbone, config.augment, config.seed, config.preprocess, precision)
        return FeatureStore(self.folder.work / "features", len(self.cohort.examples), digest), freeze(backbone)

    def _feature_jobs(self) -> Iterator[Job]:
        config = self.config
        store, backbone = self._frozen()
        pictures = self._opened()
        views = config.views + 1
        store.check_room(backbone, config.preprocess.size, range(views))

        def write(view: int) -> None:
            words, begin, step = f"features, view {view + 1} of {views}", 0.3 + 0.7 * view / views, 0.7 / views
            progress = self._preparing(words, begin, begin + step)
            store.write_view(
                view,
                backbone,
                pictures,
                config.augment,
                config.seed,
                self.hardware.device,
                progress,
                precision=self.hardware.precision(config),
            )

        for view in range(views):
            yield Job(f"features-{view:03d}", partial(store.has, view), partial(write, view))

    def _source(self) -> Source:
        if self.config.backbone == "frozen":
            return FeatureSource(self._frozen()[0])
        return PictureSource(self._opened(), self.config.augment, self.config.seed)

    def _is_done(self, fold: Fold) -> Callable[[], bool]:
        return self.folder.outcome(fold.number).exists

    def _learn(self, lesson: Lesson, source: Source) -> tuple[nn.Module, nn.Module, Fitted]:
        """Return the network, the part of it that learned, and the record."""
        network, _ = starting_network(self.config)
        part = network
        if self.config.backbone == "frozen":
            backbone, part = split_network(self.config.network, network)
            freeze(backbone)
        lesson.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        lesson.folder.mkdir(parents=True, exist_ok=True)
        fitted = fit(part, lesson, source, self.cohort.labels, self.config, self.hardware, self._fitting())
        return network, part, fitted

    def _order(self, places: NDArray[np.int64], number: int) -> Order:
        config = self.config
        return Order(
            places,
            self.cohort.labels[places],
            config.batch_size,
            config.seed,
            number,
            config.views if config.backbone == "frozen" else None,
            config.oversample,
        )

    def _fold(self, fold: Fold) -> None:
        folder, name = self.folder.fold(fold.number), f"fold-{fold.number:02d}"
        source = self._source()
        lesson = Lesson(
            f"fold {fold.number + 1} of {len(self.folds)}",
            self._order(fold.train, fold.number),
            fold.validation,
            self.config.epochs,
            folder,
            self.folder.checkpoint(name),
        )
        network, part, fitted = self._learn(lesson, source)
        if self.hardware.rank:
            return
        share = self._finished() + 1  # of the run, once this fold is finished
        testing = self._preparing(f"{lesson.name}, test", share, share)
        logits = ask(part, source, fold.test, self.hardware.device, testing)
        outcome = FoldOutcome(
            fold=fold.number,
            best_epoch=fitted.best_epoch,
            epochs=fitted.epochs,
            train=tuple(fold.train.tolist()),
            validation=tuple(fold.validation.tolist()),
            test=tuple(fold.test.tolist()),
            logits=tuple(tuple(row) for row in logits.tolist()),
            seconds=sum(one.seconds for one in fitted.epochs),
            notes=fold.notes,
        )
        if self.config.keep_folds:
            self._save(folder / "bundle", network, f"fold {fold.number}: it has not seen the patients of this fold")
        write_text(self.folder.outcome(fold.number), outcome.to_json())
        lesson.checkpoint.unlink(missing_ok=True)

    def _final(self) -> None:
        outcomes = [FoldOutcome.from_file(self.folder.outcome(fold.number)) for fold in self.folds]
        epochs = round(float(np.median([one.best_epoch + 1 for one in outcomes])))
        everything = np.arange(len(self.cohort.examples))
        lesson = Lesson(
            "all patients",
            self._order(everything, len(self.folds)),
            np.empty(0, np.int64),
            epochs,
            self.folder.work / "final",
            self.folder.checkpoint("final"),
        )
        network, _, _ = self._learn(lesson, self._source())
        if self.hardware.rank:
            return
        self.tell("writing results", self._total - 0.05, self._total)
        results = write_results(self.folder.path, self.cohort, outcomes, self.config, self._about(epochs))
        measured = {key: value for key in MEASURES if (value := results.pooled[key]) is not None}
        self._save(self.folder.bundle, network, "all patients", measured, results.calibration.for_bundle())

    def _about(self, epochs: int) -> Mapping[str, object]:
        """Return what the report tells beside the figures."""
        path = self.folder.findings
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise TrainingError(f"{path} is damaged: remove it, and --resume looks at the data again.") from None
        return {
            "notes": [*self.cohort.notes, *(note for fold in self.folds for note in fold.notes)],
            "findings": found,
            "final_epochs": epochs,
            "device": self.hardware.device,
        }

    def _save(
        self,
        path: Path,
        network: nn.Module,
        version: str,
        metrics: Mapping[str, float | dict[str, float]] | None = None,
        calibration: BundleCalibration | None = None,
    ) -> None:
        patients = len(np.unique(self.cohort.groups))
        save_bundle(
            path,
            network,
            name=f"{NETWORKS[self.config.network].title}, {patients} patients",
            version=version,
            network_name=self.config.network,
            trained_on=self.cohort.trained_on,
            metrics=metrics,
            preprocess=self.config.preprocess,
            calibration=calibration,
        )


def refuse(findings: Sequence[Finding]) -> None:
    """Raise `TrainingError` when a check found what cannot be trained on."""
    errors = [one.message for one in findings if one.severity == "error"]
    if errors:
        more = f" ({len(errors) - 1} more: see --check)" if len(errors) > 1 else ""
        raise TrainingError(errors[0] + more)


@contextmanager
def one_thread(hardware: Hardware) -> Iterator[None]:
    """Let torch use a single thread on the CPU: how sums are split decides their last digits.

    So a run gives the same figures however many processes share it; cores are used by processes, a fold each.
    """
    threads = torch.get_num_threads()
    try:
        if not hardware.cuda:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(threads)


def plan(cohort: Cohort, config: TrainingConfig) -> tuple[TrainingConfig, tuple[Fold, ...]]:
    """Return the configuration with the number of folds the table has, and the folds."""
    folds = split(cohort, config)
    return config.model_copy(update={"folds": len(folds)}), folds
