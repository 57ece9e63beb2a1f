"""The knowledge base (知识库): what the desk answers from, written by one person and approved by another."""
