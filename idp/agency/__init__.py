"""Legal persons and those who act for them (法人与经办人)."""
