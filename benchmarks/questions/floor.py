"""The least time of an exact fit on this machine: its rates, and the floor of every problem.

The rates are those of memory and of matrix products in NumPy. The floor of a problem is defined in
`benchmarks.judge.rates`. Nothing is stored; the results of exact fits contain both.

``python -m benchmarks.questions.floor`` measures and prints the table; ``--problems`` chooses.
"""

from benchmarks.data.problem import Problem
from benchmarks.data.problems import chosen
from benchmarks.judge.rates import floor, rates
from benchmarks.options import parser_of

#: The problems that are shown unless others are named: tall, wide, softmax.
DEFAULT = ("C", "D@1", "F2", "K10")


def table(problems: list[Problem], found: dict[str, float]) -> str:
    """The rates, and the floor of each problem that can be loaded, in 80 columns."""
    lines = [f"{found['read'] / 1e9:.1f} GB/s read, {found['gram'] / 1e9:.1f} Gflop/s multiplied"]
    lines.append(f"{'seconds of the floor':60}{'rows':>8}{'p':>6}")
    for problem in problems:
        if problem.missing() is None:
            n, p = problem.data.load()[0].shape
            lines.append(f"{problem.title[:50]:50}{floor((n, p), found):>10.2g}{n:>8}{p:>6}")
    return "\n".join(lines)


def main() -> None:
    parser = parser_of("floor", __doc__, stored=False)
    parser.add_argument("--problems", nargs="+", default=list(DEFAULT), help="names or groups")
    options = parser.parse_args()
    print(table(chosen(options.problems), rates()))


if __name__ == "__main__":
    main()
