"""The text about every question but exact fits, in Markdown."""

from benchmarks.report.machines import machine
from benchmarks.report.table import Results, seconds


def growth(results: Results) -> str:
    """Slopes of the log-log lines."""
    lines = ["| growing | contender | sizes | seconds | slope |", "|---|---|---|---|---|"]
    for one in results.values():
        for number, (who, row_) in enumerate(one["seconds"].items()):
            cells = " / ".join("-" if t is None else f"{t:.3g}" for t in row_)
            sizes = "" if number else " / ".join(map(str, one["sizes"]))
            slope = one["slopes"][who]
            lines.append(
                f"| {'' if number else one['title']} | {who} | {sizes} | {cells} "
                f"| {'-' if slope is None else format(slope, '.2f')} |"
            )
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def backends(results: Results) -> str:
    """The same fit on every array library."""
    lines = [
        "| problem | library | first fit | later fits | difference of coefficients |",
        "|---|---|---|---|---|",
    ]
    for title, one in results.items():
        for number, (name, row_) in enumerate(one["libraries"].items()):
            lines.append(
                f"| {'' if number else title} | {name} | {row_['first']:.3g} "
                f"| {row_['seconds']:.3g} | {row_['difference']:.0e} |"
            )
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def overhead(results: Results) -> str:
    """Milliseconds of tiny fits."""
    lines = [f"| milliseconds | {' | '.join(results)} |", "|---" * (len(results) + 1) + "|"]
    for what in ("fit", "predict_proba of a row"):
        for who in next(iter(results.values()))[what]:
            cells = " | ".join(f"{1e3 * one[what][who]:.2f}" for one in results.values())
            lines.append(f"| {what}: {who} | {cells} |")
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def memory(results: Results) -> str:
    """Peaks of memory beyond the features."""
    titles = [one["title"] for one in results.values()]
    lines = [f"| MiB | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    sizes = " | ".join(f"{one['features_mib']:.0f}" for one in results.values())
    lines.append(f"| the features themselves | {sizes} |")
    for who in sorted({who for one in results.values() for who in one["peak_mib"]}):
        cells = (one["peak_mib"].get(who) for one in results.values())
        shown = " | ".join("-" if mib is None else f"{mib:.0f}" for mib in cells)
        lines.append(f"| {who} | {shown} |")
    return "\n".join(lines) + f"\n\n{machine(results)}\n"


def precision(results: Results) -> str:
    """Errors of coefficients, by how features are stored and computed with."""
    lines = ["| problem | stored | computed | of stored | of original | bound |", "|---" * 6 + "|"]
    for title, one in results.items():
        for number, row_ in enumerate(one["rows"]):
            errors = (row_[key] for key in ("of_stored", "of_original", "suboptimality"))
            lines.append(
                f"| {'' if number else title} | {row_['stored']} | {row_['computed']} "
                f"| {' | '.join(f'{value:.0e}' for value in errors)} |"
            )
    return "\n".join(lines) + "\n"


def gpu(results: Results) -> str:
    """Seconds on a GPU, and the share of it that is used."""
    if not results:
        return "Nothing has been measured on a GPU yet.\n"
    lines = ["| problem | contender | to 1e-4 | to 1e-6 | bandwidth | products |", "|---" * 6 + "|"]
    for one in results.values():
        for number, (who, row_) in enumerate(one["contenders"].items()):
            times = (seconds(row_["seconds"][gap], one["limit"]) for gap in ("0.0001", "1e-06"))
            share = row_.get("share")
            used = f"{share['bandwidth']:.0%} | {share['products']:.0%}" if share else " | "
            title = "" if number else one["title"]
            lines.append(f"| {title} | {who} | {' | '.join(times)} | {used} |")
    devices = sorted({one["machine"]["device"] for one in results.values()})
    return "\n".join(lines) + f"\n\nMeasured on {', '.join(devices)}.\n"


def gpu_history(results: Results) -> str:
    """Seconds of a second fit at the default tolerance, in each measurement on a GPU."""
    measurements, libraries = results["measurements"], ("torch", "cupy", "jax")
    columns = [(when, library) for when in measurements for library in libraries]
    head = " | ".join(f"{when}: {library}" for when, library in columns)
    lines = [f"| problem, float32 | {head} |", "|---" * (len(columns) + 1) + "|"]
    for title, one in results.items():
        if title != "measurements":
            found = (one.get(when, {}).get(library) for when, library in columns)
            cells = " | ".join("-" if t is None else f"{t:.3g}" for t in found)
            lines.append(f"| {title} | {cells} |")
    notes = "; ".join(f"{when}: {about}" for when, about in measurements.items())
    return "\n".join(lines) + f"\n\nMeasurements: {notes}.\n"


def many(results: Results) -> str:
    """Many fits over one X: every way to do them, fastest first."""
    lines = [
        "| problem | | seconds | largest gap | times faster |",
        "|---|---|---|---|---|",
    ]
    for result in results.values():
        ways = result["ways"]
        ours = ways["logitron"]["seconds"]
        order = sorted(ways, key=lambda name: (name != "logitron", ways[name]["seconds"]))
        for name in order:
            one = ways[name]
            part = "" if one["fitted"] == one["columns"] else f" ({one['fitted']} timed)"
            title = result["title"] if name == "logitron" else ""
            faster = "" if name == "logitron" else f"{one['seconds'] / ours:.1f}x"
            lines.append(
                f"| {title} | {name}{part} | {one['seconds']:.3g} | {one['gap']:.0e} | {faster} |"
            )
    return (
        "\n".join(lines)
        + "\n\nThe gap is that of the worst fit, relative to its optimum. Loops of which a part "
        "was timed are extrapolated. Everybody in the best thread setting. "
        f"{machine(results)}\n"
    )


def original(result: Results) -> str:
    """The script of the tutorial, and the same neuron in logitron."""
    seconds, epochs, machine = result["seconds"], result["epochs"], result["machine"]
    missed = ", ".join(map(str, result["missed_rows"]))
    return (
        "| | epochs | seconds |\n|---|---|---|\n"
        f"| the tutorial's script, row by row | {epochs['script']} | {seconds['script']:.2f} |\n"
        f"| logitron on NumPy | {epochs['logitron']} | {seconds['logitron']:.2f} |\n\n"
        f"The same neuron {result['times_faster']:.0f} times faster: a final summed loss of "
        f"{result['final_loss']:.5f}, and rows {missed} of {result['held_out_rows']} held-out "
        f"digits missed by both. Measured in one run on {machine['cores']} cores "
        f"({machine['processor']}), Python {machine['python']}, NumPy {machine['numpy']}.\n"
    )
