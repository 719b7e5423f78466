"""What one makes of partitioned tables: matrices, siting inputs, coverage of groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess.coverage import summarise_coverage
from socaccess.errors import InputError
from socaccess.routing import UNREACHABLE
from socaccess.scale.dataset import PartitionedTable
from socaccess.travel import TravelTimes

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["read_siting_travel", "read_travel_times", "summarise_table"]


def read_siting_travel(table: PartitionedTable) -> tuple[sp.csr_array, list[str], list[str]]:
    """Return minutes, clients and sites of written travel times, as `SitingProblem` takes them.

    Returns
    -------
    tuple
        A sparse array clients x sites of minutes, in which the stored pairs are the reachable
        ones; `client_ids`; `site_ids`. Written with a cutoff, it holds little more than what
        a siting problem looks at.

    Raises
    ------
    InputError
        If the table holds no travel times.
    """
    import scipy.sparse as sp

    begin, site, travel_ms, clients, sites = _gather_pairs(table)
    minutes = travel_ms / 60_000
    shape = (len(clients), len(sites))
    return sp.csr_array((minutes, site, begin), shape=shape), clients, sites


def read_travel_times(table: PartitionedTable) -> TravelTimes:
    """Return written travel times as they are in memory; every pair of places takes 4 bytes.

    Raises
    ------
    InputError
        If the table holds no travel times.
    """
    begin, site, travel_ms, clients, sites = _gather_pairs(table)
    dense = np.full((len(clients), len(sites)), UNREACHABLE, np.uint32)
    dense[np.repeat(np.arange(len(clients)), np.diff(begin)), site] = travel_ms
    names = table.plan["columns"]
    if names[0] == names[1]:
        names = ["from_id", "to_id"]
    return TravelTimes(
        np.array(clients, dtype=object),
        np.array(sites, dtype=object),
        dense,
        origin_column=names[0],
        destination_column=names[1],
    )


def summarise_table(
    table: PartitionedTable, *, by: tuple[str, ...] = ("municipality_id",)
) -> pd.DataFrame:
    """Return coverage per group and service, as `socaccess.coverage.summarise_coverage` tells it.

    Services are read one after another, so that memory holds a row a settlement at a time.

    Raises
    ------
    InputError
        If the table holds no coverage, or lacks a column named in `by`.
    """
    if table.kind != "coverage":
        raise InputError("scale.not_coverage", where=str(table.folder), kind=table.kind)
    kind_column = table.plan["columns"][1]
    columns = [*by, kind_column, "persons", "population", "travel_min", "status"]
    summaries = []
    for service in table.plan["kinds"]:
        rows = pd.concat(
            [
                pd.read_parquet(path, columns=columns, filters=[(kind_column, "==", service)])
                for path in table.partitions
            ],
            ignore_index=True,
        )
        summaries.append(summarise_coverage(rows.rename(columns={kind_column: "service"}), by=by))
    summary = pd.concat(summaries, ignore_index=True)
    return summary.sort_values([*by, "service"], kind="stable", ignore_index=True)


def _gather_pairs(
    table: PartitionedTable,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str], list[str]]:
    """Return where each origin begins, destination and milliseconds of every pair, and all ids."""
    import pyarrow.parquet as pq

    if table.kind != "travel_times":
        raise InputError("scale.not_times", where=str(table.folder), kind=table.kind)
    origin_column, destination_column = table.plan["columns"]
    sites = pd.read_parquet(table.folder / "destinations.parquet", columns=[destination_column])
    counts, site, travel_ms, clients = [], [], [], []
    for path in table.partitions:
        part = pq.read_table(path, columns=[origin_column, "destination", "travel_ms"])
        lists = part["destination"].combine_chunks()
        counts.append(np.diff(lists.offsets.to_numpy()))
        site.append(lists.flatten().to_numpy())
        travel_ms.append(part["travel_ms"].combine_chunks().flatten().to_numpy())
        clients += part[origin_column].to_pylist()
    begin = np.zeros(len(clients) + 1, dtype=np.int64)
    if counts:
        np.cumsum(np.concatenate(counts), out=begin[1:])
    return (
        begin,
        np.concatenate([np.empty(0, np.int32), *site]),
        np.concatenate([np.empty(0, np.uint32), *travel_ms]),
        clients,
        sites[destination_column].astype(str).tolist(),
    )
