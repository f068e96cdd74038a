"""Every command of the window, one row each: menus, shortcuts and the F1 page are built from this table."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.words import QT_TR_NOOP


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
MENU_TITLES = {
    "File": QT_TR_NOOP("&File"),
    "Edit": QT_TR_NOOP("&Edit"),
    "Slices": QT_TR_NOOP("&Slices"),
    "View": QT_TR_NOOP("&View"),
    "Explanations": QT_TR_NOOP("E&xplanations"),
    "Feedback": QT_TR_NOOP("Feed&back"),
    "Help": QT_TR_NOOP("&Help"),
}
"""With the letter that opens the menu together with Alt, each once."""

COMMANDS: tuple[Command, ...] = (
    Command("file.open-folder", "File", "Open folder…", ("Ctrl+O",), "Open a folder of DICOM, NIfTI or picture files."),
    Command("file.open-files", "File", "Open files…", ("Ctrl+Shift+O",), "Open single files."),
    Command(
        "file.add-folder",
        "File",
        "Add folder…",
        ("Ctrl+Shift+A",),
        "Open a folder beside what is open already (also: drop it with Shift held).",
    ),
    Command("file.add-files", "File", "Add files…", ("Ctrl+Alt+A",), "Open single files beside what is open already."),
    Command("file.open-recent", "File", "Open recent", ("Ctrl+Shift+H",), "The folders and files opened last."),
    Command(
        "file.forget-recents",
        "File",
        "Clear list",
        (),
        "Forget which files and folders were opened; their paths may name people.",
    ),
    Command(
        "file.rescan",
        "File",
        "Look again",
        ("Ctrl+Shift+R",),
        "Look through the opened files and folders again; series, slice and overlays stay.",
    ),
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
    Command(
        "file.reopen",
        "File",
        "Open where you were",
        ("Ctrl+Shift+T",),
        "After a crash: the series, slice, layout and overlays that were open, and comments that were not saved.",
    ),
    Command("file.close-all", "File", "Close all series", ("Ctrl+W",), "Start empty; answers are saved already."),
    Command("file.quit", "File", "Quit", ("Ctrl+Q",), "Close the window; answers are saved already."),
    Command(
        "edit.undo",
        "Edit",
        "Undo",
        ("Ctrl+Z",),
        "Take back the last change of window, zoom or overlay, or the last answer.",
    ),
    Command("edit.redo", "Edit", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), "Do again what was taken back."),
    Command(
        "edit.preferences",
        "Edit",
        "Preferences…",
        ("Ctrl+,",),
        "Look, language, size of letters, mouse buttons, device.",
    ),
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
    Command(
        "view.layout",
        "View",
        "Next layout",
        ("L",),
        "One picture; clean | overlay; clean and three methods; a second series beside.",
    ),
    Command(
        "view.maximise",
        "View",
        "One picture or several",
        ("M",),
        "Show the picture in use alone, and all again; also: double-click on a picture.",
    ),
    Command(
        "view.series",
        "View",
        "Second series beside",
        ("C",),
        "Show a second series beside the first, or go back to the layout before.",
        checkable=True,
    ),
    Command(
        "beside.next",
        "View",
        "Compare with next series",
        ("Ctrl+Shift+PgDown",),
        "Show the next series of the list beside the first; also: Ctrl+click in the list.",
    ),
    Command(
        "beside.previous",
        "View",
        "Compare with previous series",
        ("Ctrl+Shift+PgUp",),
        "Show the previous series of the list beside the first.",
    ),
    Command(
        "link.slices",
        "View",
        "Link slices",
        ("Shift+S",),
        "The two series scroll together: by patient position where both have one, else by share of the stack.",
        checkable=True,
    ),
    Command(
        "link.place",
        "View",
        "Link zoom and pan",
        ("Shift+Z",),
        "Both series show the same place at the same millimetres.",
        checkable=True,
    ),
    Command(
        "link.window",
        "View",
        "Link window",
        ("Shift+W",),
        "Both series have one window; for the same sequence only.",
        checkable=True,
    ),
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
    Command(
        "view.series-panel", "View", "List of series", ("F7",), "Show or hide the list at the left.", checkable=True
    ),
    Command(
        "view.side-panel",
        "View",
        "Model and feedback",
        ("F8",),
        "Show or hide what stands at the right: prediction, explanations, questions.",
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
        "Fill the shown area, outline it over the filling, outline it alone: the next of the three.",
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
    Command(
        "overlay.raise",
        "Explanations",
        "Raise overlay",
        ("Ctrl+]",),
        "Paint the chosen overlay over the next one that is shown.",
    ),
    Command(
        "overlay.lower",
        "Explanations",
        "Lower overlay",
        ("Ctrl+[",),
        "Paint the chosen overlay under the next one that is shown.",
    ),
    Command(
        "overlay.body",
        "Explanations",
        "Body only",
        ("Ctrl+B",),
        "Paint maps on the body alone, not on air; the colour bar says when that hides anything.",
        checkable=True,
    ),
    Command("overlay.more", "Explanations", "More opaque", ("Shift+Up",), "Also: Shift+wheel."),
    Command("overlay.less", "Explanations", "Less opaque", ("Shift+Down",), "Also: Shift+wheel."),
    Command(
        "overlay.target",
        "Explanations",
        "Next target class",
        ("T",),
        "Go on to the next class whose evidence the maps show.",
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
    Command("overlay.solo", "Explanations", "Chosen method alone", ("Shift+A",), "Hide every other method."),
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
        ("Ctrl+Shift+W",),
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
    Command("rate.6", "Feedback", "Answer 6", ("Alt+6",), "Sixth choice."),
    Command("rate.7", "Feedback", "Answer 7", ("Alt+7",), "Seventh choice."),
    Command("rate.0", "Feedback", "Cannot judge", ("Alt+0",), "Say that the question cannot be answered here."),
    Command(
        "rate.next",
        "Feedback",
        "Next question",
        ("Ctrl+Return", "Ctrl+Enter"),
        "Mark the next question, answered or not.",
    ),
    Command("rate.previous", "Feedback", "Previous question", ("Ctrl+Shift+Return",), "Mark the question before."),
    Command(
        "rate.unanswered",
        "Feedback",
        "Next question without an answer",
        ("Ctrl+J",),
        "Mark the next question that still needs an answer; the panel counts them.",
    ),
    Command(
        "rate.mark",
        "Feedback",
        "Mark in the picture…",
        ("Ctrl+Shift+M",),
        "Mark the area that decided your reading: drag, click, or arrows and Enter; Esc leaves.",
    ),
    Command(
        "rate.history",
        "Feedback",
        "Changes of this answer",
        ("Ctrl+H",),
        "When the answer to the marked question was changed, from what to what.",
    ),
    Command(
        "rate.full",
        "Feedback",
        "All questions",
        ("Ctrl+Shift+Q",),
        "Ask everything, also about the slice; otherwise the short form.",
        checkable=True,
    ),
    Command(
        "rate.read-first",
        "Feedback",
        "Read first, then reveal",
        ("Ctrl+Shift+L",),
        "Hide the model's answer until you have locked your own; then the prediction, then the maps.",
        checkable=True,
    ),
    Command(
        "rate.lock",
        "Feedback",
        "Lock my reading",
        ("Ctrl+L",),
        "Lock the answers of this stage and see what comes next; locked answers are no longer changed.",
    ),
    Command("rate.reader", "Feedback", "Reader…", ("Ctrl+R",), "Say under which reader id answers are saved."),
    Command("help.keys", "Help", "Keys and mouse", ("F1",), "Everything the keyboard and the mouse do."),
    Command(
        "help.problems",
        "Help",
        "Load report",
        ("F2",),
        "What was found, skipped, split, duplicate or missing among the files; to read and to copy.",
    ),
    Command("help.about", "Help", "About Overread", (), "Version, licence and intended use."),
)

WHEEL_AND_REST: tuple[tuple[str, str], ...] = (
    (QT_TR_NOOP("Wheel"), QT_TR_NOOP("slice")),
    (QT_TR_NOOP("Ctrl+wheel"), QT_TR_NOOP("zoom at the pointer")),
    (QT_TR_NOOP("Shift+wheel"), QT_TR_NOOP("opacity of the overlay")),
    (QT_TR_NOOP("Double-click"), QT_TR_NOOP("this picture alone, and all again")),
    (QT_TR_NOOP("Ctrl+click on a series"), QT_TR_NOOP("show it beside the first")),
    (QT_TR_NOOP("Drag the swipe line"), QT_TR_NOOP("clean to its left, overlay to its right (S)")),
    (QT_TR_NOOP("With the what-if brush"), QT_TR_NOOP("left-drag paints, Ctrl+wheel or [ ] sets its size (W)")),
    (QT_TR_NOOP("Menu key"), QT_TR_NOOP("menu of common commands")),
    (QT_TR_NOOP("Drop files or folders"), QT_TR_NOOP("open them; with Shift, add them to what is open")),
)
"""What the mouse does besides its buttons, which `viewer.core.mouse` describes."""

PICTURE_MENU: tuple[str, ...] = (
    "window.auto",
    "window.1",
    "window.2",
    "",
    "view.fit",
    "view.invert",
    "view.layout",
    "view.maximise",
    "view.swipe",
    "",
    "overlay.toggle",
    "overlay.next",
    "overlay.previous",
    "overlay.outline",
    "overlay.card",
)
"""The menu on a picture; an empty id is a line."""


def find_command(command_id: str) -> Command:
    """Return the command with this id; `KeyError` when there is none."""
    for command in COMMANDS:
        if command.id == command_id:
            return command
    raise KeyError(command_id)
