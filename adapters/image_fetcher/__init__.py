"""Input pictures: fetched or inline, sniffed, decoded, upright, RGB."""
