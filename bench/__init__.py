"""Benchmarks: comparisons with other systems, and the box's own budgets. Nothing imports this."""
