"""What the stages agree on, and nothing else.

recipe -> stage run -> dataset + receipt -> the next stage

A stage imports from here; nothing here imports a stage. A thing lives here only when two stages need it.
"""
