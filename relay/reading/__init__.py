"""From cells to typed values: one meaning of missing words, true and false, numbers and moments.

A cell that can be read in two ways is refused with both readings and the key of the recipe that decides.
"""
