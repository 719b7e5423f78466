"""HiGHS behind one small face: a linear model built in one pass, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from socaccess.errors import SolverError

if TYPE_CHECKING:
    import highspy

__all__ = ["IncrementalLp", "LinearModel", "Solution", "solve_model"]

OPTIMAL, INFEASIBLE, LIMIT = "optimal", "infeasible", "limit"


@dataclass
class LinearModel:
    """A minimisation gathered as blocks of columns and rows, handed to the solver as one matrix.

    Examples
    --------
    >>> model = LinearModel()
    >>> y = model.add_columns(2, cost=[3.0, 2.0], integer=True)
    >>> _ = model.add_rows([0, 0], y, [1.0, 1.0], lower=[1.0], upper=[np.inf])
    >>> solve_model(model, time_limit_s=5).values.tolist()
    [0.0, 1.0]
    """

    costs: list[np.ndarray] = field(default_factory=list)
    lowers: list[np.ndarray] = field(default_factory=list)
    uppers: list[np.ndarray] = field(default_factory=list)
    integers: list[np.ndarray] = field(default_factory=list)
    entry_rows: list[np.ndarray] = field(default_factory=list)
    entry_columns: list[np.ndarray] = field(default_factory=list)
    entry_values: list[np.ndarray] = field(default_factory=list)
    row_lowers: list[np.ndarray] = field(default_factory=list)
    row_uppers: list[np.ndarray] = field(default_factory=list)
    column_count: int = 0
    row_count: int = 0

    def add_columns(
        self,
        count: int,
        *,
        cost: object = 0.0,
        lower: object = 0.0,
        upper: object = 1.0,
        integer: bool = False,
    ) -> np.ndarray:
        """Add `count` variables and return their numbers."""
        for store, value in ((self.costs, cost), (self.lowers, lower), (self.uppers, upper)):
            store.append(np.broadcast_to(np.asarray(value, dtype=float), (count,)))
        self.integers.append(np.full(count, integer))
        self.column_count += count
        return np.arange(self.column_count - count, self.column_count)

    def add_rows(
        self, rows: object, columns: object, values: object, *, lower: object, upper: object
    ) -> np.ndarray:
        """Add constraints `lower <= sum(values * x[columns]) <= upper`, numbered from 0 in `rows`.

        Whichever of `lower` and `upper` is an array says how many there are. Returns their numbers.
        """
        low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        count = len(low) if low.ndim else len(high) if high.ndim else 1
        index = np.atleast_1d(np.asarray(rows, dtype=np.int64))
        column = np.atleast_1d(np.asarray(columns, dtype=np.int64))
        value = np.asarray(values, dtype=float)
        index, column, value = np.broadcast_arrays(index, column, value)
        self.entry_rows.append(index + self.row_count)
        self.entry_columns.append(column)
        self.entry_values.append(value)
        self.row_lowers.append(np.broadcast_to(low, (count,)))
        self.row_uppers.append(np.broadcast_to(high, (count,)))
        self.row_count += count
        return np.arange(self.row_count - count, self.row_count)

    def matrix(self) -> sp.csc_array:
        """Return the constraint matrix."""
        shape = (self.row_count, self.column_count)
        if not self.entry_rows:
            return sp.csc_array(shape)
        where = (np.concatenate(self.entry_rows), np.concatenate(self.entry_columns))
        return sp.csc_array(sp.coo_array((np.concatenate(self.entry_values), where), shape=shape))


@dataclass(frozen=True)
class Solution:
    """What the solver proved: `status` is optimal, infeasible or limit (stopped before a proof).

    `values` is None when no solution was found; `bound` is the proved lower bound on the least
    cost (`-inf` when nothing was proved, `inf` when infeasible); `reduced_costs` and
    `row_prices` are those of a linear programme.
    """

    status: str
    objective: float
    bound: float
    values: np.ndarray | None
    nodes: int = 0
    reduced_costs: np.ndarray | None = None
    row_prices: np.ndarray | None = None


def solve_model(
    model: LinearModel,
    *,
    time_limit_s: float,
    gap: float = 0.0,
    absolute_gap: float = 0.0,
    seed: int = 0,
    threads: int = 1,
    start: np.ndarray | None = None,
    relax: bool = False,
    interior: bool = False,
    objective_limit: float | None = None,
) -> Solution:
    """Return the least-cost solution of `model` that HiGHS finds within the limits.

    Parameters
    ----------
    model
        The minimisation.
    time_limit_s
        Wall-clock seconds; at or below zero nothing is run.
    gap, absolute_gap
        Relative and absolute distance of bound and objective that counts as proved.
    seed, threads
        Passed on; the answer is the same for the same seed as long as no limit is hit.
    start
        A solution to begin with; NaN where the solver is to find the value.
    relax
        Solve the linear relaxation instead.
    interior
        Solve it by interior points without a vertex: far faster on large coverings, and all that
        is wanted are prices of rows.
    objective_limit
        Stop as soon as a solution at most this costly is known.

    Raises
    ------
    SolverError
        The solver failed in a way that says nothing about the model.
    """
    import highspy

    if time_limit_s <= 0:
        return Solution(LIMIT, np.inf, -np.inf, None)
    integer = np.concatenate(model.integers) if not relax else np.zeros(model.column_count, bool)
    highs = highspy.Highs()
    options: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "time_limit": float(time_limit_s),
        "threads": int(threads),
        "random_seed": int(seed),
        "mip_rel_gap": float(gap),
        "mip_abs_gap": float(absolute_gap),
    }
    if interior:
        options |= {"solver": "ipm", "run_crossover": "off"}
    if objective_limit is not None:
        options["objective_target"] = float(objective_limit)
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(_highs_lp(model, integer))
    if start is not None and integer.any():
        known = np.flatnonzero(~np.isnan(start)).astype(np.int32)
        highs.setSolution(len(known), known, start[known].astype(float))
    run = highs.run()
    status = highs.getModelStatus()
    info = highs.getInfo()
    kinds = highspy.HighsModelStatus
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return Solution(INFEASIBLE, np.inf, np.inf, None)
    if run == highspy.HighsStatus.kError or status in (kinds.kSolveError, kinds.kModelError):
        if start is not None:
            # Completing a partial start is the solver's weak spot; begin from nothing instead.
            return solve_model(
                model,
                time_limit_s=time_limit_s - float(highs.getRunTime()),
                gap=gap,
                absolute_gap=absolute_gap,
                seed=seed,
                threads=threads,
                relax=relax,
                objective_limit=objective_limit,
            )
        raise SolverError("siting.solver_failed")
    solved = highs.getSolution()
    found = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    values = np.array(solved.col_value) if found and len(solved.col_value) else None
    proved = status == kinds.kOptimal
    objective = float(info.objective_function_value) if values is not None else np.inf
    if integer.any():
        bound = float(info.mip_dual_bound)
        bound = bound if np.isfinite(bound) else -np.inf
    else:
        bound = objective if proved else -np.inf
    duals = np.array(solved.col_dual) if proved and not integer.any() else None
    prices = None if duals is None else np.array(solved.row_dual)
    nodes = max(0, int(info.mip_node_count))
    return Solution(OPTIMAL if proved else LIMIT, objective, bound, values, nodes, duals, prices)


def _highs_lp(model: LinearModel, integer: np.ndarray) -> highspy.HighsLp:
    """Return the model in the solver's own form."""
    import highspy

    matrix = model.matrix()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.column_count, model.row_count
    lp.col_cost_ = np.concatenate(model.costs)
    lp.col_lower_ = np.concatenate(model.lowers)
    lp.col_upper_ = np.concatenate(model.uppers)
    lp.row_lower_ = np.concatenate(model.row_lowers) if model.row_lowers else np.zeros(0)
    lp.row_upper_ = np.concatenate(model.row_uppers) if model.row_uppers else np.zeros(0)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = model.column_count, model.row_count
    lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data.astype(float)
    if integer.any():
        kind = highspy.HighsVarType
        lp.integrality_ = [kind.kInteger if whole else kind.kContinuous for whole in integer]
    return lp


class IncrementalLp:
    """A linear minimisation that grows by rows and is solved again from where it stood."""

    def __init__(self, *, cost: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        import highspy

        self._highs = highspy.Highs()
        self._highs.setOptionValue("output_flag", False)
        self._highs.setOptionValue("threads", 1)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(cost), 0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
        lp.a_matrix_.start_ = np.zeros(len(cost) + 1, dtype=np.int32)
        self._highs.passModel(lp)

    def add_rows(
        self,
        rows: np.ndarray,
        columns: np.ndarray,
        values: np.ndarray,
        lower: np.ndarray | list[float],
        upper: np.ndarray | list[float],
    ) -> None:
        """Add constraints; entries need not be ordered, `rows` count from 0."""
        order = np.argsort(rows, kind="stable")
        start = np.searchsorted(rows[order], np.arange(len(lower)))
        self._highs.addRows(
            len(lower),
            np.asarray(lower, dtype=float),
            np.asarray(upper, dtype=float),
            len(rows),
            start.astype(np.int32),
            columns[order].astype(np.int32),
            values[order].astype(float),
        )

    def add_columns(
        self,
        count: int,
        rows: np.ndarray,
        columns: np.ndarray,
        values: np.ndarray | float = 1.0,
    ) -> None:
        """Add variables between 0 and 1 that cost nothing; `columns` count from 0, in order."""
        start = np.searchsorted(columns, np.arange(count))
        self._highs.addCols(
            count,
            np.zeros(count),
            np.zeros(count),
            np.ones(count),
            len(rows),
            start.astype(np.int32),
            rows.astype(np.int32),
            np.broadcast_to(np.asarray(values, dtype=float), (len(rows),)).copy(),
        )

    def solve(self, time_limit_s: float) -> tuple[float, np.ndarray, np.ndarray, np.ndarray] | None:
        """Return objective, values, reduced costs and row prices; None when not solved in time."""
        import highspy

        # The solver counts its own time over all calls.
        self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(0.0, time_limit_s))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        values, reduced = np.array(solution.col_value), np.array(solution.col_dual)
        return value, values, reduced, np.array(solution.row_dual)
