"""The life of a person's account: registered, proved, changed, frozen, merged, closed."""
