"""Standing flags of a caller (标注): 重点关照 or 恶意扰乱, by a numbered decision, for a time, by two people."""
