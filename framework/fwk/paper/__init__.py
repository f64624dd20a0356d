"""The paper's experiments and claims: from configs to pages beside its statements, and to verdicts with numbers."""

from fwk.paper.parts import CONFIGS, RESULTS, Layout, Order, lay_out, wanted
from fwk.paper.reproduce import reproduce, write_claims

__all__ = ["CONFIGS", "RESULTS", "Layout", "Order", "lay_out", "reproduce", "wanted", "write_claims"]
