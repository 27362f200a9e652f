"""The one door to HiGHS: sparse rows in, a plan with the solver's own bound out.

The status of a solver says why it stopped, not how good its plan is: the bound that is handed on is always the dual
bound HiGHS reports, also after a time limit or Ctrl-C.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from kcgeo.access.pairs import number_faults
from kcgeo.errors import SolverError, raise_all
from kcgeo.siting.instance import Bools, Floats
from kcgeo.siting.solve.clock import Run

__all__ = ["Outcome", "Program", "Rows", "Session", "solve"]

# HiGHS looks for a request to stop between its steps only; the root relaxation of a large model is one long step.
_GRACE_S = 3.0
_ACCURACY = 1e-9


@dataclass(frozen=True, eq=False)
class Rows:
    """A block of constraints ``lower <= matrix @ x <= upper``."""

    matrix: sparse.csr_array
    lower: Floats
    upper: Floats

    @staticmethod
    def of(matrix: sparse.csr_array, *, lower: float | Floats = -np.inf, upper: float | Floats = np.inf) -> Rows:
        """Block whose bounds may be one number for all rows."""
        count = matrix.shape[0]
        return Rows(matrix, np.broadcast_to(lower, count).astype(float), np.broadcast_to(upper, count).astype(float))


@dataclass(frozen=True, eq=False)
class Program:
    """A mixed-integer program over ``lower <= x <= upper``; ``integer`` marks whole-number columns.

    ``target`` is a value at which any plan is good enough, for questions of the kind "do so many sites suffice?".
    """

    sense: str
    cost: Floats
    lower: Floats
    upper: Floats
    integer: Bools
    rows: tuple[Rows, ...]
    start: Floats | None = None
    target: float | None = None
    stage: str = "solve"


@dataclass(eq=False)
class Outcome:
    """What HiGHS knows when it stops; ``x`` is None where it found no plan.

    ``reduced`` and ``price`` are the reduced costs of the columns and the dual values of the rows of an LP.
    """

    status: str
    x: Floats | None = None
    objective: float = math.nan
    bound: float = math.nan
    reduced: Floats | None = None
    price: Floats | None = None


class Session:
    """A program loaded into HiGHS, to be solved within what is left of a run."""

    def __init__(self, program: Program, run: Run, *, threads: int = 1) -> None:
        self._run = run
        self._program = program
        self._seen: dict[str, Any] = {}
        self._is_mip = bool(program.integer.any())
        self._no_bound = math.inf if program.sense == "max" else -math.inf
        self._highs = _load(program, threads)
        _listen(self._highs, run, self._seen)

    def solve(self) -> Outcome:
        """Solve within what is left of the run; see `solve`."""
        if self._run.stopped:
            return Outcome(self._run.stopped, bound=self._no_bound)
        self._seen.clear()
        if math.isfinite(self._run.remaining_s):
            self._highs.setOptionValue("time_limit", self._run.remaining_s)
        if not _run_highs(self._highs, self._run, self._program, self._seen):
            seen = self._seen
            return Outcome(
                "interrupted", seen.get("x"), seen.get("objective", math.nan), seen.get("bound", self._no_bound)
            )
        outcome = _read(self._highs, self._run, self._is_mip, self._no_bound)
        if outcome.status == "time_limit":
            self._run.expire()
        return outcome


def solve(program: Program, run: Run, *, threads: int = 1) -> Outcome:
    """Solve a program within what is left of the run.

    Returns
    -------
    Outcome
        ``status`` is ``optimal``, ``infeasible``, ``time_limit`` or ``interrupted``. ``bound`` is HiGHS's dual bound,
        infinite on the useless side where it has none yet.
    """
    return Session(program, run, threads=threads).solve()


def _bounded(values: Floats) -> Floats:
    return np.clip(values, -highspy.kHighsInf, highspy.kHighsInf)


def _load(program: Program, threads: int) -> Any:
    raise_all(number_faults(threads, "threads", whole=True), SolverError)
    # highspy.Highs greets on the standard output before it can be told to be silent; what it wraps does not
    highs: Any = getattr(highspy._core, "_Highs", highspy.Highs)()
    options = {
        "output_flag": False,
        "threads": int(threads),
        "random_seed": 0,
        "mip_rel_gap": _ACCURACY,
        "mip_abs_gap": _ACCURACY,
    }
    if program.target is not None:
        options["objective_target"] = program.target
    for name, value in options.items():
        highs.setOptionValue(name, value)
    matrix = sparse.vstack([rows.matrix for rows in program.rows], format="csr")
    lower = np.concatenate([rows.lower for rows in program.rows])
    upper = np.concatenate([rows.upper for rows in program.rows])
    highs.passModel(
        len(program.cost),
        matrix.shape[0],
        matrix.nnz,
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMaximize if program.sense == "max" else highspy.ObjSense.kMinimize),
        0.0,
        program.cost.astype(float),
        program.lower.astype(float),
        _bounded(program.upper),
        _bounded(lower),
        _bounded(upper),
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data.astype(float),
        program.integer.astype(np.int32),
    )
    if program.start is not None:
        highs.setSolution(len(program.cost), np.arange(len(program.cost), dtype=np.int32), program.start.astype(float))
    return highs


def _listen(highs: Any, run: Run, seen: dict[str, Any]) -> None:
    kinds = highspy.cb.HighsCallbackType

    def hear(kind: Any, message: str, out: Any, answer: Any, data: Any) -> None:
        if kind == kinds.kCallbackMipImprovingSolution:
            seen["x"] = np.array(out.mip_solution, dtype=float)
            seen["objective"] = float(out.objective_function_value)
        elif kind == kinds.kCallbackMipLogging:
            seen["primal"], seen["bound"] = float(out.mip_primal_bound), float(out.mip_dual_bound)
            seen["fresh"] = True
        if run.stopped == "interrupted" and kind in (kinds.kCallbackMipInterrupt, kinds.kCallbackSimplexInterrupt):
            answer.user_interrupt = True

    highs.setCallback(hear, None)
    for kind in (
        kinds.kCallbackMipInterrupt,
        kinds.kCallbackSimplexInterrupt,
        kinds.kCallbackMipImprovingSolution,
        kinds.kCallbackMipLogging,
    ):
        highs.startCallback(kind)


def _run_highs(highs: Any, run: Run, program: Program, seen: dict[str, Any]) -> bool:
    """Run HiGHS beside the main thread, so that Ctrl-C is heard at once; False where it had to be left behind."""
    worker = threading.Thread(target=highs.run, daemon=True)
    worker.start()
    try:
        while worker.is_alive():
            worker.join(0.1)
            if seen.pop("fresh", False):
                run.report(program.stage, seen["primal"], seen["bound"])
            if run.since_interrupt_s > _GRACE_S:
                # It ends by itself at its next look; what it has found so far is already in ``seen``.
                return False
    except BaseException:
        # A callback that raises, or a second Ctrl-C: HiGHS must not go on unheard.
        run.interrupt()
        raise
    return True


def _read(highs: Any, run: Run, is_mip: bool, no_bound: float) -> Outcome:
    status = highs.getModelStatus()
    kinds = highspy.HighsModelStatus
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return Outcome("infeasible")
    info = highs.getInfo()
    has_plan = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(highs.getSolution().col_value, dtype=float) if has_plan else None
    objective = float(info.objective_function_value) if has_plan else math.nan
    if status == kinds.kOptimal and is_mip:
        return Outcome("optimal", x, objective, float(info.mip_dual_bound))
    if status == kinds.kOptimal:
        known = highs.getSolution()
        reduced, price = np.array(known.col_dual, dtype=float), np.array(known.row_dual, dtype=float)
        return Outcome("optimal", x, objective, objective, reduced, price)
    if status == kinds.kObjectiveTarget:
        return Outcome("optimal", x, objective, float(info.mip_dual_bound))
    if status not in (kinds.kTimeLimit, kinds.kInterrupt):
        raise SolverError(f"HiGHS stopped with {highs.modelStatusToString(status)}; this is a fault of the model.")
    bound = float(info.mip_dual_bound) if is_mip else no_bound
    return Outcome(run.stopped or "time_limit", x, objective, bound if abs(bound) < highspy.kHighsInf else no_bound)
