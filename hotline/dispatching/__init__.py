"""The catalogue of who handles what (派单目录): precedents of disputes, and the rules that they propose."""
