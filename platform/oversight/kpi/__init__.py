"""KPI (指标): definitions as data, one engine, every figure opens its rows."""
