"""Open311 GeoReport v2 (开放 311 接口): what other cities' programs speak, over the same verbs and rules."""
