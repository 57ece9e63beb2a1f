"""置顶与不显示: for one question a public document goes above the ranking, or stays out of it, until a day."""
