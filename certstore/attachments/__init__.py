"""Files that an authority keeps with a licence: plans, lists, photographs (附件)."""
