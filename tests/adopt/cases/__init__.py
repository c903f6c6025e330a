"""The test set: files shaped as people have them, each with the draft that its data mean."""

from cases import competitions, courses, europe, machines, oddities, packed, payments, people, systems
from cases.case import Case

MODULES = (europe, courses, competitions, systems, packed, people, payments, machines, oddities)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES)
