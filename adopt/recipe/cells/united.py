"""Numbers with one unit beside them: `$131.43`, `1.234,56 €`, `25.32%`, `12 kg`."""

from dataclasses import replace

from adopt.data.units import MONEY, PERCENT, SIGNS
from adopt.notes import Note
from adopt.recipe.cells.numbers import guess_money, guess_number
from adopt.recipe.cells.subject import Subject, share
from adopt.recipe.type_guess import TypeGuess

NUMBERS = ("int", "float")


def guess_united(subject: Subject) -> tuple[Subject, TypeGuess] | None:
    """The column without its unit, and the guess for it; None where its cells are no numbers beside one unit."""
    united = subject.column.united
    if united is None:
        return None
    bare = replace(subject, column=united.bare)
    is_money = not {united.prefix, united.suffix}.isdisjoint((*MONEY, *SIGNS))
    found = (guess_money(bare) if is_money else None) or guess_number(bare)
    if found is None or found.type not in NUMBERS:
        return None
    unit, place = (united.prefix, "before") if united.prefix else (united.suffix, "behind")
    said = "; percent stay percent: 25% is 25" if unit in PERCENT[:1] else ""
    keys = {key: value for key, value in found.keys.items() if key != "allowed"}
    keys |= {"prefix": unit} if united.prefix else {"suffix": unit}
    notes = [Note(f'numbers with "{unit}" {place} them{said}'), *found.notes]
    if lacking := bare.known - united.cells:
        notes.append(
            Note(
                f'{share(lacking, bare.known)} have no "{unit}" and are read as they are: do they mean the same?',
                is_question=True,
                choices=('"text"',),
                key=subject.key("type"),
            )
        )
    return bare, TypeGuess(found.type, keys, tuple(notes))
