"""导出: a filtered list as CSV or XLSX; with personal data in it only after a second person has said yes."""
