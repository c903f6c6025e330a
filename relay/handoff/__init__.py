"""What the stages agree on, and nothing else.

recipe -> stage run -> dataset + receipt -> the next stage

Stages import from here; nothing here imports a stage. Only what two stages need belongs here.
"""
