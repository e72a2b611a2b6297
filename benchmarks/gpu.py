"""The question of the GPU by a short name: ``python -m benchmarks.gpu --quick``."""

from benchmarks.questions.gpu import main

if __name__ == "__main__":
    main()
