"""A Sphinx extension: links to the pages of other projects, made without fetching their indices.

A name of another project is linked if it can be imported here, so that no link is to a name that
does not exist.
"""

import inspect
import pydoc

#: the pages of a project's objects, and of its modules
PAGES = {
    "sklearn": (
        "https://scikit-learn.org/stable/modules/generated/{}.html",
        "https://scikit-learn.org/stable/api/{}.html",
    ),
    "numpy": ("https://numpy.org/doc/stable/reference/generated/{}.html", None),
    "scipy": ("https://docs.scipy.org/doc/scipy/reference/generated/{}.html", None),
}
#: labels that scikit-learn's docstrings refer to, in methods that are inherited
LABELS = {
    "metadata_routing": "https://scikit-learn.org/stable/metadata_routing.html",
    "callbacks": "https://scikit-learn.org/stable/modules/callbacks.html",
}


def address(name: str) -> str | None:
    """Return the page of a name, or None if there is none."""
    of_objects, of_modules = PAGES.get(name.partition(".")[0], (None, None))
    found = pydoc.locate(name) if of_objects else None
    if found is None:
        return None
    if inspect.ismodule(found):
        return of_modules.format(name) if of_modules else None
    owner = name.rpartition(".")[0]
    if inspect.isclass(pydoc.locate(owner)):  # a method is on the page of its class
        return f"{of_objects.format(owner)}#{name}"
    return of_objects.format(name)


def setup(app):
    from docutils import nodes

    def link(app, env, node, content):
        target = node.get("reftarget", "")
        if node.get("refdomain") == "std" and node.get("reftype") == "ref":
            found = LABELS.get(target)
        else:
            found = address(target)
        if found is None:
            return None
        return nodes.reference("", "", content, internal=False, refuri=found)

    app.connect("missing-reference", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
