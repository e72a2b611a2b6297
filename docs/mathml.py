"""A Sphinx extension: formulas as MathML, which browsers draw without scripts, fonts or a network.

The converter is that of docutils.
"""


def setup(app):
    from docutils import nodes
    from docutils.utils.math import MathError
    from docutils.utils.math.latex2mathml import tex2mathml
    from sphinx.errors import ExtensionError
    from sphinx.util import logging

    logger = logging.getLogger(__name__)

    def converted(self, node, *, block: bool) -> None:
        try:
            formula = tex2mathml(node.astext(), as_block=block)
        except MathError as error:
            logger.warning("no MathML for %r: %s", node.astext(), error, location=node)
            formula = f"<code>{self.encode(node.astext())}</code>"
        if block:
            self.body.append(f'<div class="math-block">{formula}</div>\n')
        else:
            self.body.append(formula)
        raise nodes.SkipNode

    def inline(self, node) -> None:
        converted(self, node, block=False)

    def display(self, node) -> None:
        if node.get("label"):
            raise ExtensionError("numbered formulas are not supported")
        converted(self, node, block=True)

    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
