"""诉求分类: a tree of three levels whose codes stay for ever; a retired one keeps its name for old tickets."""
