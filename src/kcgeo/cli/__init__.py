"""The command line: the same questions as the notebooks, with defaults and a progress bar.

Bad input ends with exit code 2 and one clear sentence for each fault; nothing is half-written.
"""

from __future__ import annotations

import sys
import warnings
from io import TextIOWrapper

import typer

from kcgeo.cli import (  # noqa: F401  (each adds its commands)
    add,
    beds,
    data,
    exchange,
    local,
    planner,
    questions,
    reach,
    releases,
    results,
    scale,
    study,
    transit,
)
from kcgeo.cli.shared import app
from kcgeo.errors import KcgeoError, WithheldWarning

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; bad input ends with exit code 2 and sentences on stderr."""
    # the log of a run may be published, so it says nothing of hidden rows
    warnings.simplefilter("ignore", WithheldWarning)
    for stream in (sys.stdout, sys.stderr):  # a console may lack the letters of a name
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except KcgeoError as error:
        for sentence in error.problems:
            typer.echo(f"kcgeo: {sentence}", err=True)
        sys.exit(2)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        typer.echo(f"kcgeo: {error.strerror or error}{place}; nothing was changed.", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("kcgeo: stopped; the former results are untouched.", err=True)
        sys.exit(130)
