"""The user's own code: found, run, and its mistakes put into sentences. Knows nothing of layers, or of torch's insides.

Whatever it prints goes to stderr, it reads nothing from the terminal, and it sees no command line.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import UsageError, did_you_mean
from ..yamldoc import shortly

_LIBRARIES = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), str(Path(__file__).parents[1]))


class FailedError(UsageError):
    """The user's code raised something; this is the sentence about it."""


@contextmanager
def named(target: str) -> Iterator[Any]:
    """What ``MODULE:CALLABLE`` names: a file ``student.py:Net`` or a module ``package.models:Net``; it is run.

    Inside the context the folder of the file, or the current one for a module, can be imported from. Raises UsageError.
    """
    module, colon, name = target.rpartition(":")
    if not colon or not module or not name:
        raise UsageError(
            f"{target!r} does not say what to import: name a file or a module, a colon, and a class or a function, "
            "such as student.py:Net"
        )
    is_file = module.endswith(".py") or "/" in module or os.sep in module or Path(module).is_file()
    path = Path(module)
    if is_file and path.suffix != ".py":
        what = "a notebook; save it as a .py file" if path.suffix == ".ipynb" else "no .py file"
        raise UsageError(f"{module} is {what}")
    if is_file and not path.is_file():
        raise UsageError(f"there is no file {module}")
    with _importing_from(path.resolve().parent if is_file else Path.cwd(), path.name if is_file else module):
        with running(f"{module} was imported"):
            found = _run_file(path) if is_file else _import(module)
        yield _attribute(found, name, module)


@contextmanager
def _importing_from(folder: Path, program: str) -> Iterator[None]:
    """As if the folder's own Python ran there: its modules first, and no command line but its name."""
    argv, path, modules, written = sys.argv, list(sys.path), set(sys.modules), sys.dont_write_bytecode
    sys.argv, sys.path[:0], sys.dont_write_bytecode = [program], [str(folder)], True  # no __pycache__ beside theirs
    try:
        yield
    finally:
        sys.argv, sys.path[:], sys.dont_write_bytecode = argv, path, written
        for name in set(sys.modules) - modules:  # a student's helpers.py is not the next one's
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder) and not file.startswith(_LIBRARIES):
                del sys.modules[name]


def _run_file(path: Path) -> ModuleType:
    name = path.stem if path.stem not in sys.modules else f"{path.stem}_imported"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # data classes look their module up there
    spec.loader.exec_module(module)
    return module


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            near = f"; did you mean {name}.py?" if Path(f"{name}.py").is_file() else ""
            raise UsageError(
                f"there is no module {name} in this folder or among the installed packages{near}"
            ) from None
        raise
    except (TypeError, ValueError) as error:  # not a name at all: "..", "a b"
        if "." in name or not name.isidentifier():
            raise UsageError(f"{name!r} is no module: {error}") from None
        raise


def _attribute(module: ModuleType, name: str, shown: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            from torch import nn

            defined = [each for each, value in vars(module).items() if _builds(value, nn.Module, module.__name__)]
            known = f"{did_you_mean(name, defined)}" if defined else "; it defines no torch.nn.Module"
            raise UsageError(f"{shown} has no {name}{known}")
        found = getattr(found, part)
    return found


def _builds(value: object, base: type, module: str) -> bool:
    """Whether ``value`` may be what is to be imported; what a function gives is known only when it is called."""
    own = getattr(value, "__module__", None) == module
    is_class = inspect.isclass(value) and issubclass(value, base)
    return isinstance(value, base) or (own and (is_class or (inspect.isfunction(value) and not _needed(value))))


def _needed(function: Callable[..., object]) -> list[str]:
    """The arguments that ``function`` cannot do without."""
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []  # written in C: what it needs shows when it is called
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [each.name for each in every if each.default is each.empty and each.kind not in kinds]


def construct(found: Any, name: str) -> Any:
    """The module that ``found`` is, or gives when it is called without arguments. Raises UsageError, FailedError."""
    from torch import jit, nn

    module = found
    if not isinstance(found, nn.Module):
        if not callable(found):
            raise UsageError(f"{name} is {_a(found)}; name a class, a function or an instance of a torch.nn.Module")
        _takes_nothing(found, name)
        with running(f"{name}() was called"):
            module = found()
    module = getattr(module, "_orig_mod", module)  # torch.compile's wrapper
    if inspect.isclass(found) and not isinstance(module, nn.Module):
        raise UsageError(f"{name} is a class, but no torch.nn.Module; does it derive from nn.Module?")
    if not isinstance(module, nn.Module):
        raise UsageError(f"{name}() gives {_a(module)}, not a torch.nn.Module")
    if isinstance(module, jit.ScriptModule):
        raise UsageError(f"{name} is compiled (TorchScript), so that its layers cannot be seen; import it as it was")
    return module


def _takes_nothing(found: Callable[..., Any], name: str) -> None:
    if needed := _needed(found):
        given = ", ".join(f"{each}=..." for each in needed)
        raise UsageError(
            f"{name} is called without arguments, but needs {', '.join(needed)}: give defaults, or import a function "
            f"of your own, such as: def net(): return {name}({given})"
        )


def _a(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


@contextmanager
def running(doing: str) -> Iterator[None]:
    """What the user's code raises becomes a sentence: FailedError, or UsageError where it ends the process."""
    try:
        yield
    except (UsageError, KeyboardInterrupt):
        raise
    except SystemExit as error:
        code = "" if error.code is None else shortly(error.code)
        raise UsageError(f"{_place(error)}the code ended the program (sys.exit({code})) while {doing}") from None
    except SyntaxError as error:
        place = f"{_shown(error.filename)}:{error.lineno}: " if error.filename else ""
        raise FailedError(f"{place}{type(error).__name__}: {error.msg}") from None
    except BaseException as error:
        said = " ".join(str(error).split())
        if len(said) > 400:
            said = f"{said[:399]}…"
        kind = type(error).__name__
        raise FailedError(f"{_place(error)}{kind}{f': {said}' if said else ''} (while {doing})") from error


def _place(error: BaseException) -> str:
    """``student.py:12: `` of the user's line that raised, the innermost that belongs to no library."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(("<", *_LIBRARIES)):
            return f"{_shown(frame.filename)}:{frame.lineno}: "
    return ""


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


@contextmanager
def quiet() -> Iterator[None]:
    """Prints go to stderr, so that stdout holds what the command has to say; input() ends at once; no warnings."""
    with (
        contextlib.redirect_stdout(sys.stderr),
        _programs_quiet(),
        warnings.catch_warnings(),
        Path(os.devnull).open(encoding="utf-8") as nothing,
    ):
        warnings.simplefilter("ignore")
        stdin, sys.stdin = sys.stdin, nothing
        try:
            yield
        finally:
            sys.stdin = stdin


@contextmanager
def _programs_quiet() -> Iterator[None]:
    """The same for what is not printed by Python: programs that the code starts, libraries in C."""
    try:
        stdout = os.dup(1)
    except OSError:  # there is none
        yield
        return
    try:
        with contextlib.suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
