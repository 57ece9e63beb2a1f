"""备份与恢复: nothing that was acknowledged is lost with the machine or its disk."""
