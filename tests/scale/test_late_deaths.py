"""A worker that dies costs nothing, however late its death is noticed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import CancelledError

import distributed
import pytest

from socaccess.partitions import run_partitions
from socaccess.partitions.running import ClusterError


class Future:
    def __init__(self, client, sent, part):
        self.client, self.sent, self.part = client, sent, part

    def result(self):
        self.client.asked += 1
        if self.client.asked in self.client.deaths:
            self.client.dead = self.client.sendings  # noticed now: all that was sent is lost
        if self.sent <= self.client.dead:
            raise CancelledError
        return 10 * self.part

    def release(self):
        pass

    def cancelled(self):
        return False


class Client:
    """A cluster whose workers are all lost at some of the moments a result is asked for."""

    def __init__(self, deaths):
        self.deaths, self.asked, self.sendings, self.dead = deaths, 0, 0, 0

    def scatter(self, common, **_):
        self.sendings += 1
        return self.sendings

    def submit(self, work, sent, part, **_):
        return Future(self, sent, part)

    def nthreads(self):
        return {"a": 8}

    def cancel(self, futures):
        pass


class Completed:
    def __init__(self):
        self.waiting = deque()

    def add(self, future):
        self.waiting.append(future)

    def __next__(self):
        return self.waiting.popleft()


@pytest.mark.parametrize("deaths", [{1}, {5}, {1, 40, 80}, set(range(20, 400, 60))])
def test_all_parts_are_done_whenever_a_death_is_noticed(monkeypatch, deaths):
    monkeypatch.setattr(distributed, "as_completed", Completed)
    client = Client(deaths)
    parts = [(number, number) for number in range(100)]
    done = dict(run_partitions(lambda *_: None, "roads", parts, client=client))
    assert done == {number: 10 * number for number in range(100)}
    assert 2 <= client.sendings <= len(deaths) + 1, "the roads are sent once more for each death"


def test_workers_that_do_nothing_but_die_are_given_up(monkeypatch):
    monkeypatch.setattr(distributed, "as_completed", Completed)
    client = Client(set(range(10_000)))
    with pytest.raises(ClusterError) as caught:
        dict(run_partitions(lambda *_: None, "roads", [(0, 0), (1, 1)], client=client))
    assert caught.value.problems[0].code == "partitions.workers_died"
