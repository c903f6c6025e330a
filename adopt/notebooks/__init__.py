"""From notebooks to the functions of a recipe.

`read` gives a `Notebook`, `execute` runs it in fresh kernels (`kernel` is what runs inside them), `flow` says what each
statement reads and writes, `slices` what the results need, `borders` where the stages begin. `records` and `plan` hold
what they hand on.
"""
