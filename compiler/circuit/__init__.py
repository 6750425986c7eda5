"""Unrolled logic in scalar form: SSA with exact ranges, its optimisers and its pipeliner."""
