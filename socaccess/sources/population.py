"""People of a grid or an address list, brought to settlements or taken as origins themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from socaccess import crs as crs_
from socaccess.errors import InputError, Problem, raise_problems
from socaccess.i18n import fold
from socaccess.messages import Message
from socaccess.schemas import TableForm, pick_rows
from socaccess.sources.files import read_rows
from socaccess.sources.headings import name_columns
from socaccess.sources.placing import place_points, read_numbers

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["PopulationSpread", "find_municipalities", "make_origins", "read_people",
           "spread_population"]  # fmt: skip

_PEOPLE = TableForm("population", (), geometry="point")
_PERSONS = ("persons", "population", "obs_value_t", "tot_p_2021", "tot_p", "total", "t", "pop",
            "kopa", "value")  # fmt: skip
_IDS = ("cell", "grd_id", "cell_id", "address_id", "id", "kods", "adr_cd")


@dataclass(frozen=True, eq=False)
class PopulationSpread:
    """Who lives where, and how it compares with what municipalities say.

    Parameters
    ----------
    settlements
        The settlements with `population`; its sum and that of `outside` are all people,
        unless it was scaled.
    people
        The cells or addresses with `municipality_id` (missing outside all), `settlement_id`
        and `distance_m` to its point.
    differences
        One row per municipality: `municipality_id`, `name`, `stated` (its own figure),
        `counted` (by the grid), `difference`, `ratio` (stated by counted, NaN where
        nobody was counted).
    outside
        The rows of `people` that lie in no municipality, or in one without settlements;
        they belong to no settlement.
    scaled
        Whether the population of the settlements was brought to what is stated.
    """

    settlements: gpd.GeoDataFrame
    people: gpd.GeoDataFrame
    differences: pd.DataFrame
    outside: gpd.GeoDataFrame
    scaled: bool

    def list_problems(self, where: str = "population") -> list[Problem]:
        """Return what a user should know of it: people outside, totals that differ, scaling."""
        problems = []
        if len(self.outside):
            lost = float(self.outside["persons"].sum())
            rows = list(self.outside["cell_id"].astype(str))
            problems.append(Problem("sources.people_outside", where, rows, persons=round(lost)))
        table = self.differences[self.differences["difference"].abs() >= 0.5]
        if len(table):
            totals = [
                Message("sources.stated_and_counted", name=name, stated=round(stated),
                        counted=round(counted))
                for name, stated, counted in table[["name", "stated", "counted"]].to_numpy()
            ]  # fmt: skip
            code = "sources.totals_scaled" if self.scaled else "sources.totals_differ"
            problems.append(Problem(code, where, totals))
        return problems


def read_people(
    path: str | Path,
    *,
    layer: str | None = None,
    crs: str | None = None,
    persons: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the people of a grid or an address list as points with `cell_id` and `persons`.

    Parameters
    ----------
    path
        Points or cells (their centres are taken) in any format of `read_table`, or a
        table with `lon`, `lat` or with `x`, `y` in `crs` (also named `x_3059`, `y_3059`).
    layer
        Sheet or layer.
    crs
        System of `x`, `y`.
    persons
        The column that counts people. By default the first of `persons`, `population`,
        `OBS_VALUE_T`, `TOT_P_2021` and the like; without one every row is one person.

    Raises
    ------
    InputError
        With every row that has no place, no number, or fewer than no people.
    """
    path = Path(path)
    frame, names = read_rows(path, layer=layer)
    frame, system = _name_axes(frame)
    frame, _ = name_columns(frame)
    plain = {fold(str(name)): name for name in frame.columns}
    frame, problems, _ = place_points(frame, _PEOPLE, path.name, names, crs=crs or system)
    if not hasattr(frame, "geometry") or frame.crs is None:
        raise InputError([*problems, Problem("sources.people_without_columns", path.name)])
    column = plain.get(fold(persons)) if persons else _first_of(plain, _PERSONS)
    if persons and column is None:
        given = [str(name) for name in frame.columns]
        problems.append(Problem("schemas.column_missing", path.name, missing=persons, given=given))
    count = np.ones(len(frame))
    if column is not None:
        count, found = read_numbers(frame[column], path.name, str(column), names)
        problems += found
        wrong = ~(count >= 0)
        if wrong.any() and not found:
            rows = pick_rows(names, wrong)
            problems.append(Problem("sources.no_count", path.name, rows, column=str(column)))
    absent = (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()
    if absent.any():
        problems.append(
            Problem("sources.people_without_place", path.name, pick_rows(names, absent))
        )
    raise_problems(problems)
    identity = _first_of(plain, _IDS)
    ids = frame[identity].astype(str).tolist() if identity else [str(name) for name in names]
    return type(frame)(
        {"cell_id": ids, "persons": count}, geometry=frame.geometry.centroid.to_numpy(),
        crs=frame.crs,
    )  # fmt: skip


def spread_population(
    people: gpd.GeoDataFrame,
    settlements: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    scale: bool = False,
) -> PopulationSpread:
    """Return the settlements with the people of a grid or an address list.

    Everybody belongs to the nearest settlement (straight line; of equally near ones the
    first by id) of the municipality their point lies in.

    Parameters
    ----------
    people
        Points with `persons`; see `read_people`.
    settlements
        Settlements with points; their own `population` is replaced.
    municipalities
        Outlines, and `population` where the totals are to be compared.
    scale
        Whether each municipality's settlements are brought to its stated population.
        Municipalities without a figure, or where nobody was counted, stay as counted.

    Returns
    -------
    PopulationSpread
        With the differences whether scaled or not.

    Raises
    ------
    InputError
        If a count of people is missing or below 0.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> area = gpd.GeoDataFrame({"municipality_id": ["m"], "name": ["M"], "population": [30]},
    ...                         geometry=[box(0, 0, 9000, 9000)], crs="EPSG:3059")
    >>> places = gpd.GeoDataFrame({"settlement_id": ["a", "b"], "municipality_id": "m"},
    ...                           geometry=gpd.points_from_xy([1000, 8000], [0, 0]),
    ...                           crs="EPSG:3059")
    >>> cells = gpd.GeoDataFrame({"persons": [10, 5, 7]},
    ...                          geometry=gpd.points_from_xy([500, 7500, 9500], [500, 500, 500]),
    ...                          crs="EPSG:3059")
    >>> spread = spread_population(cells, places, area)
    >>> spread.settlements["population"].tolist(), spread.outside["persons"].tolist()
    ([10.0, 5.0], [7])
    """
    from scipy.spatial import cKDTree

    metric = crs_.to_metric(settlements, "settlements")
    cells = crs_.to_metric(people, "population", metric.crs).reset_index(drop=True)
    count = cells["persons"].to_numpy(dtype=float)
    if not (count >= 0).all():
        wrong = tuple(str(i) for i in np.flatnonzero(~(count >= 0)))
        raise InputError("sources.no_count", where="population", rows=wrong)
    if "cell_id" not in cells:
        cells["cell_id"] = [str(i + 1) for i in range(len(cells))]
    home = find_municipalities(cells, municipalities)
    order = metric.sort_values("settlement_id", kind="stable")
    there = order[~(order.geometry.isna() | order.geometry.is_empty)]
    xy = np.column_stack([cells.geometry.x, cells.geometry.y])
    chosen = np.full(len(cells), None, dtype=object)
    distance = np.full(len(cells), np.nan)
    for key, group in there.groupby("municipality_id", sort=True):
        rows = np.flatnonzero(home == key)
        if not len(rows):
            continue
        tree = cKDTree(np.column_stack([group.geometry.x, group.geometry.y]))
        # Several are asked for, so that a tie is seen and falls to the first by id.
        far, near = tree.query(xy[rows], k=min(8, len(group)))
        far, near = far.reshape(len(rows), -1), near.reshape(len(rows), -1)
        first = np.where(np.isclose(far, far[:, :1]), near, len(group)).min(axis=1)
        chosen[rows] = group["settlement_id"].to_numpy(dtype=object)[first]
        distance[rows] = far[:, 0]
    cells = cells.assign(municipality_id=home, settlement_id=chosen, distance_m=distance)
    total = cells.groupby("settlement_id")["persons"].sum()
    counted = metric["settlement_id"].map(total).fillna(0.0).astype(float)
    differences = _compare_totals(municipalities, cells)
    if scale:
        ratio = differences.set_index("municipality_id")["ratio"]
        counted *= metric["municipality_id"].map(ratio).fillna(1.0)
    return PopulationSpread(
        settlements=metric.assign(population=counted),
        people=cells,
        differences=differences,
        outside=cells[cells["settlement_id"].isna()].reset_index(drop=True),
        scaled=scale,
    )


def make_origins(
    people: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return cells or addresses as settlements of kind `cell`, and those in no municipality.

    Rows with nobody are kept: they are places too. `settlement_id` and `name` are the
    `cell_id`.
    """
    metric = crs_.to_metric(people, "population").reset_index(drop=True)
    home = find_municipalities(metric, municipalities)
    inside = np.array([key is not None for key in home], dtype=bool)
    cells = metric[inside]
    origins = cells[["geometry"]].assign(
        settlement_id=cells["cell_id"].astype(str),
        name=cells["cell_id"].astype(str),
        kind="cell",
        municipality_id=home[inside],
        population=cells["persons"].astype(float),
    )
    return origins.reset_index(drop=True), metric[~inside].reset_index(drop=True)


def find_municipalities(points: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame) -> np.ndarray:
    """Return in which municipality each point lies: its id, or None; on a border the first by id.

    Meant for outlines as exact as the points; the embedded ones of Latvia are not.
    """
    import shapely

    outlines = municipalities.to_crs(points.crs).sort_values("municipality_id", kind="stable")
    ids = outlines["municipality_id"].to_numpy(dtype=object)
    tree = shapely.STRtree(np.asarray(outlines.geometry.array))
    point, outline = tree.query(np.asarray(points.geometry.array), predicate="intersects")
    first = np.full(len(points), len(ids))
    np.minimum.at(first, point, outline)
    found = np.full(len(points), None, dtype=object)
    inside = first < len(ids)
    found[inside] = ids[first[inside]]
    return found


def _compare_totals(municipalities: gpd.GeoDataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    counted = cells[cells["settlement_id"].notna()].groupby("municipality_id")["persons"].sum()
    table = pd.DataFrame(municipalities[["municipality_id", "name"]]).reset_index(drop=True)
    stated = municipalities.get("population", pd.Series(np.nan, index=municipalities.index))
    table["stated"] = pd.to_numeric(stated).to_numpy(dtype=float, na_value=np.nan)
    table["counted"] = table["municipality_id"].map(counted).fillna(0.0).astype(float)
    table["difference"] = table["stated"] - table["counted"]
    some = table["counted"].where(table["counted"] > 0)
    return table.assign(ratio=table["stated"] / some)


def _name_axes(frame: pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """Return columns such as `x_3059` as `x`, and the system their names tell."""
    names, system = {}, None
    for name in frame.columns:
        axis, _, code = str(name).lower().partition("_")
        if axis in ("x", "y") and code.isdigit():
            names[name], system = axis, f"EPSG:{code}"
    return frame.rename(columns=names), system


def _first_of(plain: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((plain[name] for name in wanted if name in plain), None)
