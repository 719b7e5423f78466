"""Work too large for one table or one machine.

`write_travel_times`, `write_nearest` and `write_coverage` write partitioned GeoParquet tables
(`dataset`), here or on the workers of a Dask cluster, and go on where they stopped; `reading`
makes matrices, siting inputs and coverage of groups of them; `sweep` asks a siting question for
every season, limit and objective. `docs/scale.md` tells what it costs.
"""

from socaccess.scale.dataset import PartitionedTable, open_table
from socaccess.scale.reading import read_siting_travel, read_travel_times, summarise_table
from socaccess.scale.sweep import SEASONS, season_network, slow_down, sweep
from socaccess.scale.tables import write_coverage, write_nearest, write_travel_times

__all__ = [
    "SEASONS",
    "PartitionedTable",
    "open_table",
    "read_siting_travel",
    "read_travel_times",
    "season_network",
    "slow_down",
    "summarise_table",
    "sweep",
    "write_coverage",
    "write_nearest",
    "write_travel_times",
]
