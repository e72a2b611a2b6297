"""``logitron show``: what a model file holds."""

from logitron.cli.options import Json, ModelFile

__all__ = ["show"]


def show(model: ModelFile, /, *, top: int = 10, json: Json = False) -> int:
    """Show classes, penalty, certificate and the largest coefficients of a model.

    Parameters
    ----------
    model
        A .safetensors file of fit, sweep or logitron.save.
    top
        Coefficients of each class or target at most.
    json
        Print the same as JSON on stdout.
    """
    from logitron.cli.description import as_lines, describe_model, largest_coefficients
    from logitron.cli.exits import UserError
    from logitron.cli.outputs import print_json
    from logitron.cli.saved import open_model
    from logitron.cli.tables import print_rows, print_table

    if top < 0:
        raise UserError(f"--top must be zero or more, got {top}")
    saved = open_model(model)
    found, largest = describe_model(saved), largest_coefficients(saved, top)
    print_table(str(model), ("", ""), as_lines(found))
    if largest:
        of = " of standardised numbers" if found["standardised"] else ""
        print_rows(f"Largest coefficients{of}", largest)
    if json:
        print_json({**found, "coefficients": largest})
    return 0
