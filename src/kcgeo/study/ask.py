"""Questions that are asked and written in one go: each computes an answer and, where a folder is named, writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kcgeo import data
from kcgeo.data.study.changes import Changes
from kcgeo.data.study.settings import Study
from kcgeo.disclosure import Released
from kcgeo.errors import StudyError, raise_all
from kcgeo.present import Plate
from kcgeo.study.answer import Answer, Desk, Scene
from kcgeo.study.answers.beds import Stages, asking, chain_report
from kcgeo.study.answers.by_bus import TransitShares, transit_shares
from kcgeo.study.answers.compare import Side, compare_sides, side_of
from kcgeo.study.answers.corridor import CorridorReport, corridor_faults
from kcgeo.study.answers.corridor import corridor_report as along
from kcgeo.study.answers.county import county_answer
from kcgeo.study.answers.coverage import CoverageReport
from kcgeo.study.answers.coverage import coverage_report as covered
from kcgeo.study.answers.explorer import EXPLORER_USES, write_explorer_page
from kcgeo.study.answers.more_beds import more_beds as beds_placed
from kcgeo.study.answers.week import week_answer
from kcgeo.study.answers.whole.export import AUDIENCES, chosen_audiences, export_answer
from kcgeo.study.answers.whole.maps import maps
from kcgeo.study.folder import refuse_foreign_folder, write
from kcgeo.study.folder.former import side_of_folder
from kcgeo.study.folder.notebooks import missing_extra, notebook_files
from kcgeo.study.kept import keeping
from kcgeo.study.measure import Measured, measure
from kcgeo.study.names import category_named, group_named
from kcgeo.study.progress import Progress, Step, silent, silent_step
from kcgeo.study.scenario import scenario
from kcgeo.study.siting.answer import SitingAnswer, site
from kcgeo.study.siting.areas import candidate_areas
from kcgeo.study.siting.output import siting_answer

__all__ = [
    "Export",
    "chain",
    "compare",
    "county",
    "coverage_report",
    "export",
    "measure_corridors",
    "run",
    "site_to",
    "transit_question",
    "week",
    "what_if",
    "write_answer",
    "write_explorer",
]


def run(path: Path | str, out: Path | str, *, notebooks: bool = True, progress: Progress = silent) -> dict[str, Any]:
    """Write all maps, tables, pages and notebooks of a study into one folder, whole or not at all.

    Parameters
    ----------
    path : path
        Study file (TOML).
    out : path
        Folder of the results; it takes the place of the former one at the end.
    notebooks : bool
        Run the notebooks of the repository too, where they are at hand.
    progress : callable
        Called with a description, the steps done and all steps.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    KcgeoError
        For a study, a service file or a data package that cannot be computed with, or a foreign folder at ``out``.
    """
    refuse_foreign_folder(Path(out))
    pages = notebook_files() if notebooks else []
    if pages and (lost := missing_extra()):
        raise StudyError(lost)
    study_path = Path(path).resolve()
    study = data.read_study(study_path)
    with keeping():
        measured = _measured(study, progress)
        answer = maps(
            measured,
            notebooks=pages,
            study_path=study_path,
            step=lambda words: progress(words, 0, 1),
        )
        return write(answer, out, progress=progress)


def _measured(study: Study, progress: Progress) -> Measured:
    progress("Measuring travel times", 0, 1)
    return measure(study)


@dataclass(frozen=True)
class Export:
    """What was written: the manifest, and one sentence for each format that could not be made."""

    manifest: dict[str, Any]
    left_out: tuple[str, ...]


def export(
    path: Path | str, out: Path | str, *, audiences: Sequence[str] = AUDIENCES, progress: Progress = silent
) -> Export:
    """Compute a study and write what a presenter, a printer, a web page or an analyst needs.

    Parameters
    ----------
    path, out, progress
        As :func:`run`; ``index.html``, ``slides/``, ``print/``, ``web/``, ``data/`` and ``manifest.json`` are written.
    audiences : sequence of str
        Any of :data:`AUDIENCES`; the folder then holds these and no more.

    Raises
    ------
    KcgeoError
        As :func:`run`, and for an unknown audience.
    """
    chosen = chosen_audiences(audiences)
    refuse_foreign_folder(Path(out))
    measured = _measured(data.read_study(Path(path).resolve()), progress)
    answer = export_answer(measured, audiences=chosen)
    return Export(write(answer, out, progress=progress), answer.notices)


def compare(
    before: Study | Measured | Path | str,
    after: Study | Measured | Path | str,
    *,
    study: Study | None = None,
    step: Step = silent_step,
) -> Answer:
    """Say who gains and who loses between two studies, scenarios or folders of results; they are never netted.

    Parameters
    ----------
    before, after
        A study or scenario, a measured study, or a folder that ``kcgeo maps`` or ``kcgeo gaps`` wrote.
    study
        The study that two folders are of; the packaged one where not given.
    step
        Told in words what is being done.

    Returns
    -------
    Answer
        See :func:`kcgeo.study.answers.compare.compare_sides`.

    Raises
    ------
    StudyError
        A folder without a table of gaps, or sides that hold other places, kinds of help or another cutoff.
    """
    named = next((one for one in (study, before, after) if isinstance(one, Study)), None)
    sides = [_side(one, named, step) for one in (before, after)]
    return compare_sides(*sides)


def _side(one: Study | Measured | Path | str, study: Study | None, step: Step) -> Side:
    if isinstance(one, Measured):
        return side_of(one)
    if isinstance(one, Study):
        step(f"Measuring {one.changes.name or one.title}")
        return side_of(measure(one))
    return side_of_folder(Path(one), study or data.read_study(data.default_study()))


def what_if(study: Study, *, step: Step = silent_step, **changes: Any) -> Answer:
    """Say who gains and who loses if services close, move, open at other hours, serve others or are added.

    Parameters
    ----------
    study : Study
        As it is today, or a scenario of :func:`scenario`: then nothing else is given.
    changes
        As :func:`scenario`: ``close``, ``move``, ``open_hours``, ``add``, ``eligibility``, ``name``.
    step
        Told in words what is being done.

    Returns
    -------
    Answer
        As :func:`compare`; the scenario beside today.

    Raises
    ------
    KcgeoError
        As :func:`scenario`.
    """
    changed = study if study.changes and not changes else scenario(study, **changes)
    today = replace(changed, changes=Changes())
    step("Measuring today")
    before = measure(today)
    step("Measuring the scenario")
    after = measure(changed, network=before.network)
    asked = {name: value for name, value in asdict(changed.changes).items() if value and name != "add"}
    return compare_sides(side_of(before), side_of(after), question="what_if", asked=asked)


def county(study: Study, fips: str, *, step: Step = silent_step) -> Answer:
    """Answer for one county: its table, its map, and a page on paper and for the browser.

    Parameters
    ----------
    study : Study
        Places, services, required kinds and headline cutoff.
    fips : str
        Five digits of a county of the study, or its name with the state, e.g. "Ray County MO".
    step : callable
        Told in words what is being done.

    Returns
    -------
    Answer
        See :func:`kcgeo.study.answers.county.county_answer`.

    Raises
    ------
    KcgeoError
        The study has no such county; its own are named.
    """
    step("Measuring travel times")
    return county_answer(measure(study), fips)


def week(
    study: Study,
    *,
    categories: Sequence[str] | None = None,
    eligibility: str | None = None,
    step: Step = silent_step,
) -> Answer:
    """Answer for each hour of the week, and of a holiday, who has an open service in reach.

    Parameters
    ----------
    study : Study
        Places, services, required kinds and headline cutoff.
    categories, eligibility
        Kinds of help and who asks, in the words of :mod:`kcgeo.study.names`.
    step : callable
        Told in words what is being done.

    Returns
    -------
    Answer
        See :func:`kcgeo.study.answers.week.week_answer`.

    Raises
    ------
    KcgeoError
        For an unknown category or group.
    """
    kinds = [category_named(name) for name in categories] if categories else None
    who = None if eligibility is None else group_named(eligibility)
    step("Measuring travel times")
    return week_answer(measure(study), categories=kinds, eligibility=who)


def chain(
    measured: Measured,
    *,
    eligibility: str | None = None,
    arrivals_week: float | None = None,
    stages: Stages | None = None,
    more_beds: int | None = None,
    stage: str = "crisis bed",
    site_limit: int = 1,
    step: Step = silent_step,
) -> Answer:
    """Answer what listed beds can carry, the chance of one for a stated flow, and where more of them would help.

    Parameters
    ----------
    measured, eligibility, arrivals_week, stages, step
        As :func:`kcgeo.study.chain_report`.
    more_beds, stage, site_limit
        So many new beds of a stage, at so many places at most: :func:`kcgeo.siting.place_beds`.

    Returns
    -------
    Answer
        Of :func:`kcgeo.study.chain_report`, and with ``more_beds`` the table ``chain_more_beds`` of
        :func:`kcgeo.study.answers.more_beds.more_beds`.

    Raises
    ------
    KcgeoError
        As these.
    """
    measured = asking(measured, eligibility)
    report = chain_report(measured, arrivals_week=arrivals_week, stages=stages, step=step)
    if more_beds is None:
        return report.answer
    areas = candidate_areas(measured, kind="cells")
    asked: dict[str, Any] = {"stage": stage, "new_beds": more_beds, "site_limit": site_limit, "stages": stages}
    return beds_placed(measured, report, areas, **asked, step=step)


def coverage_report(study: Study, *, out: Path | None = None, **asked: Any) -> CoverageReport:
    """Ask as :func:`kcgeo.study.answers.coverage.coverage_report`; write ``coverage.csv`` and more to ``out``."""
    if out is not None:
        refuse_foreign_folder(out)
    report = covered(study, **asked)
    if out is not None:
        write(report.answer, out)
    return report


def measure_corridors(
    study: Study, routes: Sequence[str], *, step_mi: float = 0.5, out: Path | None = None
) -> tuple[CorridorReport, Plate]:
    """Measure some routes from the study file on, draw the strip chart, and write both where ``out`` is given.

    Parameters
    ----------
    study : Study
        Speeds, required categories, headline cutoff.
    routes : sequence of str
        Such as "I-35".
    step_mi : float
        Miles between stations, 0.1 to 10.
    out : Path, optional
        Folder for ``corridors.png``, ``.svg``, ``.pdf``, the tables and a manifest; written whole or not at all.

    Raises
    ------
    KcgeoError
        As :func:`corridor_report`, before anything is measured; or a foreign folder at ``out``.
    """
    if out is not None:
        refuse_foreign_folder(out)
    raise_all(corridor_faults(study, routes, step_mi), StudyError)
    report = along(measure(study), routes=routes, step_mi=step_mi)
    if out is not None:
        write(report.answer, out)
    return report, report.chart()


def transit_question(
    study: Study, *, depart: datetime, until: datetime | None = None, out: Path | None = None
) -> TransitShares:
    """Answer :func:`kcgeo.study.answers.by_bus.transit_shares`; write ``transit_places.csv`` where ``out`` is given."""
    if out is not None:
        refuse_foreign_folder(out)
    found = transit_shares(study, depart=depart, until=until)
    if out is not None:
        write(found.answer, out)
    return found


def site_to(study: Study, out: Path | None, *, step: Step, **question: Any) -> SitingAnswer:
    """Answer a question of :func:`kcgeo.study.site` and write it where ``out`` is given.

    Raises
    ------
    KcgeoError
        As :func:`site`; a foreign folder is refused before anything is measured.
    """
    if out is not None:
        refuse_foreign_folder(out)
    answer = site(study, step=step, **question)
    if out is not None:
        step("Drawing the map and the page")
        write_answer(answer, out)
    return answer


def write_answer(answer: SitingAnswer, out: Path) -> dict[str, Any]:
    """Write a siting answer: ``page.pdf``, ``map.png``, ``.svg``, ``.pdf``, ``.html``, ``site.gpkg`` and tables."""
    return write(siting_answer(answer), out)


def write_explorer(measured: Measured, released: dict[str, Released], folder: Path) -> tuple[tuple[str, ...], Path]:
    """Write ``explorer.html`` and return the names of the releases that it shows, and its path."""
    desk = Desk(Scene(measured.study, released), folder)
    return EXPLORER_USES, write_explorer_page(desk, place="")[0]
