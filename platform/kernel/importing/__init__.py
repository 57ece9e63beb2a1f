"""导入导出: tables from outside, row by row, with a reason for each that isn't taken."""
