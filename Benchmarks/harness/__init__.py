"""Measures Apus side by side with other archives. Standard library only; see Documentation/performance.md."""
