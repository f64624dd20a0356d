"""The orders of a nominal column's codes whose prefixes are tried as the left side of a split."""

from __future__ import annotations

import numpy as np

from fwk_firm_side.fare.compiled import Array, Columns, compiled

BY_LABEL, ALTERNATING = 0, 1


@compiled
def _swap(keys: Array, codes: Array, i: int, j: int) -> None:
    keys[i], keys[j] = keys[j], keys[i]
    codes[i], codes[j] = codes[j], codes[i]


@compiled
def _sift_down(keys: Array, codes: Array, root: int, n: int) -> None:
    while True:
        largest = root
        for child in range(2 * root + 1, min(2 * root + 3, n)):
            if keys[child] > keys[largest]:
                largest = child
        if largest == root:
            return
        _swap(keys, codes, root, largest)
        root = largest


@compiled
def _heapsort(keys: Array, codes: Array) -> None:
    for root in range((keys.size - 2) // 2, -1, -1):
        _sift_down(keys, codes, root, keys.size)
    for last in range(keys.size - 1, 0, -1):
        _swap(keys, codes, 0, last)
        _sift_down(keys, codes, 0, last)


@compiled
def sort_codes(keys: Array, codes: Array) -> None:
    """Sort both by `keys`, float32, in place, with the moves of the official sort, which settle equal keys.

    Introsort: the pivot is the median of the first, middle and last key, parts are smaller | equal | larger; after
    2 log2(n) rounds, heapsort. Equal keys are common (small categories), and in order B they may fall to either half:
    with other moves trees are as good, but not the official ones.
    """
    tasks = np.empty((keys.size + 2, 3), np.int64)
    tasks[0, 0], tasks[0, 1], tasks[0, 2] = 0, keys.size, 2 * int(np.log2(max(keys.size, 1)))
    waiting = 1
    while waiting > 0:
        waiting -= 1
        start, stop, rounds = tasks[waiting, 0], tasks[waiting, 1], tasks[waiting, 2]
        if stop - start < 2:
            continue
        if rounds <= 0:
            _heapsort(keys[start:stop], codes[start:stop])
            continue
        a, b, c = keys[start], keys[start + (stop - start) // 2], keys[stop - 1]
        pivot = max(min(a, b), min(max(a, b), c))
        smaller, larger, i = start, stop, start
        while i < larger:
            if keys[i] < pivot:
                _swap(keys, codes, i, smaller)
                smaller += 1
                i += 1
            elif keys[i] > pivot:
                larger -= 1
                _swap(keys, codes, i, larger)
            else:
                i += 1
        tasks[waiting, 0], tasks[waiting, 1], tasks[waiting, 2] = start, smaller, rounds - 1
        tasks[waiting + 1, 0], tasks[waiting + 1, 1], tasks[waiting + 1, 2] = larger, stop, rounds - 1
        waiting += 2


@compiled
def _sort_by(value: Array, codes: Array, keys: Array) -> None:
    for i in range(codes.size):
        keys[i] = value[codes[i]]
    sort_codes(keys[: codes.size], codes)


@compiled
def _means(counts: Array, first: int, last: int, groups: int, label: Array, group: Array, codes: Array) -> int:
    """Mean label and mean group, float32, of every code 0 .. last-first-1, and the codes that are present; how many."""
    q = 0
    for b in range(first, last):
        m, labels, of_group = 0, 0, 0
        for i in range(counts.shape[1]):
            m += counts[b, i]
            labels += counts[b, i] * (i // groups)
            of_group += counts[b, i] * (i % groups)
        label[b - first], group[b - first] = labels / m, of_group / m
        if m > 0:
            codes[q] = b - first
            q += 1
    return q


@compiled
def nominal_orders(columns: Columns, counts: Array, groups: int, sequence: Array, present: Array) -> None:
    """Order the present codes of every nominal column: present[j] of them, from offset[j] on of sequence, (2, bins).

    sequence[BY_LABEL] (order A) ascends by mean label. sequence[ALTERNATING] (order B): the codes are halved by mean
    group, each half ascends by mean label, and they take turns; the half of the larger mean group begins, and has the
    odd one. Means are rounded to float32.
    """
    label, group = np.empty(counts.shape[0], np.float32), np.empty(counts.shape[0], np.float32)
    keys, codes = np.empty(counts.shape[0], np.float32), np.empty(counts.shape[0], np.int64)
    for j in range(columns.nominal.size):
        if columns.nominal[j]:
            first, last = columns.offset[j], columns.offset[j + 1]
            q = _means(counts, first, last, groups, label, group, codes)
            present[j] = q
            for i in range(q):
                sequence[ALTERNATING, first + i] = codes[i]
            _sort_by(label, codes[:q], keys)
            for i in range(q):
                sequence[BY_LABEL, first + i], codes[i] = codes[i], sequence[ALTERNATING, first + i]
            _sort_by(group, codes[:q], keys)
            half = q // 2
            _sort_by(label, codes[:half], keys)
            _sort_by(label, codes[half:q], keys)
            for i in range(half):
                sequence[ALTERNATING, first + 2 * i + 1] = codes[i]
            for i in range(q - half):
                sequence[ALTERNATING, first + 2 * i] = codes[half + i]
