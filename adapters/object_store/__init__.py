"""Object stores: one module per kind, chosen by STORAGE_BACKEND."""
