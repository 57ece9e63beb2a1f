"""Seals (印章): the register, who keeps them, and what each of them was pressed on."""
