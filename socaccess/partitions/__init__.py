"""Work cut by origin, done here or by the workers of a Dask cluster, with equal answers.

`run_partitions` calls a function with every part: in this process, or on the workers of a
`client`, which may die meanwhile. `SharedRoads` is what every part needs: it goes to each worker
once, or is opened there as a file. `connect` gives the client. Dask is imported only by who
uses it.
"""

from socaccess.partitions.client import connect
from socaccess.partitions.roads import SharedRoads
from socaccess.partitions.running import cut_parts, run_partitions

__all__ = ["SharedRoads", "connect", "cut_parts", "run_partitions"]
