"""How much a facility still counts the longer the way to it: decay functions and their sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from socaccess.errors import InputError

__all__ = [
    "Decay",
    "dai",
    "exponential",
    "gaussian",
    "linear",
    "logistic",
    "power",
    "read_decay",
    "step",
]


@dataclass(frozen=True)
class Decay:
    """A weight for every travel time: `weigh` gives it.

    Make one by `step`, `linear`, `exponential`, `gaussian`, `dai`, `logistic` or `power`.

    Parameters
    ----------
    kind
        Name of the function.
    parameters
        Its parameters in minutes, as the function of that name takes them.
    source
        Where it was published for measures of access.
    """

    kind: str
    parameters: tuple[float, ...]
    source: str

    def weigh(self, travel_min: np.ndarray) -> np.ndarray:
        """Return the weight of times in minutes; same shape, never negative.

        Examples
        --------
        >>> linear(40).weigh(np.array([0.0, 10.0, 40.0, 50.0])).tolist()
        [1.0, 0.75, 0.0, 0.0]
        """
        return _FUNCTIONS[self.kind](np.asarray(travel_min, dtype=float), *self.parameters)

    def __str__(self) -> str:
        values = [f"{value:.12g}" for value in self.parameters]
        if self.kind == "step":
            values = ["=".join(zone) for zone in zip(values[::2], values[1::2], strict=True)]
        return f"{self.kind}:{','.join(values)}"


def step(weights: Mapping[float, float]) -> Decay:
    """Return the weights of zones: up to and including each time, its weight; 0 beyond the last.

    Luo and Qi (2009), "An enhanced two-step floating catchment area (E2SFCA) method".

    Examples
    --------
    >>> step({15: 1, 30: 0.68, 45: 0.22}).weigh(np.array([15.0, 15.1, 45.0, 46.0])).tolist()
    [1.0, 0.68, 0.22, 0.0]
    """
    zones = sorted((float(limit), float(weight)) for limit, weight in weights.items())
    bad = [limit for limit, weight in zones if not (limit > 0 and 0 <= weight < math.inf)]
    if bad or not zones:
        raise InputError("access.bad_zones", given=bad)
    return Decay("step", tuple(value for zone in zones for value in zone), "Luo and Qi 2009")


def linear(limit_min: float) -> Decay:
    """Return 1 at no way at all, falling evenly to 0 at the limit.

    Schuurman, Berube and Crooks (2010), "Measuring potential spatial access to primary health
    care physicians using a modified gravity model".
    """
    return Decay("linear", _positive(limit_min), "Schuurman, Berube and Crooks 2010")


def exponential(half_life_min: float) -> Decay:
    """Return a weight that halves with every `half_life_min` minutes.

    The negative exponential `exp(-b t)` with `b = ln 2 / half_life_min`: Wilson (1971), "A
    family of spatial interaction models".

    Examples
    --------
    >>> exponential(10).weigh(np.array([0.0, 10.0, 20.0])).round(9).tolist()
    [1.0, 0.5, 0.25]
    """
    return Decay("exponential", _positive(half_life_min), "Wilson 1971")


def gaussian(sigma_min: float) -> Decay:
    """Return `exp(-t² / (2 sigma²))`, 1 at no way at all.

    Ingram (1971), "The concept of accessibility: a search for an operational form".
    """
    return Decay("gaussian", _positive(sigma_min), "Ingram 1971")


def dai(limit_min: float) -> Decay:
    """Return the Gaussian that starts at 1 and reaches 0 at the limit itself.

    Dai (2010), "Black residential segregation, disparities in spatial access to health care
    facilities, and late-stage breast cancer diagnosis".

    Examples
    --------
    >>> dai(30).weigh(np.array([0.0, 15.0, 30.0, 31.0])).round(3).tolist()
    [1.0, 0.701, 0.0, 0.0]
    """
    return Decay("dai", _positive(limit_min), "Dai 2010")


def logistic(midpoint_min: float, scale_min: float) -> Decay:
    """Return `1 / (1 + exp((t - midpoint) / scale))`: one half at the midpoint.

    Bauer and Groneberg (2016), "Measuring spatial accessibility of health care providers".
    """
    return Decay("logistic", _positive(midpoint_min, scale_min), "Bauer and Groneberg 2016")


def power(exponent: float, least_min: float = 1.0) -> Decay:
    """Return `max(t, least_min)` to the minus `exponent`: Hansen's and Huff's own.

    Hansen (1959), "How accessibility shapes land use". At no way at all it would be
    infinite, so that nothing counts as nearer than `least_min`.

    Examples
    --------
    >>> power(2).weigh(np.array([0.0, 2.0, 10.0])).tolist()
    [1.0, 0.25, 0.01]
    """
    return Decay("power", _positive(exponent, least_min), "Hansen 1959")


def read_decay(text: str) -> Decay:
    """Return the decay that a text names: a function and its parameters.

    Parameters
    ----------
    text
        `step:15=1,30=0.68,45=0.22`, `linear:45`, `exponential:10`, `gaussian:20`, `dai:45`,
        `logistic:30,5` or `power:2,1`. Spaces do not matter; decimals take a point.

    Raises
    ------
    InputError
        If it names no function, or parameters that it cannot have.

    Examples
    --------
    >>> str(read_decay("logistic: 30, 5"))
    'logistic:30,5'
    """
    kind, _, rest = text.replace(" ", "").lower().partition(":")
    makers: dict[str, Callable[..., Decay]] = {
        "linear": linear,
        "exponential": exponential,
        "gaussian": gaussian,
        "dai": dai,
        "logistic": logistic,
        "power": power,
    }
    try:
        if kind == "step":
            zones = [part.split("=") for part in rest.split(",")]
            return step({float(limit): float(weight) for limit, weight in zones})
        return makers[kind](*(float(part) for part in rest.split(",")))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("access.bad_decay", given=text, known=["step", *makers]) from None


def _positive(*values: float) -> tuple[float, ...]:
    given = tuple(float(value) for value in values)
    if not all(0 < value < math.inf for value in given):
        raise InputError("access.bad_parameter", given=list(given))
    return given


def _step(travel_min: np.ndarray, *zones: float) -> np.ndarray:
    limits = np.array(zones[0::2])
    weights = np.array([*zones[1::2], 0.0])
    return weights[np.searchsorted(limits, travel_min, side="left")]


def _dai(travel_min: np.ndarray, limit_min: float) -> np.ndarray:
    edge = math.exp(-0.5)
    bell = (np.exp(-0.5 * (travel_min / limit_min) ** 2) - edge) / (1 - edge)
    return np.where(travel_min < limit_min, bell, 0.0)


def _logistic(travel_min: np.ndarray, midpoint_min: float, scale_min: float) -> np.ndarray:
    # Beyond 700 the exponential is out of the range of a float, and the weight 0.
    return 1.0 / (1.0 + np.exp(np.minimum((travel_min - midpoint_min) / scale_min, 700.0)))


_FUNCTIONS: Mapping[str, Callable[..., np.ndarray]] = {
    "step": _step,
    "linear": lambda t, limit: np.maximum(1.0 - t / limit, 0.0),
    "exponential": lambda t, half_life: np.exp(-math.log(2) * t / half_life),
    "gaussian": lambda t, sigma: np.exp(-t * t / (2 * sigma**2)),
    "dai": _dai,
    "logistic": _logistic,
    "power": lambda t, exponent, least: np.maximum(t, least) ** -exponent,
}
