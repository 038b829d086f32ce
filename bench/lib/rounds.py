"""Rounds in which every variant has its turn, so that what disturbs the machine disturbs all of them."""
from lib.server import checkpoint


def interleave(variants, rounds, before=checkpoint, before_round=lambda: None):
    """variants: name -> function of the round's number, returning what it measured. The order turns with each round.

    One round more is run first and forgotten: caches, plans and files are warm in all that count."""
    names = list(variants)
    found = {name: [] for name in names}
    for number in range(-1, rounds):
        before_round()
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            before()
            value = variants[name](number + 1)
            if number >= 0:
                found[name].append(value)
    return found


def column(values, key):
    return [value[key] for value in values]
