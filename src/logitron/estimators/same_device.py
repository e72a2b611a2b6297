"""Whether X is where a fitted model is."""

from logitron.backend import ArrayContext

__all__ = ["check_same_device"]


def check_same_device(method: str, fitted: ArrayContext, context: ArrayContext) -> None:
    """Raise an error if X is in another library or on another device than a fitted model.

    Parameters
    ----------
    method : str
        Name of the public function or method, for the message.
    fitted, context : ArrayContext
        Of the coefficients, and of X.

    Raises
    ------
    ValueError
    """
    if not fitted.same_device_as(context):
        raise ValueError(
            f"{method}: X must use the same namespace and device as the fitted model, which is on "
            f"{fitted.library.name} ({fitted.device}), while X is on {context.library.name} "
            f"({context.device}). Move the model with "
            f".to({context.library.name!r}, device), or convert X"
        )
