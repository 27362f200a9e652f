"""The command line: the same questions as the notebooks, with defaults and a progress bar.

Bad input ends with one clear sentence for each fault; nothing is half-written. :func:`main` lists the exit codes.
"""

from __future__ import annotations

import sys
import warnings
from io import TextIOWrapper
from typing import Any, NoReturn

from kcgeo.cli.stopping import Stopped, end_stopped, stop_in_time
from kcgeo.errors import KcgeoError, WithheldWarning

__all__ = ["app", "main"]


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"kcgeo.cli has no {name}")
    from kcgeo.cli.commands import app

    return app


def main() -> None:
    """Run the command line and end with an exit code.

    0 done, 1 a fault of kcgeo itself, 2 input that is refused, 3 a plan that is not proven or not whole, 4 no answer
    from a server, 5 a disk, a right or memory that is wanting, 130 Ctrl-C, 143 SIGTERM.
    """
    # the log of a run may be published, so it says nothing of hidden rows
    warnings.simplefilter("ignore", WithheldWarning)
    for stream in (sys.stdout, sys.stderr):  # a console may lack the letters of a name
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    sys.warnoptions.append("ignore:resource_tracker")  # of a helper process that outlives one that was stopped
    with stop_in_time():
        try:
            from kcgeo.cli.commands import app  # reading the libraries takes a second, in which one may stop too

            app()
        except KcgeoError as error:
            _end(error.exit_code, *error.problems)
        except OSError as error:
            place = f" ({error.filename})" if error.filename else ""
            _end(_code_of(error), f"{error.strerror or error}{place}; nothing was changed.")
        except MemoryError:
            _end(5, "memory was not enough; nothing was changed.")
        except (KeyboardInterrupt, Stopped):
            end_stopped()


def _code_of(error: OSError) -> int:
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return 2
    return 4 if isinstance(error, ConnectionError | TimeoutError) else 5


def _end(code: int, *sentences: str) -> NoReturn:
    for sentence in sentences:
        sys.stderr.write(f"kcgeo: {sentence}\n")
    sys.exit(code)
