"""演示城市: 澜州市, which exists only here, with its agencies, people and three hundred matters."""
