"""How portals are shown to those who look after them: words, kinds, differences, hints for developers."""
