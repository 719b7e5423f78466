"""Access measured with capacity, choice and fairness; what closes, and what distance costs.

All functions take arrays, Series by id or tables, and travel times of any form; none knows
geography. `sa.planning` asks them of a study (`docs/access.md`).

Examples
--------
>>> import socaccess as sa
>>> answer = sa.access.floating_catchment([[10.0], [40.0]], [50, 50], [10], limit_min=30)
>>> answer.access.tolist(), answer.note.tolist()
([0.2, 0.0], [None, 'none_in_reach'])
"""

from socaccess.access.catchments import (
    METHODS,
    Catchments,
    floating_catchment,
    spatial_availability,
)
from socaccess.access.choice import HuffShares, count_choices, huff, nearest_facilities
from socaccess.access.closing import Closings, close_each, close_together
from socaccess.access.comparison import Change, compare_nearest, compare_tables, decompose_change
from socaccess.access.decay import (
    Decay,
    dai,
    exponential,
    gaussian,
    linear,
    logistic,
    power,
    read_decay,
    step,
)
from socaccess.access.delivery_cost import (
    DeliveryModel,
    break_even_size,
    cost_by_size,
    cost_per_head,
    least_cost_size,
)
from socaccess.access.inequality import (
    Inequality,
    Theil,
    concentration_curve,
    concentration_index,
    gini,
    lorenz_curve,
    measure_inequality,
    palma_ratio,
    tail_mean,
    theil,
)
from socaccess.access.pairs import Pairs, fill_places, read_amounts, read_pairs
from socaccess.access.potential import cumulative_opportunities, gravity_potential
from socaccess.access.urbanisation import (
    DEGREES,
    UrbanThresholds,
    classify_areas,
    classify_cells,
)

__all__ = [
    "DEGREES",
    "METHODS",
    "Catchments",
    "Change",
    "Closings",
    "Decay",
    "DeliveryModel",
    "HuffShares",
    "Inequality",
    "Pairs",
    "Theil",
    "UrbanThresholds",
    "break_even_size",
    "classify_areas",
    "classify_cells",
    "close_each",
    "close_together",
    "compare_nearest",
    "compare_tables",
    "concentration_curve",
    "concentration_index",
    "cost_by_size",
    "cost_per_head",
    "count_choices",
    "cumulative_opportunities",
    "dai",
    "decompose_change",
    "exponential",
    "fill_places",
    "floating_catchment",
    "gaussian",
    "gini",
    "gravity_potential",
    "huff",
    "least_cost_size",
    "linear",
    "logistic",
    "lorenz_curve",
    "measure_inequality",
    "nearest_facilities",
    "palma_ratio",
    "power",
    "read_amounts",
    "read_decay",
    "read_pairs",
    "spatial_availability",
    "step",
    "tail_mean",
    "theil",
]
