"""Compiled inner loops of the search and of the tree: arrays in, arrays out.

Importing this module imports the compiler, and the first call on a machine waits for it: only
questions too large for array arithmetic come here (`median` decides by size alone, so that an
answer never depends on what a machine has compiled). Loops are written out because the compiler
takes much longer over its own sorts and partitions than over them.

Pairs are stored by client, cheapest first: `start` (clients + 1), `site`, `cost`. A client costs
`base` where no open site is cheaper.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["ascend", "compact", "fill_knapsacks", "greedy", "improve", "swap"]

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def _two_cheapest(start, site, cost, base, is_open, i):  # type: ignore[no-untyped-def]
    """Return cost and site of the two cheapest open sites of client `i` (-1: the base)."""
    first_cost, second_cost, first, second = base[i], base[i], -1, -1
    for k in range(start[i], start[i + 1]):
        if is_open[site[k]]:
            if first < 0:
                first_cost, first = cost[k], site[k]
            else:
                second_cost, second = cost[k], site[k]
                break
    return first_cost, second_cost, first, second


@compiled
def greedy(begin, client, value, base, sites):  # type: ignore[no-untyped-def]
    """Return the sites that in turn save most; a saving counted earlier bounds the one now.

    Pairs are stored by site here: `begin` (sites + 1), `client`, `value`.
    """
    count = len(begin) - 1
    now = base.copy()
    gain = np.empty(count)
    age = np.zeros(count, np.int64)
    for j in range(count):
        total = 0.0
        for k in range(begin[j], begin[j + 1]):
            total += max(0.0, now[client[k]] - value[k])
        gain[j] = total
    plan = np.empty(sites, np.int64)
    for r in range(sites):
        while True:
            best = 0
            for j in range(1, count):
                if gain[j] > gain[best]:
                    best = j
            if age[best] == r:
                break
            total = 0.0
            for k in range(begin[best], begin[best + 1]):
                total += max(0.0, now[client[k]] - value[k])
            gain[best], age[best] = total, r
        plan[r] = best
        gain[best] = -1.0
        for k in range(begin[best], begin[best + 1]):
            now[client[k]] = min(now[client[k]], value[k])
    return plan


@compiled
def swap(start, site, cost, base, begin, client, value, plan, first):  # type: ignore[no-untyped-def]
    """Exchange sites of `plan`, in place, while that saves; return the cost reached.

    The first exchange that saves is made, beginning with site `first`; gain, loss and correction
    as Resende, Werneck (2007), A fast swap-based local search procedure for location problems,
    Annals of Operations Research 150.
    """
    m, n, p = len(begin) - 1, len(base), len(plan)
    is_open = np.zeros(m, np.bool_)
    place = np.full(m, -1, np.int64)
    for r in range(p):
        is_open[plan[r]] = True
        place[plan[r]] = r
    d1, d2 = np.empty(n), np.empty(n)
    a1, a2 = np.empty(n, np.int64), np.empty(n, np.int64)
    loss, back = np.zeros(p), np.zeros(p)
    for i in range(n):
        d1[i], d2[i], a1[i], a2[i] = _two_cheapest(start, site, cost, base, is_open, i)
        if a1[i] >= 0:
            loss[place[a1[i]]] += d2[i] - d1[i]
    tried, j = 0, first % m
    while tried < m:
        if not is_open[j]:
            gain = 0.0
            for k in range(begin[j], begin[j + 1]):
                i, c = client[k], value[k]
                if c < d1[i]:
                    gain += d1[i] - c
                    if a1[i] >= 0:
                        back[place[a1[i]]] += d2[i] - d1[i]
                elif c < d2[i] and a1[i] >= 0:
                    back[place[a1[i]]] += d2[i] - c
            out, best = -1, 1e-9 * (1.0 + gain)
            for r in range(p):
                net = gain + back[r] - loss[r]
                if net > best:
                    out, best = r, net
                back[r] = 0.0
            if out >= 0:
                gone = plan[out]
                is_open[gone], is_open[j] = False, True
                place[j], plan[out] = out, j
                # Clients of either site look up their two cheapest again.
                for q in (j, gone):
                    for k in range(begin[q], begin[q + 1]):
                        i = client[k]
                        had = a1[i] == gone or a2[i] == gone
                        if not had and (q == gone or value[k] >= d2[i]):
                            continue
                        if a1[i] >= 0:
                            loss[place[a1[i]]] -= d2[i] - d1[i]
                        d1[i], d2[i], a1[i], a2[i] = _two_cheapest(
                            start, site, cost, base, is_open, i
                        )
                        if a1[i] >= 0:
                            loss[place[a1[i]]] += d2[i] - d1[i]
                place[gone] = -1
                tried = 0
        tried += 1
        j = j + 1 if j + 1 < m else 0
    total = 0.0
    for i in range(n):
        total += d1[i]
    return total


@compiled
def compact(start, site, cost, base, state, cap):  # type: ignore[no-untyped-def]
    """Return the pairs that still matter and the base under what is open already.

    `state` is 0 for free, 1 for open, 2 for shut sites; a pair matters while its site is free and
    cheaper than the best open one and than the client's `cap`. Free sites are numbered anew.
    """
    n = len(base)
    number = np.empty(len(state), np.int32)
    many = 0
    for j in range(len(state)):
        number[j] = many
        if state[j] == 0:
            many += 1
    floor = np.empty(n)
    fresh = np.zeros(n + 1, np.int64)
    for i in range(n):
        least, count = base[i], 0
        for k in range(start[i], start[i + 1]):
            if cost[k] >= least:
                break
            here = state[site[k]]
            if here == 1:
                least = cost[k]
                break
            if here == 0 and cost[k] < cap[i]:
                count += 1
        floor[i] = least
        fresh[i + 1] = fresh[i] + count
    to, value = np.empty(fresh[n], np.int32), np.empty(fresh[n])
    for i in range(n):
        q = fresh[i]
        for k in range(start[i], start[i + 1]):
            if q == fresh[i + 1]:
                break
            if state[site[k]] == 0 and cost[k] < cap[i]:
                to[q], value[q] = number[site[k]], cost[k]
                q += 1
    return fresh, to, value, floor


@compiled
def _put_smallest_first(values, order, many):  # type: ignore[no-untyped-def]
    """Rearrange `order` so that the `many` positions of least `values` stand first."""
    low, high = 0, len(order) - 1
    while low < high:
        pivot = values[order[(low + high) // 2]]
        i, j = low, high
        while i <= j:
            while values[order[i]] < pivot:
                i += 1
            while values[order[j]] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if many <= j:
            high = j
        elif many >= i:
            low = i
        else:
            break


@compiled
def _by_site(start, site, cost, m):  # type: ignore[no-untyped-def]
    """Return the pairs gathered by site: where each begins, its clients and their costs."""
    n, pairs = len(start) - 1, len(site)
    begin = np.zeros(m + 1, np.int64)
    for k in range(pairs):
        begin[site[k] + 1] += 1
    for j in range(m):
        begin[j + 1] += begin[j]
    place = begin.copy()
    client, value = np.empty(pairs, np.int32), np.empty(pairs)
    for i in range(n):
        for k in range(start[i], start[i + 1]):
            q = place[site[k]]
            client[q], value[q] = i, cost[k]
            place[site[k]] += 1
    return begin, client, value


@compiled
def ascend(  # type: ignore[no-untyped-def]
    start, site, cost, base, m, sites, prices, goal, upper, theta, rounds, patience, margin
):
    """Improve the prices of clients by deflected subgradient steps; see `tree.ascend`."""
    n = len(base)
    lam, best_lam = np.empty(n), np.empty(n)
    for i in range(n):
        lam[i] = best_lam[i] = min(prices[i], base[i])
    reduced, best_reduced, openness = np.zeros(m), np.zeros(m), np.zeros(m)
    direction = np.zeros(n)
    chosen = np.zeros(m, np.bool_)
    order = np.arange(m)
    step = np.empty(n)
    begin, client, value = _by_site(start, site, cost, m)
    best, stalled, turn = -np.inf, 0, 0
    while turn < rounds:
        turn += 1
        total = 0.0
        for j in range(m):
            reduced[j] = 0.0
            chosen[j] = False
        for i in range(n):
            price = lam[i]
            total += price
            for k in range(start[i], start[i + 1]):
                if cost[k] >= price:
                    break
                reduced[site[k]] += cost[k] - price
        if sites < m:
            _put_smallest_first(reduced, order, sites)
        bound = total - margin
        for r in range(sites):
            chosen[order[r]] = True
            bound += reduced[order[r]]
        if bound > best:
            stalled = stalled + 1 if bound < best + 3e-5 * (upper - best) + 1e-9 else 0
            best = bound
            for i in range(n):
                best_lam[i] = lam[i]
            for j in range(m):
                best_reduced[j] = reduced[j]
        else:
            stalled += 1
        weight = max(0.05, 1.0 / turn)
        for j in range(m):
            openness[j] += weight * ((1.0 if chosen[j] else 0.0) - openness[j])
        if best >= goal or sites == 0:
            break
        if stalled >= patience:
            theta *= 0.6
            stalled = 0
            for i in range(n):
                lam[i], direction[i] = best_lam[i], 0.0
            if theta < 0.02:
                break
        for i in range(n):
            step[i] = 1.0
        for r in range(sites):
            for k in range(begin[order[r]], begin[order[r] + 1]):
                if value[k] < lam[client[k]]:
                    step[client[k]] -= 1.0
        length = 0.0
        for i in range(n):
            # At its ceiling a price cannot rise.
            if step[i] > 0.0 and lam[i] >= base[i]:
                step[i] = 0.0
            direction[i] = 0.8 * direction[i] + step[i]
            length += direction[i] * direction[i]
        if length == 0.0:
            break
        move = theta * (upper - bound) / length
        for i in range(n):
            lam[i] = min(base[i], max(0.0, lam[i] + move * direction[i]))
    return best, best_lam, best_reduced, openness, theta, turn


@compiled
def fill_knapsacks(cost, need, room, prices, allowed, reduced, taken):  # type: ignore[no-untyped-def]
    """Fill each site with the clients worth most at their prices; worth goes to `reduced`."""
    n, m = cost.shape
    most = 0
    for j in range(m):
        most = max(most, room[j])
    item = np.empty(n, np.int64)
    keep = np.zeros((n, most + 1), np.bool_)
    best = np.empty(most + 1)
    for j in range(m):
        count = 0
        for i in range(n):
            taken[i, j] = False
            if allowed[i, j] and cost[i, j] < prices[i]:
                item[count] = i
                count += 1
        for r in range(room[j] + 1):
            best[r] = 0.0
        for t in range(count):
            i = item[t]
            gain, size = prices[i] - cost[i, j], need[i]
            for r in range(room[j] + 1):
                keep[t, r] = False
            for r in range(room[j], size - 1, -1):
                other = best[r - size] + gain
                if other > best[r]:
                    keep[t, r] = True
                    best[r] = other
        reduced[j] = -best[room[j]]
        r = room[j]
        for t in range(count - 1, -1, -1):
            i = item[t]
            if r >= need[i] and keep[t, r]:
                taken[i, j] = True
                r -= need[i]


@compiled
def _assign(cost, need, room, plan, order):  # type: ignore[no-untyped-def]
    """Send clients in `order` to the cheapest site with room, then move and exchange them."""
    n, p = len(need), len(plan)
    left = np.empty(p, np.int64)
    for r in range(p):
        left[r] = room[plan[r]]
    to = np.full(n, -1, np.int64)
    for k in range(n):
        i, least = order[k], np.inf
        for r in range(p):
            if left[r] >= need[i] and cost[i, plan[r]] < least:
                least, to[i] = cost[i, plan[r]], r
        if to[i] < 0:
            return np.inf, to
        left[to[i]] -= need[i]
    better = True
    while better:
        better = False
        for i in range(n):
            for r in range(p):
                if left[r] >= need[i] and cost[i, plan[r]] < cost[i, plan[to[i]]] - 1e-9:
                    left[to[i]] += need[i]
                    left[r] -= need[i]
                    to[i] = r
                    better = True
            for k in range(i):
                a, b = to[i], to[k]
                if a == b or left[a] + need[i] < need[k] or left[b] + need[k] < need[i]:
                    continue
                now = cost[i, plan[a]] + cost[k, plan[b]]
                if cost[i, plan[b]] + cost[k, plan[a]] < now - 1e-9:
                    left[a] += need[i] - need[k]
                    left[b] += need[k] - need[i]
                    to[i], to[k] = b, a
                    better = True
    total = 0.0
    for i in range(n):
        total += cost[i, plan[to[i]]]
    return total, to


@compiled
def improve(cost, need, room, plan, noise):  # type: ignore[no-untyped-def]
    """Send clients to sites, put each site where its clients are nearest, and so on."""
    n, m = cost.shape
    best, best_plan, best_to = np.inf, plan.copy(), np.full(len(need), -1, np.int64)
    now = plan.copy()
    for _ in range(20):
        # Those with most to lose come first.
        regret = np.empty(n)
        for i in range(n):
            first = second = np.inf
            for r in range(len(now)):
                c = cost[i, now[r]]
                if c < first:
                    first, second = c, first
                elif c < second:
                    second = c
            regret[i] = (first - second if len(now) > 1 else 0.0) - 1e-3 * need[i] + noise[i]
        value, to = _assign(cost, need, room, now, np.argsort(regret))
        if value >= best - 1e-9:
            break
        best, best_plan, best_to = value, now.copy(), to
        now = now.copy()
        is_open = np.zeros(m, np.bool_)
        for r in range(len(now)):
            is_open[now[r]] = True
        for r in range(len(now)):
            load = 0
            for i in range(n):
                if to[i] == r:
                    load += need[i]
            least, old = np.inf, now[r]
            for j in range(m):
                if room[j] < load or (is_open[j] and j != old):
                    continue
                total = 0.0
                for i in range(n):
                    if to[i] == r:
                        total += cost[i, j]
                if total < least:
                    least, now[r] = total, j
            is_open[old], is_open[now[r]] = False, True
    return best, best_plan, best_to
