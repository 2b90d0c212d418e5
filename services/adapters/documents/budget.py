"""How much of a document is read at one go: a few lines that refer to each other can stand for millions of values."""

from __future__ import annotations

MOST_NODES = 2_000


class Budget:
    """Nodes that may still be visited. `spent`: something was left out because there were no more."""

    def __init__(self, nodes: int = MOST_NODES, *, of: Budget | None = None) -> None:
        self.left = nodes
        self.spent = False
        self._of = of

    def share(self, nodes: int) -> Budget:
        """A budget of at most so many nodes, taken from this one as they are spent."""
        return Budget(nodes, of=self)

    def spend(self, nodes: int = 1) -> bool:
        """Whether the next step may be taken."""
        if self.left < nodes or (self._of is not None and not self._of.spend(nodes)):
            self.left, self.spent = 0, True
            return False
        self.left -= nodes
        return True

    def more(self) -> bool:
        """Whether anything may still be read; asked where something would be."""
        self.spent = self.spent or not self.left
        return bool(self.left)
