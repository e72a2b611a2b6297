"""The machines that results were measured on, in a sentence."""

from benchmarks.report.table import Results


def machine(results: Results) -> str:
    """The cores and the processor of each machine."""
    seen = {
        f"{one['machine']['cores']} cores ({one['machine']['processor']})"
        for one in results.values()
    }
    return f"Measured on {'; '.join(sorted(seen))}."
