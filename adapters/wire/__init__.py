"""JSON to domain types and back. The shape of requests, replies and failures is defined only here."""
