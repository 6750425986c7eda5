"""Model in, plan out: integers only, no hardware."""
