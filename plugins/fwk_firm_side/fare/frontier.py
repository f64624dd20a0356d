"""The nodes that wait to be split, largest gain first."""

from __future__ import annotations


class Frontier:
    """A binary max-heap of (gain, node) with the moves of the C++ standard library, as in the official code.

    Only the order of equal gains depends on these moves. They matter where gains of exactly zero compete for the last
    leaves, and they number the leaves.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, gain: float, node: int) -> None:
        """Let a node wait."""
        self._heap.append((gain, node))
        self._rise(len(self._heap) - 1, (gain, node))

    def pop(self) -> int:
        """The node of the largest gain, which waits no longer."""
        _, node = self._heap[0]
        last = self._heap.pop()
        if self._heap:
            self._rise(self._sink(), last)
        return node

    def _sink(self) -> int:
        """Move the larger child up, from the root to a place at the bottom that gets free; that place."""
        heap, hole = self._heap, 0
        while 2 * hole + 2 < len(heap):
            child = 2 * hole + 2
            if heap[child][0] < heap[child - 1][0]:
                child -= 1
            heap[hole], hole = heap[child], child
        if 2 * hole + 2 == len(heap):
            heap[hole], hole = heap[2 * hole + 1], 2 * hole + 1
        return hole

    def _rise(self, hole: int, entry: tuple[float, int]) -> None:
        """Put an entry in a free place, below parents that are no smaller."""
        heap = self._heap
        while hole > 0 and heap[(hole - 1) // 2][0] < entry[0]:
            heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
        heap[hole] = entry
