"""The commands about files, slices and pictures, one row each."""

from __future__ import annotations

from viewer.app.command_row import Command
from viewer.core.words import QT_TR_NOOP

PICTURE_COMMANDS: tuple[Command, ...] = (
    Command(
        "file.open-folder",
        "File",
        QT_TR_NOOP("Open folder…"),
        ("Ctrl+O",),
        QT_TR_NOOP("Open a folder of DICOM, NIfTI or picture files."),
    ),
    Command("file.open-files", "File", QT_TR_NOOP("Open files…"), ("Ctrl+Shift+O",), QT_TR_NOOP("Open single files.")),
    Command(
        "file.add-folder",
        "File",
        QT_TR_NOOP("Add folder…"),
        ("Ctrl+Shift+A",),
        QT_TR_NOOP("Open a folder beside what is open already (also: drop it with Shift held)."),
    ),
    Command(
        "file.add-files",
        "File",
        QT_TR_NOOP("Add files…"),
        ("Ctrl+Alt+A",),
        QT_TR_NOOP("Open single files beside what is open already."),
    ),
    Command(
        "file.open-recent",
        "File",
        QT_TR_NOOP("Open recent"),
        ("Ctrl+Shift+H",),
        QT_TR_NOOP("The folders and files opened last."),
    ),
    Command(
        "file.forget-recents",
        "File",
        QT_TR_NOOP("Clear list"),
        (),
        QT_TR_NOOP("Forget which files and folders were opened; their paths may name people."),
    ),
    Command(
        "file.rescan",
        "File",
        QT_TR_NOOP("Look again"),
        ("Ctrl+Shift+R",),
        QT_TR_NOOP("Look through the opened files and folders again; series, slice and overlays stay."),
    ),
    Command(
        "file.open-model",
        "File",
        QT_TR_NOOP("Open model…"),
        ("Ctrl+M",),
        QT_TR_NOOP("Choose the folder of a classifier bundle."),
    ),
    Command(
        "file.open-run",
        "File",
        QT_TR_NOOP("Open training run…"),
        ("Ctrl+T",),
        QT_TR_NOOP(
            "Review what a training run said of each slice, out of fold: by a model that had not seen the patient."
        ),
    ),
    Command(
        "file.export-ratings",
        "File",
        QT_TR_NOOP("Export ratings…"),
        ("Ctrl+E",),
        QT_TR_NOOP("Write every answer to ratings.csv, with a codebook beside it."),
    ),
    Command(
        "file.export-maps",
        "File",
        QT_TR_NOOP("Export maps…"),
        ("Ctrl+Shift+E",),
        QT_TR_NOOP("Write the computed maps of this series as .npz and NIfTI, with their provenance."),
    ),
    Command(
        "file.reopen",
        "File",
        QT_TR_NOOP("Open where you were"),
        ("Ctrl+Shift+T",),
        QT_TR_NOOP(
            "After a crash: the series, slice, layout and overlays that were open, and comments that were not saved."
        ),
    ),
    Command(
        "file.close-all",
        "File",
        QT_TR_NOOP("Close all series"),
        ("Ctrl+W",),
        QT_TR_NOOP("Start empty; answers are saved already."),
    ),
    Command(
        "file.quit", "File", QT_TR_NOOP("Quit"), ("Ctrl+Q",), QT_TR_NOOP("Close the window; answers are saved already.")
    ),
    Command(
        "edit.undo",
        "Edit",
        QT_TR_NOOP("Undo"),
        ("Ctrl+Z",),
        QT_TR_NOOP("Take back the last change of window, zoom or overlay, or the last answer."),
    ),
    Command(
        "edit.redo", "Edit", QT_TR_NOOP("Redo"), ("Ctrl+Y", "Ctrl+Shift+Z"), QT_TR_NOOP("Do again what was taken back.")
    ),
    Command(
        "edit.preferences",
        "Edit",
        QT_TR_NOOP("Preferences…"),
        ("Ctrl+,",),
        QT_TR_NOOP("Look, language, size of letters, mouse buttons, device."),
    ),
    Command(
        "slice.next", "Slices", QT_TR_NOOP("Next slice"), ("Down",), QT_TR_NOOP("One slice up the stack (wheel down).")
    ),
    Command(
        "slice.previous",
        "Slices",
        QT_TR_NOOP("Previous slice"),
        ("Up",),
        QT_TR_NOOP("One slice down the stack (wheel up)."),
    ),
    Command("slice.forward", "Slices", QT_TR_NOOP("Ten slices on"), ("PgDown",), QT_TR_NOOP("Ten slices on.")),
    Command("slice.back", "Slices", QT_TR_NOOP("Ten slices back"), ("PgUp",), QT_TR_NOOP("Ten slices back.")),
    Command("slice.first", "Slices", QT_TR_NOOP("First slice"), ("Home",), QT_TR_NOOP("The first slice.")),
    Command("slice.last", "Slices", QT_TR_NOOP("Last slice"), ("End",), QT_TR_NOOP("The last slice.")),
    Command(
        "series.next",
        "Slices",
        QT_TR_NOOP("Next series"),
        ("Ctrl+PgDown",),
        QT_TR_NOOP("Open the next series of the list."),
    ),
    Command(
        "series.previous",
        "Slices",
        QT_TR_NOOP("Previous series"),
        ("Ctrl+PgUp",),
        QT_TR_NOOP("Open the previous series of the list."),
    ),
    Command(
        "run.next-misread",
        "Slices",
        QT_TR_NOOP("Next misread slice"),
        ("N",),
        QT_TR_NOOP(
            "In a training run: the next slice whose answer is not its label, in this case or one further down."
        ),
    ),
    Command(
        "run.previous-misread",
        "Slices",
        QT_TR_NOOP("Previous misread slice"),
        ("Shift+N",),
        QT_TR_NOOP("In a training run: the misread slice before this one, in this case or one further up."),
    ),
    Command(
        "run.sort",
        "Slices",
        QT_TR_NOOP("Next order of cases"),
        ("Shift+O",),
        QT_TR_NOOP("In a training run: cases as in the table, by their error, by their uncertainty."),
    ),
    Command(
        "run.labels",
        "View",
        QT_TR_NOOP("Show labels"),
        ("Shift+L",),
        QT_TR_NOOP("In a training run: labels and misread slices, or none of them, to read without knowing."),
        checkable=True,
    ),
    Command(
        "window.auto",
        "View",
        QT_TR_NOOP("Auto window"),
        ("0",),
        QT_TR_NOOP("Window from the body, 0.5–99.5 % of the series; stays while you scroll."),
    ),
    Command(
        "window.1",
        "View",
        QT_TR_NOOP("Window stored in the file"),
        ("1",),
        QT_TR_NOOP("The first window that the DICOM file proposes."),
    ),
    Command(
        "window.2",
        "View",
        QT_TR_NOOP("Window 1–99 %"),
        ("2",),
        QT_TR_NOOP("From the 1st to the 99th percentile of the series."),
    ),
    Command(
        "window.3",
        "View",
        QT_TR_NOOP("Window 0.1–99.9 %"),
        ("3",),
        QT_TR_NOOP("From the 0.1th to the 99.9th percentile."),
    ),
    Command(
        "window.4",
        "View",
        QT_TR_NOOP("Window full range"),
        ("4",),
        QT_TR_NOOP("From the smallest to the largest value."),
    ),
    Command(
        "view.invert",
        "View",
        QT_TR_NOOP("Invert grey values"),
        ("I",),
        QT_TR_NOOP("Dark becomes bright."),
        checkable=True,
    ),
    Command(
        "view.layout",
        "View",
        QT_TR_NOOP("Next layout"),
        ("L",),
        QT_TR_NOOP("One picture; clean | overlay; clean and three methods; a second series beside."),
    ),
    Command(
        "view.maximise",
        "View",
        QT_TR_NOOP("One picture or several"),
        ("M",),
        QT_TR_NOOP("Show the picture in use alone, and all again; also: double-click on a picture."),
    ),
    Command(
        "view.series",
        "View",
        QT_TR_NOOP("Second series beside"),
        ("C",),
        QT_TR_NOOP("Show a second series beside the first, or go back to the layout before."),
        checkable=True,
    ),
    Command(
        "beside.next",
        "View",
        QT_TR_NOOP("Compare with next series"),
        ("Ctrl+Shift+PgDown",),
        QT_TR_NOOP("Show the next series of the list beside the first; also: Ctrl+click in the list."),
    ),
    Command(
        "beside.previous",
        "View",
        QT_TR_NOOP("Compare with previous series"),
        ("Ctrl+Shift+PgUp",),
        QT_TR_NOOP("Show the previous series of the list beside the first."),
    ),
    Command(
        "link.slices",
        "View",
        QT_TR_NOOP("Link slices"),
        ("Shift+S",),
        QT_TR_NOOP(
            "The two series scroll together: by patient position where both have one, else by share of the stack."
        ),
        checkable=True,
    ),
    Command(
        "link.place",
        "View",
        QT_TR_NOOP("Link zoom and pan"),
        ("Shift+Z",),
        QT_TR_NOOP("Both series show the same place at the same millimetres."),
        checkable=True,
    ),
    Command(
        "link.window",
        "View",
        QT_TR_NOOP("Link window"),
        ("Shift+W",),
        QT_TR_NOOP("Both series have one window; for the same sequence only."),
        checkable=True,
    ),
    Command(
        "view.swipe",
        "View",
        QT_TR_NOOP("Swipe line"),
        ("S",),
        QT_TR_NOOP("A line to drag across the picture: clean to its left, overlay to its right."),
        checkable=True,
    ),
    Command("view.fit", "View", QT_TR_NOOP("Fit to view"), ("F", "="), QT_TR_NOOP("Whole slice in the view, centred.")),
    Command(
        "view.zoom-in", "View", QT_TR_NOOP("Zoom in"), ("+", "Ctrl+="), QT_TR_NOOP("Also: right-drag up, Ctrl+wheel.")
    ),
    Command(
        "view.zoom-out",
        "View",
        QT_TR_NOOP("Zoom out"),
        ("-", "Ctrl+-"),
        QT_TR_NOOP("Also: right-drag down, Ctrl+wheel."),
    ),
    Command(
        "view.crosshair",
        "View",
        QT_TR_NOOP("Crosshair"),
        ("X",),
        QT_TR_NOOP("Mark the same place in both pictures and read its value."),
        checkable=True,
    ),
    Command(
        "view.identity",
        "View",
        QT_TR_NOOP("Hide identity"),
        ("Ctrl+P",),
        QT_TR_NOOP("Hide or show the patient's name, number and dates on the picture."),
        checkable=True,
    ),
    Command(
        "view.series-panel",
        "View",
        QT_TR_NOOP("List of series"),
        ("F7",),
        QT_TR_NOOP("Show or hide the list at the left."),
        checkable=True,
    ),
    Command(
        "view.side-panel",
        "View",
        QT_TR_NOOP("Model and feedback"),
        ("F8",),
        QT_TR_NOOP("Show or hide what stands at the right: prediction, explanations, questions."),
        checkable=True,
    ),
    Command(
        "view.full-screen", "View", QT_TR_NOOP("Full screen"), ("F11",), QT_TR_NOOP("Fill the screen."), checkable=True
    ),
)
