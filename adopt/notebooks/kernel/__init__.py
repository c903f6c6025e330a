"""What runs inside the notebook's kernel.

These modules import the standard library and each other only, at their top: in the kernel the project is off the
search path again before the notebook's first cell, so that its `import model` finds its own module. numpy, pandas and
matplotlib are looked up in `sys.modules`: tracing never imports what the notebook does not.
"""
