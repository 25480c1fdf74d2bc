"""Named worlds. Each module whose name has no leading underscore is one: `load(world, seed, scale)`.

A world follows from seed, scale and the clock alone. Where ON24 shows values late, dates lie at least `_dice.SETTLED`
seconds before the clock's present, so that a loaded world does not change by itself while it is read.
"""
