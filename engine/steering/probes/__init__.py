"""Probes on attention heads: what they are, where they are kept, how one is fitted."""
