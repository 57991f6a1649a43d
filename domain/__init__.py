"""The rules of LTX-2 video generation: values, geometry, recipes, errors. Standard library and attrs only."""
