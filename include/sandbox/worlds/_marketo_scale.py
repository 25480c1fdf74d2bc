def fill(m,seed,scale): pass
