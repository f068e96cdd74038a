"""Every command of the window, one row each: menus, shortcuts and the F1 page are built from this table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Something a user can ask for.

    Parameters
    ----------
    id : str
        ``"menu.name"``; the window binds a function to each id.
    menu : str
        Title of the menu it stands in.
    title : str
        What the menu shows.
    keys : tuple of str
        Shortcuts in Qt's portable notation; the first one is shown.
    tip : str
        One sentence for the tooltip, the status line and F1.
    checkable : bool
        Whether the menu entry carries a tick.
    held : bool
        Whether the command lasts while its key is held, and is therefore no ordinary shortcut.
    """

    id: str
    menu: str
    title: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    held: bool = False


MENUS = ("File", "Edit", "Slices", "View", "Explanations", "Feedback", "Help")

COMMANDS: tuple[Command, ...] = (
    Command("file.open-folder", "File", "Open folder…", ("Ctrl+O",), "Open a folder of DICOM, NIfTI or picture files."),
    Command("file.open-files", "File", "Open files…", ("Ctrl+Shift+O",), "Open single files."),
    Command("file.open-model", "File", "Open model…", ("Ctrl+M",), "Choose the folder of a classifier bundle."),
    Command(
        "file.export-ratings",
        "File",
        "Export ratings…",
        ("Ctrl+E",),
        "Write every answer to ratings.csv, with a codebook beside it.",
    ),
    Command(
        "file.export-maps",
        "File",
        "Export maps…",
        ("Ctrl+Shift+E",),
        "Write the computed maps of this series as .npz and NIfTI, with their provenance.",
    ),
    Command("file.quit", "File", "Quit", ("Ctrl+Q",), "Close the window; answers are saved already."),
    Command("edit.undo", "Edit", "Undo", ("Ctrl+Z",), "Take back the last change of window, zoom or overlay."),
    Command("edit.redo", "Edit", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "Do again what was taken back."),
    Command("slice.next", "Slices", "Next slice", ("Down",), "One slice up the stack (wheel down)."),
    Command("slice.previous", "Slices", "Previous slice", ("Up",), "One slice down the stack (wheel up)."),
    Command("slice.forward", "Slices", "Ten slices on", ("PgDown",), "Ten slices on."),
    Command("slice.back", "Slices", "Ten slices back", ("PgUp",), "Ten slices back."),
    Command("slice.first", "Slices", "First slice", ("Home",), "The first slice."),
    Command("slice.last", "Slices", "Last slice", ("End",), "The last slice."),
    Command("series.next", "Slices", "Next series", ("Ctrl+PgDown",), "Open the next series of the list."),
    Command("series.previous", "Slices", "Previous series", ("Ctrl+PgUp",), "Open the previous series of the list."),
    Command(
        "window.auto",
        "View",
        "Auto window",
        ("0",),
        "Window from the body, 0.5–99.5 % of the series; stays while you scroll.",
    ),
    Command("window.1", "View", "Window stored in the file", ("1",), "The first window that the DICOM file proposes."),
    Command("window.2", "View", "Window 1–99 %", ("2",), "From the 1st to the 99th percentile of the series."),
    Command("window.3", "View", "Window 0.1–99.9 %", ("3",), "From the 0.1th to the 99.9th percentile."),
    Command("window.4", "View", "Window full range", ("4",), "From the smallest to the largest value."),
    Command("view.invert", "View", "Invert grey values", ("I",), "Dark becomes bright.", checkable=True),
    Command("view.layout", "View", "Next layout", ("L",), "One picture; clean | overlay; clean and three methods."),
    Command("view.maximise", "View", "One picture or several", ("M",), "Also: double-click on a picture."),
    Command(
        "view.swipe",
        "View",
        "Swipe line",
        ("S",),
        "A line to drag across the picture: clean to its left, overlay to its right.",
        checkable=True,
    ),
    Command("view.fit", "View", "Fit to view", ("F", "="), "Whole slice in the view, centred."),
    Command("view.zoom-in", "View", "Zoom in", ("+", "Ctrl+="), "Also: right-drag up, Ctrl+wheel."),
    Command("view.zoom-out", "View", "Zoom out", ("-", "Ctrl+-"), "Also: right-drag down, Ctrl+wheel."),
    Command(
        "view.crosshair",
        "View",
        "Crosshair",
        ("X",),
        "Mark the same place in both pictures and read its value.",
        checkable=True,
    ),
    Command(
        "view.identity",
        "View",
        "Hide identity",
        ("Ctrl+P",),
        "Hide or show the patient's name, number and dates on the picture.",
        checkable=True,
    ),
    Command("view.full-screen", "View", "Full screen", ("F11",), "Fill the screen.", checkable=True),
    Command("overlay.toggle", "Explanations", "Overlays on", ("V",), "Show or hide the overlays.", checkable=True),
    Command(
        "overlay.peek", "Explanations", "Peek at the clean picture", ("Space",), "While the key is held.", held=True
    ),
    Command("overlay.previous", "Explanations", "Previous method", ("[",), "Show the previous method alone."),
    Command("overlay.next", "Explanations", "Next method", ("]",), "Show the next method alone."),
    Command(
        "overlay.outline",
        "Explanations",
        "Outline",
        ("O",),
        "Draw the edge of the shown area instead of filling it.",
        checkable=True,
    ),
    Command(
        "overlay.blink",
        "Explanations",
        "Blink",
        ("B",),
        "Switch the overlay on and off twice a second.",
        checkable=True,
    ),
    Command("overlay.more", "Explanations", "More opaque", ("Shift+Up",), "Also: Shift+wheel."),
    Command("overlay.less", "Explanations", "Less opaque", ("Shift+Down",), "Also: Shift+wheel."),
    Command(
        "overlay.target",
        "Explanations",
        "Next target class",
        ("T",),
        "Explain affected, the predicted class or healthy.",
    ),
    Command(
        "overlay.card",
        "Explanations",
        "Explanation card",
        ("F3",),
        "What made the chosen map: method, reference, layer, target, model, volume, cost; to read and to copy.",
    ),
    Command(
        "overlay.run",
        "Explanations",
        "Compute for this slice",
        ("R",),
        "Compute the chosen method, one that is not computed by itself, for the slice on screen.",
    ),
    Command(
        "overlay.run-series",
        "Explanations",
        "Compute for the whole series",
        ("Shift+R",),
        "Compute the chosen method for every slice, nearest first; Esc stops and keeps what is there.",
    ),
    Command("overlay.solo", "Explanations", "Chosen method alone", ("Shift+S",), "Hide every other method."),
    Command("overlay.hide-all", "Explanations", "Untick every method", ("Shift+V",), "Show no method at all."),
    Command(
        "overlay.scores",
        "Explanations",
        "Scores of the map",
        ("Shift+F3",),
        "Measure how faithful the chosen map of this slice is: deletion and insertion curves.",
    ),
    Command(
        "overlay.whatif",
        "Explanations",
        "What-if brush",
        ("W",),
        "Paint over tissue and see the model's answer change; arrows and Enter paint without a mouse.",
        checkable=True,
    ),
    Command(
        "overlay.attach",
        "Explanations",
        "Attach what is painted",
        ("Shift+W",),
        "Put the painted region and its effect into the feedback.",
    ),
    Command(
        "work.cancel", "Explanations", "Stop computing", ("Esc",), "Stop reading or computing; what is there stays."
    ),
    Command("work.resume", "Explanations", "Compute the rest", ("F5",), "Go on after a stop."),
    Command("rate.1", "Feedback", "Answer 1", ("Alt+1",), "Answer the marked question with its first choice."),
    Command("rate.2", "Feedback", "Answer 2", ("Alt+2",), "Second choice."),
    Command("rate.3", "Feedback", "Answer 3", ("Alt+3",), "Third choice."),
    Command("rate.4", "Feedback", "Answer 4", ("Alt+4",), "Fourth choice."),
    Command("rate.5", "Feedback", "Answer 5", ("Alt+5",), "Fifth choice."),
    Command("rate.0", "Feedback", "Cannot judge", ("Alt+0",), "Say that the question cannot be answered here."),
    Command("rate.next", "Feedback", "Next question", ("Ctrl+Return", "Ctrl+Enter"), "Mark the next open question."),
    Command("rate.previous", "Feedback", "Previous question", ("Ctrl+Shift+Return",), "Mark the question before."),
    Command("rate.reader", "Feedback", "Reader…", ("Ctrl+R",), "Say under which reader id answers are saved."),
    Command("help.keys", "Help", "Keys and mouse", ("F1",), "Everything the keyboard and the mouse do."),
    Command("help.problems", "Help", "What was found on loading", ("F2",), "Problems of the files, by name."),
    Command("help.about", "Help", "About Overread", (), "Version, licence and intended use."),
)

MOUSE: tuple[tuple[str, str], ...] = (
    ("Wheel", "slice"),
    ("Left-drag", "window: across changes the width, up and down the level"),
    ("Middle-drag", "pan"),
    ("Right-drag", "zoom"),
    ("Ctrl+wheel", "zoom at the pointer"),
    ("Shift+wheel", "opacity of the overlay"),
    ("Double-click", "one picture or several"),
    ("Drag the swipe line", "clean to its left, overlay to its right (S)"),
    ("With the what-if brush", "left-drag paints, Ctrl+wheel or [ ] sets its size (W)"),
    ("Drop files or folders", "open them"),
)
"""What the mouse does on a picture, for the F1 page."""


def find_command(command_id: str) -> Command:
    """Return the command with this id; `KeyError` when there is none."""
    for command in COMMANDS:
        if command.id == command_id:
            return command
    raise KeyError(command_id)
