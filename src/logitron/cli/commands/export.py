"""``logitron export``: a model for other programs."""

from pathlib import Path

from logitron.cli.options import Json, ModelFile

__all__ = ["export"]


def export(model: ModelFile, output: Path, /, *, json: Json = False) -> int:
    """Convert a model to ONNX, or to the weights of a linear layer of PyTorch.

    An ONNX model of a table has an input for each column, and encodes it. The layer of PyTorch
    takes numbers as they are, and zeros and ones for text.

    Parameters
    ----------
    model
        A .safetensors file of fit, sweep or logitron.save.
    output
        A .onnx file, or a .pt file with the state_dict of a torch.nn.Linear.
    json
        Print the names of inputs and outputs as JSON on stdout.
    """
    from logitron.cli.conversion import to_onnx_file, to_torch_file
    from logitron.cli.outputs import check_output, print_json, say
    from logitron.cli.saved import open_model
    from logitron.cli.tables import working

    check_output("OUTPUT", output, (".onnx", ".pt"))
    saved = open_model(model)
    with working("export"):
        write = to_onnx_file if output.suffix.lower() == ".onnx" else to_torch_file
        names = write(saved, output)
    say(f"{output}: inputs {_shown(names['inputs'])}; outputs {_shown(names['outputs'])}")
    if json:
        print_json(names)
    return 0


def _shown(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f", ... ({len(names)})" if len(names) > 10 else "")
