"""The stores' own variables: one module for each store."""
