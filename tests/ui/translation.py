"""What the code says and what the translations say, read without Qt."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

import viewer
from viewer.assets import find_asset

CODE = Path(viewer.__file__).parent
SOURCE = find_asset("translations/overread_it.ts")
COMPILED = SOURCE.with_suffix(".qm")


def marked_texts() -> set[str]:
    """Every text of the code that is marked for translation, found without lupdate."""
    found = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tr", "QT_TR_NOOP"):
                text = node.args[0]
                if isinstance(text, ast.Constant):
                    found.add(str(text.value))
    return found


def hidden_texts() -> list[str]:
    """Texts that lupdate cannot see: those that are marked within an f-string."""
    found = []
    for path in CODE.rglob("*.py"):
        for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for node in ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ():
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("tr", "QT_TR_NOOP"):
                    found += [f"{path.name}:{node.lineno}"] if isinstance(node.args[0], ast.Constant) else []
    return found


def messages(path: Path = SOURCE) -> list[tuple[str, list[str], str]]:
    """Return source, translations (several where there are plurals) and state of every message."""
    found = []
    for message in ElementTree.parse(path).iter("message"):
        translation = message.find("translation")
        assert translation is not None
        forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
        found.append((message.findtext("source") or "", forms, translation.get("type", "")))
    return found


def placeholders(text: str) -> list[str]:
    """Return what values go into ``text``, in order of their names."""
    return sorted(re.findall(r"\{[^{}]*\}|%n", text))


SHORTCUT = re.compile(
    r"(?:(?:Ctrl|Shift|Alt)\+)+(?:[A-Z0-9\[\]=,-](?!\w)|PgDown|PgUp|Return|Enter)|\bF\d+\b|\bEsc\b|Backspace|\([A-Z\[\]]\)"
)


def shortcuts(text: str) -> list[str]:
    """Return the keys that ``text`` names."""
    return sorted(SHORTCUT.findall(text))


def in_widgets(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Texts that are handed to a widget without being marked."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in SHOWING:
                for argument in node.args:
                    text = _literal(argument)
                    if re.search(r"[A-Za-z]{2}", re.sub(r"<[^>]*>", "", text)):
                        yield node.lineno, text


SHOWING = {
    *("setText", "setToolTip", "setStatusTip", "setWindowTitle", "setPlaceholderText", "setTitle", "setWhatsThis"),
    *("setAccessibleName", "setAccessibleDescription", "addItem", "addAction", "addMenu", "show_message", "heading"),
    *("muted", "QLabel", "QPushButton", "QCheckBox", "QRadioButton", "QAction", "QGroupBox", "choose"),
}


def _literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_literal(value) for value in node.values)
    if isinstance(node, ast.BinOp):
        return _literal(node.left) + _literal(node.right)
    if isinstance(node, ast.IfExp):
        return _literal(node.body) + _literal(node.orelse)
    return ""


def linguist(tool: str, *arguments: str) -> None:
    """Run lupdate or lrelease; the test is skipped where it is not installed."""
    name = f"pyside6-{tool}"
    beside = Path(sys.executable).parent / (f"{name}.exe" if sys.platform == "win32" else name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"Qt Linguist's {tool} is not there")
    subprocess.run([found, *arguments], check=True, capture_output=True)
